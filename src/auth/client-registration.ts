/**
 * Applications that register themselves, and read, change and remove what they registered. Each waits for an administrator.
 * https://www.rfc-editor.org/rfc/rfc7591, https://www.rfc-editor.org/rfc/rfc7592
 */
import { timingSafeEqual } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { newId } from '../shared/id.ts';
import {
  type ClientRow,
  deleteClient,
  findClientRow,
  insertClient,
  lockClientRow,
  mayWait,
  putBackToWaiting,
} from '../store/oidc/clients.ts';
import { removeByClient } from '../store/oidc/remove-artifacts.ts';
import type { Store } from '../store/store.ts';
import { type Actor, administration } from './actor.ts';
import { clientProblem, type NewClient } from './client-checks.ts';
import { newClientOf, stateOf } from './client-view.ts';
import { needsSecret, newSecret, replaceRegistration, secretHash, storedClient } from './clients.ts';
import { RegistrationError, registrationOf } from './registration-request.ts';

export interface RegistrationOptions {
  readonly store: Store;
  /** `http://localhost:8080/oidc/reg` */
  readonly endpoint: string;
  /** What a registration has to bring; undefined: anybody may register. */
  readonly initialAccessToken: string | undefined;
  readonly trustedHosts: readonly string[];
}

/** Who sends a request: the Authorization header, and what the audit trail says of them. */
export interface Registrant extends Pick<Actor, 'address' | 'requestId'> {
  readonly authorization: string | undefined;
}

type Metadata = Readonly<Record<string, unknown>>;

/** All throw RegistrationError. */
export interface Registration {
  register(body: unknown, from: Registrant): Promise<Metadata>;
  read(clientId: string, from: Registrant): Promise<Metadata>;
  update(clientId: string, body: unknown, from: Registrant): Promise<Metadata>;
  remove(clientId: string, from: Registrant): Promise<void>;
}

/** More than this many never wait at once, whoever floods the endpoint. */
const mostWaiting = 100;

function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(secretHash(left)), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const bearerOf = ({ authorization }: Registrant) =>
  /^Bearer +([A-Za-z0-9\-._~+/]{1,512}=*)$/i.exec(authorization ?? '')?.[1];

const notKnown = () => new RegistrationError('invalid_token', 'This token is not one for the registration.', 401);

/** A registration as RFC 7591, 3.2.1 gives it back. */
function metadataOf(client: NewClient): Metadata {
  const isBackend = client.kind === 'backend';
  return {
    client_name: client.name,
    redirect_uris: client.redirectUris ?? [],
    post_logout_redirect_uris: client.postLogoutRedirectUris ?? [],
    grant_types: isBackend ? ['client_credentials'] : ['authorization_code', 'refresh_token'],
    response_types: isBackend ? [] : ['code'],
    token_endpoint_auth_method: client.authMethod,
    ...(client.signingAlg ? { token_endpoint_auth_signing_alg: client.signingAlg } : {}),
    scope: client.scope,
    ...(client.jwks ? { jwks: client.jwks } : {}),
    ...(client.jwksUri ? { jwks_uri: client.jwksUri } : {}),
    ...(client.launchUrl ? { initiate_login_uri: client.launchUrl } : {}),
    ...client.tlsSubject,
    dpop_bound_access_tokens: client.dpop ?? false,
    tls_client_certificate_bound_access_tokens: client.mtls ?? false,
    require_pushed_authorization_requests: client.par ?? false,
    ...client.about,
  };
}

const secretMembers = (secret: string | undefined): Metadata =>
  secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 };

/** What an administrator has looked at when approving: a change of it is looked at again. */
function isOther(before: ClientRow, after: NewClient): boolean {
  const { about: _about, ...old } = newClientOf(before);
  const { about: _new, ...wanted } = newClientOf(storedClient(after, before.clientId, before.secretHash));
  return !isDeepStrictEqual(old, wanted);
}

const actorOf = ({ address, requestId }: Registrant, name: string): Actor => ({
  client: { name },
  ...(address === undefined ? {} : { address }),
  ...(requestId === undefined ? {} : { requestId }),
});

/** Whose registration it is, by the token that came with it. */
function checkOwner(row: ClientRow | undefined, from: Registrant): ClientRow {
  const token = bearerOf(from);
  if (!row?.registrationHash || token === undefined || !isSame(token, row.registrationHash)) throw notKnown();
  if (row.disabledAt !== null) throw new RegistrationError('access_denied', 'The client is disabled.', 403);
  return row;
}

const stands = (row: Pick<ClientRow, 'approvedAt' | 'disabledAt' | 'createdAt'>): Metadata => ({
  client_id_issued_at: Math.floor(row.createdAt.getTime() / 1000),
  livedoc_state: stateOf(row),
});

interface Answered {
  readonly clientId: string;
  readonly client: NewClient;
  readonly token: string | undefined;
  readonly secret?: string | undefined;
  readonly state: Pick<ClientRow, 'approvedAt' | 'disabledAt' | 'createdAt'>;
}

const answer = (endpoint: string, { clientId, client, token, secret, state }: Answered): Metadata => ({
  client_id: clientId,
  ...metadataOf(client),
  registration_client_uri: `${endpoint}/${clientId}`,
  registration_access_token: token,
  ...secretMembers(secret),
  ...stands(state),
});

/** RFC 7592, 2.2: an update names its client, and a secret in it is the one that the client has. */
function checkIdentity(row: ClientRow, body: unknown): void {
  const { client_id: id, client_secret: secret } = (body ?? {}) as Metadata;
  if (id !== row.clientId)
    throw new RegistrationError('invalid_client_metadata', 'client_id is not that of the client.');
  if (secret === undefined) return;
  const isOwn = typeof secret === 'string' && row.secretHash !== null && isSame(secret, row.secretHash);
  if (!isOwn) throw new RegistrationError('invalid_client_metadata', 'client_secret is not that of the client.');
}

function checkInitialToken({ initialAccessToken }: RegistrationOptions, from: Registrant): void {
  if (initialAccessToken === undefined) return;
  const token = bearerOf(from);
  if (token !== undefined && isSame(token, secretHash(initialAccessToken))) return;
  throw new RegistrationError('invalid_token', 'A registration needs the initial access token.', 401);
}

async function register(options: RegistrationOptions, body: unknown, from: Registrant): Promise<Metadata> {
  checkInitialToken(options, from);
  const { store, trustedHosts, endpoint } = options;
  const clientId = newId();
  const client = registrationOf(body, { name: clientId, trustedHosts });
  const secret = needsSecret(client) ? newSecret() : undefined;
  const token = newSecret();
  await store.transaction(async (tx) => {
    if (!(await mayWait(tx.db, mostWaiting))) {
      throw new RegistrationError('temporarily_unavailable', 'Too many clients wait for an administrator.', 429);
    }
    const row = storedClient(client, clientId, secret === undefined ? null : secretHash(secret));
    await insertClient(tx.db, row, { waits: true, registrationHash: secretHash(token) });
    const detail = { client_id: clientId, name: client.name, kind: client.kind, scope: client.scope };
    const deed = { subtype: 'client-register', action: 'C' } as const;
    await tx.audit.append(administration(actorOf(from, client.name), deed, detail));
  });
  const state = { createdAt: new Date(), approvedAt: null, disabledAt: null };
  return answer(endpoint, { clientId, client, token, secret, state });
}

async function read({ store, endpoint }: RegistrationOptions, clientId: string, from: Registrant): Promise<Metadata> {
  const state = checkOwner(await findClientRow(store.db, clientId), from);
  const deed = { subtype: 'client-read', action: 'R' } as const;
  await store.audit.append(administration(actorOf(from, state.name), deed, { client_id: clientId }));
  return answer(endpoint, { clientId, client: newClientOf(state), token: bearerOf(from), state });
}

async function update(
  { store, endpoint, trustedHosts }: RegistrationOptions,
  clientId: string,
  body: unknown,
  from: Registrant,
): Promise<Metadata> {
  return store.transaction(async (tx) => {
    const row = checkOwner(await lockClientRow(tx.db, clientId), from);
    checkIdentity(row, body);
    const client = { ...registrationOf(body, { name: clientId, trustedHosts }), fapi: row.fapi };
    const problem = clientProblem(client);
    if (problem) throw new RegistrationError('invalid_client_metadata', problem);
    const waits = isOther(row, client);
    const { clientSecret: secret } = await replaceRegistration(tx.db, row, client);
    if (waits) {
      await putBackToWaiting(tx.db, clientId);
      await removeByClient(tx.db, clientId);
    }
    const detail = { client_id: clientId, name: client.name, scope: client.scope };
    const deed = { subtype: 'client-update', action: 'U' } as const;
    await tx.audit.append(administration(actorOf(from, row.name), deed, detail));
    const state = { ...row, approvedAt: waits ? null : row.approvedAt };
    return answer(endpoint, { clientId, client, token: bearerOf(from), secret, state });
  });
}

async function remove({ store }: RegistrationOptions, clientId: string, from: Registrant): Promise<void> {
  await store.transaction(async (tx) => {
    const { name } = checkOwner(await lockClientRow(tx.db, clientId), from);
    await deleteClient(tx.db, clientId);
    await removeByClient(tx.db, clientId);
    const deed = { subtype: 'client-remove', action: 'D' } as const;
    await tx.audit.append(administration(actorOf(from, name), deed, { client_id: clientId }));
  });
}

/** The endpoint's work; `http` gives it its form. */
export function registrationOn(options: RegistrationOptions): Registration {
  return {
    register: (body, from) => register(options, body, from),
    read: (clientId, from) => read(options, clientId, from),
    update: (clientId, body, from) => update(options, clientId, body, from),
    remove: (clientId, from) => remove(options, clientId, from),
  };
}
