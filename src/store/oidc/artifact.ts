/** A stored piece of OAuth state: session, interaction, grant, code, token. Its id is kept as a SHA-256 only. */
import { createHash } from 'node:crypto';

export type Payload = Readonly<Record<string, unknown>>;

/** What the database has instead of an id, because most ids are bearer values. */
export function idHash(id: string): string {
  return createHash('sha256').update(id).digest('base64url');
}

/** Found again by another key than the id, so the id has to stay in the payload. */
const keepsId: ReadonlySet<string> = new Set(['Session', 'DeviceCode']);

/** The payload as it is stored: without its id, which would be the bearer value in the clear. */
export function storedPayload(model: string, payload: Payload): Payload {
  if (keepsId.has(model)) return payload;
  const { jti, ...rest } = payload;
  return rest;
}
