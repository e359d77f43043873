/** Administration of the hospital identity providers, and how a sign-in gets at one. */
import { exportJWK, generateKeyPair } from 'jose';
import type { IdentityProviderRequest } from '../../shared/api/identity-provider.ts';
import { FhirError } from '../../shared/errors.ts';
import { newId } from '../../shared/id.ts';
import {
  findIdentityProvider,
  listIdentityProviders,
  removeIdentityProvider,
  type StoredIdentityProvider,
  saveIdentityProvider,
} from '../../store/federation/identity-providers.ts';
import { endSessionsOfProvider } from '../../store/federation/sessions.ts';
import type { Database, Store } from '../../store/store.ts';
import { type Actor, administration } from '../actor.ts';
import type { Secret } from '../secret.ts';
import { type Settings, settingsOf } from './settings.ts';
import type { OpenProvider } from './upstream.ts';

export interface ProviderDeps {
  readonly store: Store;
  readonly secret: Secret;
  /** URL of the server without a trailing slash. */
  readonly publicUrl: string;
}

const idPattern = /^[a-z0-9][a-z0-9-]{0,39}$/;

/** A secret sealed for one provider opens for no other. */
const about = (id: string) => `identity provider ${id}`;

export function openProviderOf(secret: Secret, { id, settings, sealedSecret }: StoredIdentityProvider): OpenProvider {
  const own = settings as Settings;
  return { id, settings: own, ...(sealedSecret ? { secret: secret.open(sealedSecret, about(id)) } : {}) };
}

/** Undefined when there is none or it is disabled. */
export async function findEnabled(db: Database, id: string): Promise<StoredIdentityProvider | undefined> {
  const found = idPattern.test(id) ? await findIdentityProvider(db, id) : undefined;
  return found?.enabled ? found : undefined;
}

/** The provider's addresses here: one redirect URI for each, so that an answer of one cannot pass for another's (RFC 9700 4.4.2.1). */
export function addressesOf(publicUrl: string, id: string) {
  const base = `${publicUrl}/federation/${id}`;
  return {
    redirect_uri: `${base}/callback`,
    post_logout_redirect_uri: `${base}/signed-out`,
    backchannel_logout_uri: `${base}/backchannel-logout`,
    frontchannel_logout_uri: `${base}/frontchannel-logout`,
    jwks_uri: `${base}/jwks`,
  };
}

export type ShownProvider = ReturnType<typeof addressesOf> &
  Settings & { readonly id: string; readonly enabled: boolean; readonly has_secret: boolean };

function shown(publicUrl: string, { id, settings, enabled, sealedSecret }: StoredIdentityProvider): ShownProvider {
  return { id, enabled, ...(settings as Settings), has_secret: sealedSecret !== null, ...addressesOf(publicUrl, id) };
}

const unknown = (id: string) => new FhirError('notFound', `There is no identity provider ${JSON.stringify(id)}.`);

export async function findProvider(db: Database, id: string): Promise<StoredIdentityProvider> {
  const found = idPattern.test(id) ? await findIdentityProvider(db, id) : undefined;
  if (!found) throw unknown(id);
  return found;
}

/** Without its secret. Throws FhirError `notFound`. */
export async function showProvider({ store, publicUrl }: ProviderDeps, id: string): Promise<ShownProvider> {
  return shown(publicUrl, await findProvider(store.db, id));
}

export async function showProviders({ store, publicUrl }: ProviderDeps): Promise<readonly ShownProvider[]> {
  return (await listIdentityProviders(store.db)).map((provider) => shown(publicUrl, provider));
}

type Kept = Pick<StoredIdentityProvider, 'sealedSecret' | 'publicKeys'>;

/** Public keys that are still published: the one that signs and the one before it. */
const published = 2;

async function newKey(secret: Secret, id: string, old: Kept['publicKeys']): Promise<Kept> {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { modulusLength: 2048, extractable: true });
  const named = { kid: newId(), use: 'sig', alg: 'RS256' };
  const sealedSecret = secret.seal(JSON.stringify({ ...(await exportJWK(privateKey)), ...named }), about(id));
  const publicKeys = [{ ...(await exportJWK(publicKey)), ...named }, ...old].slice(0, published);
  return { sealedSecret, publicKeys };
}

/** What proves who we are: a new secret or key, or the one that is there when the way stays the same. */
async function credential(
  secret: Secret,
  {
    id,
    settings,
    given,
    old,
  }: { id: string; settings: Settings; given: IdentityProviderRequest; old: StoredIdentityProvider | undefined },
): Promise<Kept> {
  const { client_auth: way } = settings;
  // A secret that was given for one issuer is not sent to another.
  const same = old?.issuer === settings.issuer ? old : undefined;
  const before = (same?.settings as Settings | undefined)?.client_auth;
  const isKey = (one: string | undefined) => one === 'private_key_jwt';
  if (isKey(way)) {
    const isKept = same && isKey(before) && given.new_key !== true;
    return isKept ? same : newKey(secret, id, old?.publicKeys ?? []);
  }
  if (way === 'none') return { sealedSecret: null, publicKeys: [] };
  if (given.client_secret !== undefined) {
    return { sealedSecret: secret.seal(given.client_secret, about(id)), publicKeys: [] };
  }
  if (same?.sealedSecret && before?.startsWith('client_secret'))
    return { sealedSecret: same.sealedSecret, publicKeys: [] };
  throw new FhirError('unprocessable', `client_secret is missing; ${way} needs it.`);
}

/**
 * Adds the provider, or takes the place of the one with the id. Answers it and whether it is new. Throws FhirError
 * `invalid` (id) or `unprocessable` (settings).
 */
export async function putProvider(
  deps: ProviderDeps,
  id: string,
  given: IdentityProviderRequest,
  actor: Actor,
): Promise<{ readonly provider: ShownProvider; readonly isNew: boolean }> {
  if (!idPattern.test(id)) {
    throw new FhirError('invalid', 'The id of an identity provider is of a-z, 0-9 and -, at most 40.');
  }
  const settings = settingsOf(id, given);
  const { store, secret, publicUrl } = deps;
  return store.transaction(async (tx) => {
    await tx.lock([`identity provider ${id}`]);
    const old = await findIdentityProvider(tx.db, id);
    const kept = await credential(secret, { id, settings, given, old });
    const enabled = given.enabled ?? old?.enabled ?? true;
    const { issuer, client_id, client_auth } = settings;
    // Whoever another issuer signed in is nobody that this one answers for.
    if (old && (old.issuer !== issuer || !enabled)) await endSessionsOfProvider(tx.db, id);
    const isNew = await saveIdentityProvider(tx.db, { id, issuer, settings, enabled, ...pick(kept) });
    const detail = { id, issuer, client_id, client_auth, enabled: String(enabled) };
    const deed = {
      subtype: isNew ? 'identity-provider-add' : 'identity-provider-change',
      action: isNew ? 'C' : 'U',
    } as const;
    await tx.audit.append(administration(actor, deed, detail));
    return { provider: shown(publicUrl, await findProvider(tx.db, id)), isNew };
  });
}

const pick = ({ sealedSecret, publicKeys }: Kept): Kept => ({ sealedSecret, publicKeys });

/** Disabling ends what began at the provider. Throws FhirError `notFound`. */
export async function setProviderEnabled(
  deps: ProviderDeps,
  id: string,
  enabled: boolean,
  actor: Actor,
): Promise<void> {
  await deps.store.transaction(async (tx) => {
    const old = await findProvider(tx.db, id);
    if (!enabled) await endSessionsOfProvider(tx.db, id);
    await saveIdentityProvider(tx.db, { ...old, enabled });
    const subtype = enabled ? 'identity-provider-enable' : 'identity-provider-disable';
    await tx.audit.append(administration(actor, { subtype, action: 'U' }, { id }));
  });
}

/** Ends what began at it; who had which account is kept, by issuer, for the day that it comes back. Throws FhirError `notFound`. */
export async function removeProvider({ store }: ProviderDeps, id: string, actor: Actor): Promise<void> {
  await store.transaction(async (tx) => {
    await findProvider(tx.db, id);
    await endSessionsOfProvider(tx.db, id);
    await removeIdentityProvider(tx.db, id);
    await tx.audit.append(administration(actor, { subtype: 'identity-provider-remove', action: 'D' }, { id }));
  });
}
