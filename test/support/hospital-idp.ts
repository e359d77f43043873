/**
 * A hospital's identity provider on a port of its own: a second oidc-provider that shares nothing with the server but HTTP,
 * with claims as Keycloak, Entra ID or Pro Santé Connect send them, and able to misbehave.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT, UnsecuredJWT } from 'jose';
import Provider, { type Configuration, type KoaContextWithOIDC } from 'oidc-provider';

type Claims = Readonly<Record<string, unknown>>;

/** What it does wrong at the token endpoint. */
export interface Mischief {
  /** Claims of the ID token changed (undefined: taken out) before it is signed anew. */
  readonly claims?: Claims;
  readonly alg?: 'none' | 'HS256';
  /** Signed with a key that is not in the key set. */
  readonly isForged?: boolean;
}

export interface Person {
  readonly sub: string;
  /** In the ID token and in userinfo. */
  readonly claims: Claims;
  readonly acr?: string;
  readonly amr?: readonly string[];
}

export interface HospitalIdp {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Who sits at the browser: signed in without being asked, as by the hospital's own session. */
  person: Person;
  mischief: Mischief | undefined;
  /** Answers the token endpoint with this status and no sense. */
  down: number | undefined;
  /** Answers authorization with this error. */
  denies: string | undefined;
  /** What it was sent at the pushed authorization endpoint and the token endpoint, newest last. */
  readonly asked: readonly URLSearchParams[];
  /** Where it says that a session has ended; it sends the tokens by `logoutToken`. */
  logoutToken(claims: Claims, header?: Claims, kid?: string): Promise<string>;
  /** The claims that every right logout token has. */
  logoutClaims(about: Claims): Claims;
  rotateKeys(): Promise<void>;
  /** Registers our redirect URIs, as the hospital's administrator would. */
  register(uris: {
    readonly redirect: string;
    readonly postLogout: string;
    readonly jwksUri?: string;
    readonly backchannel?: string;
  }): void;
  close(): Promise<void>;
}

export interface IdpOptions {
  readonly alg?: 'RS256' | 'ES256';
  readonly par?: boolean;
  readonly clientAuth?: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none';
  readonly userinfoSignedAlg?: 'RS256' | 'ES256';
  /** Whether it says who it is in its answers (RFC 9207). */
  readonly issInAnswers?: boolean;
}

const clientId = 'livedoc-at-the-hospital';
const clientSecret = 'a-secret-of-the-hospital-that-is-long-enough';
const claimNames = [
  'email',
  'email_verified',
  'family_name',
  'given_name',
  'realm_access',
  'roles',
  'groups',
  'tid',
  'rpps',
  'SubjectNameID',
  'SubjectRefPro',
] as const;

async function makeJwk(alg: 'RS256' | 'ES256', kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg, use: 'sig' };
}

interface State {
  readonly options: IdpOptions;
  readonly issuer: string;
  keys: JWK[];
  person: Person;
  uris: Parameters<HospitalIdp['register']>[0];
}

function configuration(state: State): Configuration {
  const { options, keys, uris } = state;
  const { alg = 'RS256', clientAuth = 'client_secret_basic' } = options;
  return {
    jwks: { keys },
    cookies: { keys: ['a cookie key of the hospital'] },
    pkce: { required: () => true },
    scopes: ['openid', 'profile', 'email', 'scope_all'],
    claims: { openid: ['sub', 'amr', 'acr', 'auth_time', ...claimNames] },
    conformIdTokenClaims: false,
    acrValues: ['eidas1', 'mfa'],
    enabledJWA: {
      idTokenSigningAlgValues: [alg],
      userinfoSigningAlgValues: ['RS256', 'ES256'],
      clientAuthSigningAlgValues: ['RS256'],
    },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    features: {
      devInteractions: { enabled: false },
      pushedAuthorizationRequests: { enabled: options.par ?? false },
      userinfo: { enabled: true },
      jwtUserinfo: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource(ctx, form) {
          ctx.body = form.replace('</form>', '<input type="hidden" name="logout" value="yes"></form>');
        },
      },
      backchannelLogout: { enabled: true },
    },
    clients: [
      {
        client_id: clientId,
        token_endpoint_auth_method: clientAuth,
        ...(clientAuth.startsWith('client_secret') ? { client_secret: clientSecret } : {}),
        ...(clientAuth === 'private_key_jwt'
          ? { jwks_uri: uris.jwksUri ?? '', token_endpoint_auth_signing_alg: 'RS256' }
          : {}),
        application_type: 'web',
        redirect_uris: [uris.redirect],
        post_logout_redirect_uris: [uris.postLogout],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        id_token_signed_response_alg: alg,
        ...(options.userinfoSignedAlg ? { userinfo_signed_response_alg: options.userinfoSignedAlg } : {}),
        // Without an address there is no `sid` in its ID tokens.
        backchannel_logout_uri: uris.backchannel ?? 'http://localhost:9/none',
        backchannel_logout_session_required: true,
      },
    ],
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ ...state.person.claims, sub }) }),
    async loadExistingGrant(ctx) {
      const { client, account, provider } = ctx.oidc;
      const grant = new provider.Grant({ accountId: account?.accountId ?? '', clientId: client?.clientId ?? '' });
      grant.addOIDCScope('openid profile email scope_all');
      grant.addOIDCClaims([...claimNames]);
      await grant.save();
      return grant;
    },
    interactions: { url: (_ctx, { uid }) => `/sign-in/${uid}` },
    // Without its guard against addresses of this machine, where the server under test is.
    fetch(input: string, init: RequestInit = {}) {
      const { dispatcher, ...rest } = init as RequestInit & { dispatcher?: unknown };
      return fetch(input, rest);
    },
  } as Configuration;
}

/** The ID token of a token answer, changed and signed anew. */
async function spoiled(idToken: string, { claims, alg, isForged }: Mischief, key: JWK): Promise<string> {
  const [header = '', payload = ''] = idToken.split('.').map((part) => Buffer.from(part, 'base64url').toString());
  const all = { ...(JSON.parse(payload) as Claims), ...claims };
  const body = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  if (alg === 'none') return new UnsecuredJWT(body).encode();
  const { kid, alg: ownAlg = 'RS256' } = JSON.parse(header) as { kid: string; alg?: string };
  if (alg === 'HS256') {
    return new SignJWT(body).setProtectedHeader({ alg, kid }).sign(new TextEncoder().encode(clientSecret.repeat(2)));
  }
  const forger = isForged ? await makeJwk(ownAlg as 'RS256', kid) : key;
  return new SignJWT(body).setProtectedHeader({ alg: ownAlg, kid }).sign(await importJWK(forger, ownAlg));
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

/** Starts one. Its sessions are in memory and its people need no password: whoever `person` is, signs in. */
export async function startHospitalIdp(options: IdpOptions = {}): Promise<HospitalIdp> {
  const server = createServer();
  const issuer = `http://127.0.0.1:${await listening(server)}/realms/hopital`;
  const alg = options.alg ?? 'RS256';
  const state: State = {
    options,
    issuer,
    keys: [await makeJwk(alg, 'key-1')],
    person: { sub: 'nobody', claims: {} },
    uris: { redirect: 'http://localhost:9/none', postLogout: 'http://localhost:9/none' },
  };
  const asked: URLSearchParams[] = [];
  let provider: Provider;
  let listener: (request: IncomingMessage, response: ServerResponse) => void;
  const idp: HospitalIdp = {
    issuer,
    clientId,
    clientSecret,
    get person() {
      return state.person;
    },
    set person(person) {
      state.person = person;
    },
    mischief: undefined,
    down: undefined,
    denies: undefined,
    asked,
    logoutClaims: (about) => ({
      iss: issuer,
      aud: clientId,
      iat: Math.floor(Date.now() / 1000),
      exp: Math.floor(Date.now() / 1000) + 120,
      jti: `${Math.random()}`,
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      ...about,
    }),
    async logoutToken(claims, header = {}) {
      const [key] = state.keys;
      if (!key) throw new Error('no key');
      const body = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
      const all = { alg, kid: key.kid ?? '', typ: 'logout+jwt', ...header } as { alg: string };
      if (all.alg === 'none') return new UnsecuredJWT(body).encode();
      return new SignJWT(body).setProtectedHeader(all).sign(await importJWK(key, alg));
    },
    async rotateKeys() {
      state.keys = [await makeJwk(alg, `key-${Date.now()}`)];
      open();
    },
    register(uris) {
      state.uris = uris;
      open();
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  /** What the token endpoint answers is spoiled on its way out. */
  async function spoil(ctx: KoaContextWithOIDC): Promise<void> {
    const body = ctx.body as { id_token?: string } | undefined;
    const [key] = state.keys;
    if (!idp.mischief || !body?.id_token || !key) return;
    ctx.body = { ...body, id_token: await spoiled(body.id_token, idp.mischief, key) };
  }

  function open(): void {
    provider = new Provider(issuer, configuration(state));
    provider.proxy = true;
    provider.use(async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
      if (idp.down !== undefined && ctx.path === '/token') {
        ctx.status = idp.down;
        ctx.body = '<h1>out of order</h1>';
        return;
      }
      await next();
      if (['token', 'pushed_authorization_request'].includes(ctx.oidc?.route ?? '')) {
        asked.push(new URLSearchParams(ctx.oidc.body as Record<string, string>));
      }
      if (ctx.oidc?.route === 'token') await spoil(ctx);
    });
    listener = provider.callback();
  }
  open();

  async function signIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { sub, acr, amr } = state.person;
    const result = idp.denies
      ? { error: idp.denies, error_description: 'as the test wants it' }
      : { login: { accountId: sub, ...(acr ? { acr } : {}), ...(amr ? { amr: [...amr] } : {}) } };
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }

  server.on('request', (request, response) => {
    const url = request.url ?? '';
    if (url.startsWith('/sign-in/')) {
      signIn(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
      return;
    }
    if (!url.startsWith('/realms/hopital')) return void response.writeHead(404).end();
    request.url = url.slice('/realms/hopital'.length) || '/';
    Object.assign(request, { originalUrl: url, baseUrl: '/realms/hopital' });
    listener(request, response);
  });
  return idp;
}
