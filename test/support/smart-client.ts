/** SMART clients by hand: authorization requests, token requests, assertions. */
import { createHash, randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { Browser, type Page } from './browser.ts';
import { medecin, password } from './oidc-app.ts';

export const redirectUri = 'http://localhost:9/callback';

export function pkce(): { verifier: string; challenge: string } {
  const verifier = randomBytes(48).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

export interface Authorization {
  readonly origin: string;
  readonly clientId: string;
  readonly scope: string;
  readonly verifier?: string;
  /** Further or other parameters; an empty one is left out. */
  readonly changes?: Readonly<Record<string, string>>;
}

export function authorizationUrl({
  origin,
  clientId,
  scope,
  verifier = 'x'.repeat(50),
  changes = {},
}: Authorization): URL {
  const url = new URL('/oidc/auth', origin);
  const parameters = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope,
    state: 'the-state',
    aud: `${origin}/fhir`,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...changes,
  };
  for (const [name, value] of Object.entries(parameters)) if (value !== '') url.searchParams.set(name, value);
  return url;
}

/** Fills in login (when it is shown) and consent; gives the URL at the application. */
export async function walk(browser: Browser, first: Page): Promise<URL> {
  let page = first;
  if (page.html.includes('/login"')) page = await browser.submit(page, '/login', { email: medecin.email, password });
  if (page.html.includes('/consent"')) page = await browser.submit(page, '/consent', { decision: 'allow' });
  if (!page.url.href.startsWith(redirectUri)) throw new Error(`${page.status} at ${page.url}: ${page.html}`);
  return page.url;
}

export async function authorizationCode(asked: Authorization, browser = new Browser()): Promise<string> {
  const back = await walk(browser, await browser.open(authorizationUrl(asked)));
  const code = back.searchParams.get('code');
  if (!code) throw new Error(`No code: ${back}`);
  return code;
}

export interface TokenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** POSTs a form to an endpoint of the provider. */
export async function post(
  origin: string,
  path: string,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<TokenAnswer> {
  const response = await fetch(new URL(path, origin), { method: 'POST', body: new URLSearchParams(form), headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
}

export function redeem(
  origin: string,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<TokenAnswer> {
  return post(origin, '/oidc/token', { grant_type: 'authorization_code', redirect_uri: redirectUri, ...form }, headers);
}

/** From sign-in to tokens, as a public client. */
export async function tokensFor(asked: Authorization, browser = new Browser()): Promise<Record<string, string>> {
  const { verifier } = pkce();
  const code = await authorizationCode({ ...asked, verifier }, browser);
  const { status, body } = await redeem(asked.origin, { client_id: asked.clientId, code, code_verifier: verifier });
  if (status !== 200) throw new Error(`No token: ${JSON.stringify(body)}`);
  return body as Record<string, string>;
}

export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export interface Key {
  readonly jwks: { readonly keys: readonly JWK[] };
  /** A signed assertion; claims and header may be changed or taken out (undefined). */
  assertion(claims: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): Promise<string>;
}

export async function makeKey(alg: 'RS384' | 'ES384' | 'RS256' | 'ES256' | 'PS256', kid = 'key-1'): Promise<Key> {
  const { publicKey, privateKey } = await generateKeyPair(alg);
  return {
    jwks: { keys: [{ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }] },
    assertion: (claims, header = {}) =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg, kid, typ: 'JWT', ...header }).sign(privateKey),
  };
}

/** The claims that SMART asks for, good for four minutes. */
export function claimsFor(clientId: string, audience: string): Record<string, unknown> {
  const exp = Math.floor(Date.now() / 1000) + 240;
  return { iss: clientId, sub: clientId, aud: audience, exp, jti: randomBytes(16).toString('hex') };
}

/** A form with a fresh assertion to the token endpoint, or another one that clients authenticate at. */
export async function backendToken(
  origin: string,
  { clientId, key, scope }: { readonly clientId: string; readonly key: Key; readonly scope: string },
  changes: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
  path = '/oidc/token',
): Promise<TokenAnswer> {
  const form = {
    grant_type: 'client_credentials',
    scope,
    client_assertion_type: assertionType,
    client_assertion: await key.assertion(claimsFor(clientId, `${origin}/oidc/token`)),
    ...changes,
  };
  return post(origin, path, form, headers);
}
