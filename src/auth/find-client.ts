/** Finds a client for oidc-provider, with its keys where the request is going to need them. */
import { decodeProtectedHeader } from 'jose';
import { type AdapterPayload, errors, Provider } from 'oidc-provider';
import type { KeySet } from '../store/oidc/client-jwks.ts';
import { type ClientRow, findClientRow } from '../store/oidc/clients.ts';
import type { Database } from '../store/store.ts';
import type { KeySets } from './client-jwks.ts';
import { metadataOf } from './client-metadata.ts';
import { methodOf } from './client-view.ts';

/** `invalid_client`, with a description that helps who set the client up. */
function refused(description: string, detail?: string): errors.InvalidClientAuth {
  return Object.assign(new errors.InvalidClientAuth(detail ?? description), { error_description: description });
}

const provingRoutes: ReadonlySet<string> = new Set([
  'token',
  'introspection',
  'revocation',
  'pushed_authorization_request',
]);

/** The key id of the assertion that the present request brings; null when the request needs no keys of clients. */
function neededKey(row: ClientRow): { readonly kid?: string } | null {
  const { oidc } = Provider.ctx ?? {};
  if (!oidc?.route || !provingRoutes.has(oidc.route)) return null;
  if (methodOf(row) === 'self_signed_tls_client_auth') return {};
  const assertion = oidc.params?.['client_assertion'];
  if (typeof assertion !== 'string') return null;
  try {
    const { kid } = decodeProtectedHeader(assertion);
    return typeof kid === 'string' ? { kid } : null;
  } catch {
    return null;
  }
}

async function fetchedKeys(row: ClientRow, sets: KeySets): Promise<KeySet | undefined> {
  const needed = row.jwksUri === null ? null : neededKey(row);
  if (row.jwksUri === null || needed === null) return undefined;
  try {
    return await sets.keysFor(row.jwksUri, needed.kid);
  } catch (error) {
    // What stands behind the URL, inside the hospital perhaps, is for the log and the administrator alone.
    throw refused('the keys of this client cannot be had from its JWKS URL', (error as Error).message);
  }
}

/** Undefined for one that is unknown or disabled. Throws `invalid_client` for one that waits or whose keys are not to be had. */
export async function findProviderClient(
  db: Database,
  sets: KeySets,
  clientId: string,
): Promise<AdapterPayload | undefined> {
  const row = await findClientRow(db, clientId);
  if (!row || row.disabledAt !== null) return undefined;
  if (row.approvedAt === null) throw refused('this client is registered, but no administrator has approved it yet');
  return metadataOf(row, await fetchedKeys(row, sets));
}
