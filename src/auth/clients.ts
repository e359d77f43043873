/** Registration of the applications and systems that may ask for tokens. */
import { createHash, randomBytes } from 'node:crypto';
import { FhirError } from '../shared/errors.ts';
import { newId } from '../shared/id.ts';
import { disableClient, insertClient, type StoredClient } from '../store/oidc/clients.ts';
import { removeByClient } from '../store/oidc/remove-artifacts.ts';
import type { Store } from '../store/store.ts';
import { resourceScopes, unknownScopes } from './scopes.ts';

type Jwk = Readonly<Record<string, unknown>>;

export interface NewClient {
  readonly name: string;
  /** `backend` has its own key and no person behind it; `public` keeps no secret (an app in a browser or a phone). */
  readonly kind: 'public' | 'confidential' | 'backend';
  /** The most that it may be granted, for instance `system/*.cruds` or `openid fhirUser offline_access user/*.rs`. */
  readonly scope: string;
  readonly jwks?: { readonly keys: readonly Jwk[] };
  readonly jwksUri?: string;
  readonly redirectUris?: readonly string[];
  readonly postLogoutRedirectUris?: readonly string[];
  readonly launchUrl?: string;
}

export interface RegisteredClient {
  readonly clientId: string;
  /** Only of a confidential client without keys, and only now: the database has its hash. */
  readonly clientSecret?: string;
}

/** 256 bits, of characters that need no encoding in a Basic header: some clients do not encode there. */
const secretBytes = 32;

export function secretHash(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

function redirectProblem(text: string): string | undefined {
  const url = URL.parse(text);
  if (!url) return `${text} is not an absolute URL.`;
  if (text.includes('#')) return `${text} has a fragment.`;
  if (/^(javascript|vbscript|data|blob|file|about):$/.test(url.protocol)) return `${text} runs or reads something.`;
  if (url.protocol === 'http:' && !loopback.has(url.hostname)) return `${text} is neither https nor on this machine.`;
  return undefined;
}

function keyProblem(key: Jwk): string | undefined {
  const name = `Key ${JSON.stringify(key['kid'] ?? '')}`;
  if (typeof key['kid'] !== 'string' || key['kid'] === '') return 'Every key of the JWKS needs a kid.';
  if (key['kty'] !== 'RSA' && key['kty'] !== 'EC') return `${name} is neither RSA nor EC.`;
  const secret = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'].find((member) => member in key);
  return secret && `${name} has the private member ${secret}: register the public half only.`;
}

function keysProblem({ jwks, jwksUri }: NewClient): string | undefined {
  if (jwks && jwksUri) return 'A client has either a JWKS or its URL.';
  if (jwksUri && URL.parse(jwksUri)?.protocol !== 'https:' && !loopback.has(URL.parse(jwksUri)?.hostname ?? '')) {
    return `${jwksUri} is not an https URL.`;
  }
  if (!jwks) return undefined;
  if (!Array.isArray(jwks.keys) || jwks.keys.length === 0) return 'The JWKS has no keys.';
  return jwks.keys.map(keyProblem).find((problem) => problem !== undefined);
}

function scopeProblem({ scope, kind }: NewClient): string | undefined {
  const [unknown] = unknownScopes(scope);
  if (unknown !== undefined) return `${JSON.stringify(unknown)} is not a scope of this server.`;
  const isBackend = kind === 'backend';
  const wrong = resourceScopes(scope).find(({ level }) => (level === 'system') !== isBackend);
  if (!wrong) return undefined;
  return isBackend ? `${wrong.text} is for persons; a backend has system/ scopes.` : `${wrong.text} is for backends.`;
}

function kindProblem({ kind, jwks, jwksUri, redirectUris = [] }: NewClient): string | undefined {
  const hasKeys = jwks !== undefined || jwksUri !== undefined;
  if (kind === 'backend' && !hasKeys) return 'A backend needs a JWKS or its URL.';
  if (kind === 'backend' && redirectUris.length > 0) return 'A backend has no redirect URI.';
  if (kind !== 'backend' && redirectUris.length === 0) return `A ${kind} client needs a redirect URI.`;
  return kind === 'public' && hasKeys ? 'A public client has no keys.' : undefined;
}

/** Throws FhirError `invalid` that says what is wrong with a registration. */
function check(client: NewClient): void {
  const uris = [...(client.redirectUris ?? []), ...(client.postLogoutRedirectUris ?? [])];
  const problem =
    (client.name.trim() === '' ? 'A client needs a name.' : undefined) ??
    kindProblem(client) ??
    scopeProblem(client) ??
    keysProblem(client) ??
    uris.map(redirectProblem).find((each) => each !== undefined) ??
    (client.launchUrl && !URL.parse(client.launchUrl) ? `${client.launchUrl} is not a URL.` : undefined);
  if (problem) throw new FhirError('invalid', problem);
}

function stored(client: NewClient, clientId: string, secret: string | undefined): StoredClient {
  return {
    clientId,
    name: client.name.trim(),
    kind: client.kind,
    secretHash: secret === undefined ? null : secretHash(secret),
    jwks: client.jwks ?? null,
    jwksUri: client.jwksUri ?? null,
    redirectUris: client.redirectUris ?? [],
    postLogoutRedirectUris: client.postLogoutRedirectUris ?? [],
    launchUrl: client.launchUrl ?? null,
    scope: [...new Set(client.scope.split(' ').filter((word) => word !== ''))].join(' '),
  };
}

/** Registers a client; who does so (`actor`) is in the audit trail. Throws FhirError `invalid`. */
export async function addClient(
  store: Store,
  client: NewClient,
  actor = 'livedoc client add',
): Promise<RegisteredClient> {
  const spaced = { ...client, scope: client.scope.trim().replace(/\s+/g, ' ') };
  check(spaced);
  const clientId = newId();
  const needsSecret = client.kind === 'confidential' && !client.jwks && !client.jwksUri;
  const clientSecret = needsSecret ? randomBytes(secretBytes).toString('base64url') : undefined;
  await store.transaction(async (tx) => {
    await insertClient(tx.db, stored(spaced, clientId, clientSecret));
    await tx.audit.append({
      type: 'administration',
      subtype: 'client-add',
      action: 'C',
      outcome: '0',
      recorded: new Date(),
      client: { name: actor },
      entities: [{ detail: { client_id: clientId, name: client.name, kind: client.kind, scope: spaced.scope } }],
      patients: [],
    });
  });
  return clientSecret === undefined ? { clientId } : { clientId, clientSecret };
}

/** Ends the client and all of its tokens. Throws FhirError `notFound`. */
export async function removeClient(store: Store, clientId: string, actor = 'livedoc client remove'): Promise<void> {
  await store.transaction(async (tx) => {
    if (!(await disableClient(tx.db, clientId))) throw new FhirError('notFound', `There is no client ${clientId}.`);
    await removeByClient(tx.db, clientId);
    await tx.audit.append({
      type: 'administration',
      subtype: 'client-remove',
      action: 'D',
      outcome: '0',
      recorded: new Date(),
      client: { name: actor },
      entities: [{ detail: { client_id: clientId } }],
      patients: [],
    });
  });
}
