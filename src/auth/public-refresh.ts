/**
 * SMART's refresh request has no `client_id`, and the library that most apps use sends none; OAuth's has one. So it is put
 * in for a public client, whose id is no secret and whose refresh token tells it.
 * https://hl7.org/fhir/smart-app-launch/app-launch.html#refresh-access-token
 */
import { Readable } from 'node:stream';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { findRefreshingClient } from '../store/oidc/refreshing-client.ts';
import type { Database } from '../store/store.ts';

/** What the library takes of a form; longer ones are left for it to refuse. */
const longest = 56 * 1024;

async function bytesOf({ req }: KoaContextWithOIDC): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Lets what was read be read again, for the library insists on reading for itself. */
function putBack({ req }: KoaContextWithOIDC, bytes: Buffer): void {
  const again = Readable.from([bytes], { objectMode: false });
  req.headers['content-length'] = String(bytes.length);
  Object.defineProperties(req, {
    readable: { value: true, configurable: true },
    iterator: { value: again.iterator.bind(again), configurable: true },
  });
}

async function completed(form: URLSearchParams, db: Database): Promise<URLSearchParams> {
  const token = form.get('refresh_token');
  const isNamed = form.has('client_id') || form.has('client_assertion');
  if (form.get('grant_type') !== 'refresh_token' || !token || isNamed) return form;
  const clientId = await findRefreshingClient(db, token);
  if (clientId !== undefined) form.set('client_id', clientId);
  return form;
}

/** To be called before the library reads a request to its token endpoint; does nothing for any other. */
export async function nameRefreshingClient(ctx: KoaContextWithOIDC, db: Database): Promise<void> {
  if (ctx.path !== '/token' || ctx.method !== 'POST' || ctx.get('authorization') !== '') return;
  const length = Number(ctx.get('content-length') || Number.NaN);
  if (!ctx.is('application/x-www-form-urlencoded') || !(length <= longest)) return;
  const bytes = await bytesOf(ctx);
  const text = bytes.toString('utf8');
  const form = new URLSearchParams(text);
  const before = form.size;
  const after = await completed(form, db);
  putBack(ctx, after.size === before ? bytes : Buffer.from(String(after)));
}
