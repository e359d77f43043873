/**
 * From an Authorization header to an Access.
 * https://www.rfc-editor.org/rfc/rfc6750
 */
import type { Access, Caller } from '../fhir/access.ts';
import { FhirError } from '../shared/errors.ts';
import { type Bearer, findBearer } from '../store/oidc/find-bearer.ts';
import type { Database } from '../store/store.ts';
import { accessOf } from './access.ts';
import { personAgent } from './agents.ts';
import type { Extract } from './restriction.ts';

export interface Credentials {
  /** The Authorization header as it came. */
  readonly authorization: string | undefined;
  /** The peer's network address. */
  readonly address?: string | undefined;
  readonly requestId?: string | undefined;
}

/** RFC 6750, b64token; no token of ours is longer. */
const bearer = /^Bearer +([A-Za-z0-9\-._~+/]{1,4096}=*)$/i;

function tokenOf(authorization: string | undefined): string {
  if (authorization === undefined || authorization.trim() === '') {
    throw new FhirError('unauthenticated', 'This needs an access token: Authorization: Bearer TOKEN.');
  }
  const token = bearer.exec(authorization.trim())?.[1];
  if (token === undefined) {
    throw new FhirError('unauthenticated', 'The Authorization header is not of the form Bearer TOKEN.');
  }
  return token;
}

function callerOf({ user, clientName }: Bearer, { address, requestId }: Credentials): Caller {
  return {
    client: { name: clientName },
    ...(user
      ? {
          userId: user.id,
          role: user.role,
          practitioner: `Practitioner/${user.practitionerId}`,
          user: personAgent(user),
        }
      : {}),
    ...(address === undefined ? {} : { address }),
    ...(requestId === undefined ? {} : { requestId }),
  };
}

/**
 * Judges the bearer of a token by the database, each time, so that a revoked token, a suspended person or a removed client
 * is refused from the next request on. Throws FhirError `unauthenticated`, with the same words for every token that is
 * not good.
 */
export async function authenticate(
  { db, base, extract }: { readonly db: Database; readonly base: string; readonly extract: Extract },
  credentials: Credentials,
): Promise<Access> {
  const found = await findBearer(db, tokenOf(credentials.authorization));
  if (!found || found.audience !== base) {
    throw new FhirError('unauthenticated', 'The access token is not known here, has expired or was revoked.');
  }
  return accessOf(callerOf(found, credentials), found.scope ?? '', extract);
}
