/**
 * What is wrong with a client that somebody wants to register, in words for who registers it.
 * https://www.rfc-editor.org/rfc/rfc7591#section-2, https://www.rfc-editor.org/rfc/rfc9700
 */
import { keySetProblem } from './client-keys.ts';
import { resourceScopes, unknownScopes } from './scopes.ts';

type Jwk = Readonly<Record<string, unknown>>;

export const authMethods = [
  'none',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
] as const;
export type AuthMethod = (typeof authMethods)[number];

/** Algorithms of a client's assertions: SMART asks for RS384 and ES384, FAPI for PS256 and ES256. */
export const signingAlgorithms = ['RS384', 'ES384', 'RS256', 'ES256', 'PS256', 'PS384'] as const;
export type SigningAlgorithm = (typeof signingAlgorithms)[number];

/** How the subject of a certificate may be registered: one of them. https://www.rfc-editor.org/rfc/rfc8705#section-2.1.2 */
export const tlsSubjectMembers = [
  'tls_client_auth_subject_dn',
  'tls_client_auth_san_dns',
  'tls_client_auth_san_uri',
  'tls_client_auth_san_ip',
  'tls_client_auth_san_email',
] as const;
export type TlsSubject = Readonly<Partial<Record<(typeof tlsSubjectMembers)[number], string>>>;

export interface NewClient {
  readonly name: string;
  /** `backend` has its own key and no person behind it; `public` keeps no secret (an app in a browser or a phone). */
  readonly kind: 'public' | 'confidential' | 'backend';
  /** The most that it may be granted, for instance `system/*.cruds` or `openid fhirUser offline_access user/*.rs`. */
  readonly scope: string;
  readonly jwks?: { readonly keys: readonly Jwk[] } | undefined;
  readonly jwksUri?: string | undefined;
  readonly redirectUris?: readonly string[] | undefined;
  readonly postLogoutRedirectUris?: readonly string[] | undefined;
  readonly launchUrl?: string | undefined;
  /** Absent: `none` for a public client, its keys where it has some, else a secret. */
  readonly authMethod?: AuthMethod | undefined;
  /** Absent: any of `signingAlgorithms`. */
  readonly signingAlg?: SigningAlgorithm | undefined;
  readonly tlsSubject?: TlsSubject | undefined;
  /** Its tokens are bound to a key of its own. https://www.rfc-editor.org/rfc/rfc9449 */
  readonly dpop?: boolean | undefined;
  /** Its tokens are bound to its TLS certificate. https://www.rfc-editor.org/rfc/rfc8705#section-3 */
  readonly mtls?: boolean | undefined;
  /** Its authorization requests are pushed. https://www.rfc-editor.org/rfc/rfc9126 */
  readonly par?: boolean | undefined;
  /** FAPI 2.0: pushed requests, bound tokens, no secret. https://openid.net/specs/fapi-security-profile-2_0-final.html */
  readonly fapi?: boolean | undefined;
  /** What it says of itself for people, by the names of RFC 7591: `client_uri`, `contacts` ... */
  readonly about?: Readonly<Record<string, unknown>> | undefined;
}

const mostUris = 50;
const longestUri = 2000;
const longestName = 200;
const longestScope = 8192;

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

function redirectProblem(text: string): string | undefined {
  const shown = text.slice(0, 200);
  const url = URL.parse(text);
  if (!url) return `${shown} is not an absolute URL.`;
  if (text.length > longestUri) return `${shown}... has more than ${longestUri} characters.`;
  if (text.includes('#')) return `${shown} has a fragment.`;
  if (text.includes('*')) return `${shown} has a wildcard: addresses are compared letter by letter.`;
  if (url.username !== '' || url.password !== '') return `${shown} has a user name or password.`;
  if (/^(javascript|vbscript|data|blob|file|about):$/.test(url.protocol)) return `${shown} runs or reads something.`;
  if (url.protocol === 'http:' && !loopback.has(url.hostname)) return `${shown} is neither https nor on this machine.`;
  return undefined;
}

function redirectsProblem(client: NewClient): string | undefined {
  const uris = [...(client.redirectUris ?? []), ...(client.postLogoutRedirectUris ?? [])];
  if (uris.length > mostUris) return `A client has at most ${mostUris} addresses.`;
  return uris.map(redirectProblem).find((each) => each !== undefined);
}

/** Apart from the others, because RFC 7591 has a code of its own for it. */
export function redirectUrisProblem(client: NewClient): string | undefined {
  const { kind, redirectUris = [] } = client;
  if (kind === 'backend' && redirectUris.length > 0) return 'A backend has no redirect URI.';
  if (kind !== 'backend' && redirectUris.length === 0) return `A ${kind} client needs a redirect URI.`;
  return redirectsProblem(client);
}

function urlProblem(name: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  const isWeb = url?.protocol === 'https:' || (url?.protocol === 'http:' && loopback.has(url.hostname));
  return isWeb && text.length <= longestUri ? undefined : `${text.slice(0, 200)} is not a URL with https (${name}).`;
}

function keysProblem({ jwks, jwksUri }: NewClient): string | undefined {
  if (jwks && jwksUri) return 'A client has either a JWKS or its URL.';
  if (jwksUri !== undefined) {
    const url = URL.parse(jwksUri);
    if (url?.username || url?.password) return 'The URL of a JWKS has no user name and no password.';
    if (url?.protocol !== 'https:' && !loopback.has(url?.hostname ?? '')) return `${jwksUri} is not an https URL.`;
    return urlProblem('JWKS', jwksUri);
  }
  return jwks && keySetProblem(jwks);
}

function scopeProblem({ scope, kind }: NewClient): string | undefined {
  if (scope.length > longestScope) return `The scope has more than ${longestScope} characters.`;
  const [unknown] = unknownScopes(scope);
  if (unknown !== undefined) return `${JSON.stringify(unknown)} is not a scope of this server.`;
  const isBackend = kind === 'backend';
  const wrong = resourceScopes(scope).find(({ level }) => (level === 'system') !== isBackend);
  if (!wrong) return undefined;
  return isBackend ? `${wrong.text} is for persons; a backend has system/ scopes.` : `${wrong.text} is for backends.`;
}

/** How the client proves itself. */
export function authMethodOf({ kind, authMethod, jwks, jwksUri }: NewClient): AuthMethod {
  if (authMethod) return authMethod;
  if (kind === 'public') return 'none';
  return kind === 'backend' || jwks || jwksUri ? 'private_key_jwt' : 'client_secret_basic';
}

function keyedMethodProblem(client: NewClient): string | undefined {
  const hasKeys = client.jwks !== undefined || client.jwksUri !== undefined;
  const method = authMethodOf(client);
  if (client.kind === 'backend' && !hasKeys && method !== 'tls_client_auth')
    return 'A backend needs a JWKS or its URL.';
  if (client.kind === 'public' && hasKeys) return 'A public client has no keys.';
  const needsKeys = method === 'private_key_jwt' || method === 'self_signed_tls_client_auth';
  if (needsKeys && !hasKeys) return `A client with ${method} needs a JWKS or its URL.`;
  if (method !== 'self_signed_tls_client_auth' || !client.jwks) return undefined;
  const hasCertificate = client.jwks.keys.some(({ x5c }) => Array.isArray(x5c) && typeof x5c[0] === 'string');
  return hasCertificate
    ? undefined
    : 'A client with self_signed_tls_client_auth needs a key with its certificate (x5c).';
}

function methodProblem(client: NewClient): string | undefined {
  const method = authMethodOf(client);
  const isSecret = method.startsWith('client_secret');
  if ((client.kind === 'public') !== (method === 'none')) return `A ${client.kind} client cannot have ${method}.`;
  if (client.kind === 'backend' && isSecret) return 'A backend proves itself with a key, never with a secret.';
  if (client.signingAlg && method !== 'private_key_jwt') return 'Only a client with private_key_jwt signs.';
  const subjects = Object.values(client.tlsSubject ?? {}).filter((value) => value !== '');
  if (method === 'tls_client_auth' && subjects.length !== 1) {
    return `A client with tls_client_auth needs one of ${tlsSubjectMembers.join(', ')}.`;
  }
  if (method !== 'tls_client_auth' && subjects.length > 0) return 'Only a client with tls_client_auth has a subject.';
  return keyedMethodProblem(client);
}

function profileProblem(client: NewClient): string | undefined {
  if (client.dpop && client.mtls) return 'Tokens are bound to a key (DPoP) or to a certificate (mTLS), not to both.';
  if (client.par && client.kind === 'backend') return 'A backend has no authorization requests to push.';
  if (!client.fapi) return undefined;
  const method = authMethodOf(client);
  if (method === 'none' || method.startsWith('client_secret')) return 'FAPI 2.0 needs private_key_jwt or mTLS.';
  if (!client.dpop && !client.mtls) return 'FAPI 2.0 needs tokens bound by DPoP or mTLS.';
  const weak = ['RS256', 'RS384'].includes(client.signingAlg ?? '');
  return weak ? 'FAPI 2.0 allows PS256 and ES256 and what is stronger, no RSASSA-PKCS1-v1_5.' : undefined;
}

/** The first thing that is wrong with a client, redirect URIs apart. */
export function clientProblem(client: NewClient): string | undefined {
  const name = client.name.trim();
  return (
    (name === '' ? 'A client needs a name.' : undefined) ??
    (name.length > longestName ? `A name has at most ${longestName} characters.` : undefined) ??
    (/\p{C}/u.test(name) ? 'A name has no control characters.' : undefined) ??
    methodProblem(client) ??
    scopeProblem(client) ??
    keysProblem(client) ??
    profileProblem(client) ??
    (client.launchUrl !== undefined && !URL.parse(client.launchUrl)
      ? `${client.launchUrl} is not a URL.`
      : undefined) ??
    urlProblem('launch', client.launchUrl)
  );
}
