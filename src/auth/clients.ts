/** Registration of the applications and systems that may ask for tokens, by administrators. */
import { createHash, randomBytes } from 'node:crypto';
import { FhirError } from '../shared/errors.ts';
import { newId } from '../shared/id.ts';
import type { AuditRecord } from '../store/audit/record.ts';
import { findKeySet } from '../store/oidc/client-jwks.ts';
import {
  approveClient as approveRow,
  type ClientRow,
  deleteClient,
  disableClient as disableRow,
  enableClient as enableRow,
  findClientRow,
  insertClient,
  listClientRows,
  lockClientRow,
  type StoredClient,
  updateClient as updateRow,
} from '../store/oidc/clients.ts';
import { removeByClient } from '../store/oidc/remove-artifacts.ts';
import type { Database, Store } from '../store/store.ts';
import { type Actor, administration, commandActor } from './actor.ts';
import { authMethodOf, clientProblem, type NewClient, redirectUrisProblem } from './client-checks.ts';
import type { ClientChanges } from './client-members.ts';
import { type ClientView, clientView, newClientOf } from './client-view.ts';

export type { NewClient } from './client-checks.ts';

export interface RegisteredClient {
  readonly clientId: string;
  /** Only of a client with a secret, and only now: the database has its hash. */
  readonly clientSecret?: string;
}

/** 256 bits, of characters that need no encoding in a Basic header: some clients do not encode there. */
const secretBytes = 32;

export const newSecret = () => randomBytes(secretBytes).toString('base64url');

export function secretHash(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/** Throws FhirError `invalid` that says what is wrong with a registration. */
function check(client: NewClient): void {
  const problem = clientProblem(client) ?? redirectUrisProblem(client);
  if (problem) throw new FhirError('invalid', problem);
}

/** The row of a registration that was checked. */
export function storedClient(client: NewClient, clientId: string, hash: string | null): StoredClient {
  return {
    clientId,
    name: client.name.trim(),
    kind: client.kind,
    secretHash: hash,
    jwks: client.jwks ?? null,
    jwksUri: client.jwksUri ?? null,
    redirectUris: [...new Set(client.redirectUris ?? [])],
    postLogoutRedirectUris: [...new Set(client.postLogoutRedirectUris ?? [])],
    launchUrl: client.launchUrl ?? null,
    scope: [...new Set(client.scope.split(' ').filter((word) => word !== ''))].join(' '),
    authMethod: client.authMethod ?? null,
    signingAlg: client.signingAlg ?? null,
    tlsSubject: client.tlsSubject ? { ...client.tlsSubject } : null,
    dpop: client.dpop ?? false,
    mtls: client.mtls ?? false,
    // FAPI 2.0 has no authorization request that is not pushed.
    par: client.kind !== 'backend' && (client.par === true || client.fapi === true),
    fapi: client.fapi ?? false,
    about: client.about ?? {},
  };
}

export const needsSecret = (client: NewClient) => authMethodOf(client).startsWith('client_secret');

const spaced = (client: NewClient): NewClient => ({ ...client, scope: client.scope.trim().replace(/\s+/g, ' ') });

/** Registers a client; who does so (`actor`) is in the audit trail. Throws FhirError `invalid`. */
export async function addClient(
  store: Store,
  client: NewClient,
  actor: Actor = commandActor('client add'),
): Promise<RegisteredClient> {
  const wanted = spaced(client);
  check(wanted);
  const clientId = newId();
  const clientSecret = needsSecret(wanted) ? newSecret() : undefined;
  const hash = clientSecret === undefined ? null : secretHash(clientSecret);
  const { name, kind, scope } = wanted;
  await store.transaction(async (tx) => {
    await insertClient(tx.db, storedClient(wanted, clientId, hash));
    const detail = { client_id: clientId, name, kind, scope };
    await tx.audit.append(administration(actor, { subtype: 'client-add', action: 'C' }, detail));
  });
  return clientSecret === undefined ? { clientId } : { clientId, clientSecret };
}

const noSuchClient = (clientId: string) => new FhirError('notFound', `There is no client ${clientId}.`);

/** The client for an administrator to see, with what is wrong with its key set. Throws FhirError `notFound`. */
export async function showClient({ db }: Pick<Store, 'db'>, clientId: string): Promise<ClientView> {
  const row = await findClientRow(db, clientId);
  if (!row) throw noSuchClient(clientId);
  const keySet = row.jwksUri === null ? undefined : await findKeySet(db, row.jwksUri);
  return { ...clientView(row), ...(keySet?.problem ? { jwks_problem: keySet.problem } : {}) };
}

/** Clients for an administrator to see, oldest first: `limit` of them after the one with the id `after`. */
export async function listClients(
  { db }: Pick<Store, 'db'>,
  page: { readonly limit: number; readonly after?: string },
): Promise<readonly ClientView[]> {
  return (await listClientRows(db, page)).map(clientView);
}

/** Whether tokens that were given before would be more, or less bound, than those that are given from now on. */
function takesAway(before: StoredClient, after: StoredClient): boolean {
  const kept = new Set(after.scope.split(' '));
  const isNarrower = before.scope.split(' ').some((word) => !kept.has(word));
  const isBound = (after.dpop && !before.dpop) || (after.mtls && !before.mtls) || (after.fapi && !before.fapi);
  return isNarrower || isBound || before.kind !== after.kind;
}

/**
 * Puts the new registration in the place of the old one; a secret stays where one is still needed, else one is made. Its
 * tokens end when they would be more than what it may have now. Within a transaction; audited by who calls.
 */
export async function replaceRegistration(
  db: Database,
  before: ClientRow,
  client: NewClient,
): Promise<RegisteredClient> {
  const { clientId } = before;
  const clientSecret = needsSecret(client) && before.secretHash === null ? newSecret() : undefined;
  const kept = needsSecret(client) ? before.secretHash : null;
  const after = storedClient(client, clientId, clientSecret === undefined ? kept : secretHash(clientSecret));
  await updateRow(db, after);
  if (takesAway(before, after)) await removeByClient(db, clientId);
  return clientSecret === undefined ? { clientId } : { clientId, clientSecret };
}

/** Changes what is named in `changes` (an undefined member is taken away). Throws FhirError `notFound` or `invalid`. */
export async function changeClient(
  store: Store,
  clientId: string,
  changes: ClientChanges,
  actor: Actor,
): Promise<RegisteredClient> {
  return store.transaction(async (tx) => {
    const before = await lockClientRow(tx.db, clientId);
    if (!before) throw noSuchClient(clientId);
    const wanted = spaced({ ...newClientOf(before), ...changes } as NewClient);
    check(wanted);
    const registered = await replaceRegistration(tx.db, before, wanted);
    const detail = { client_id: clientId, name: wanted.name, changed: Object.keys(changes).join(' ') };
    await tx.audit.append(administration(actor, { subtype: 'client-update', action: 'U' }, detail));
    return registered;
  });
}

/** Gives the client a new secret; the old one is of no use from now on. Throws FhirError `notFound`, `conflict`. */
export async function rotateSecret(store: Store, clientId: string, actor: Actor): Promise<RegisteredClient> {
  return store.transaction(async (tx) => {
    const before = await lockClientRow(tx.db, clientId);
    if (!before) throw noSuchClient(clientId);
    if (before.secretHash === null) throw new FhirError('conflict', `The client ${clientId} has no secret.`);
    const clientSecret = newSecret();
    await updateRow(tx.db, { ...before, secretHash: secretHash(clientSecret) });
    const detail = { client_id: clientId, name: before.name };
    await tx.audit.append(administration(actor, { subtype: 'client-secret', action: 'U' }, detail));
    return { clientId, clientSecret };
  });
}

/** One statement about a client, with its record. Throws FhirError `notFound` for one that is not there. */
async function settle(
  store: Store,
  clientId: string,
  actor: Actor,
  deed: Pick<AuditRecord, 'subtype' | 'action'>,
  change: (db: Database) => Promise<void>,
): Promise<void> {
  await store.transaction(async (tx) => {
    const row = await lockClientRow(tx.db, clientId);
    if (!row) throw noSuchClient(clientId);
    await change(tx.db);
    await tx.audit.append(administration(actor, deed, { client_id: clientId, name: row.name }));
  });
}

/** Keeps the client from being used and ends all of its tokens. Throws FhirError `notFound`. */
export function disableClient(store: Store, clientId: string, actor: Actor): Promise<void> {
  return settle(store, clientId, actor, { subtype: 'client-disable', action: 'U' }, async (db) => {
    await disableRow(db, clientId);
    await removeByClient(db, clientId);
  });
}

/** Lets a disabled client be used again. Throws FhirError `notFound`. */
export function enableClient(store: Store, clientId: string, actor: Actor): Promise<void> {
  return settle(store, clientId, actor, { subtype: 'client-enable', action: 'U' }, async (db) => {
    await enableRow(db, clientId);
  });
}

/** Lets a client that registered itself be used. Throws FhirError `notFound`. */
export function approveClient(store: Store, clientId: string, actor: Actor): Promise<void> {
  return settle(store, clientId, actor, { subtype: 'client-approve', action: 'U' }, async (db) => {
    await approveRow(db, clientId);
  });
}

/** Ends the client and all of its tokens. Throws FhirError `notFound`. */
export function removeClient(
  store: Store,
  clientId: string,
  actor: Actor = commandActor('client remove'),
): Promise<void> {
  return settle(store, clientId, actor, { subtype: 'client-remove', action: 'D' }, async (db) => {
    await deleteClient(db, clientId);
    await removeByClient(db, clientId);
  });
}
