/**
 * The identity provider says that a session there has ended: what began with it here ends at once, in every process.
 * https://openid.net/specs/openid-connect-backchannel-1_0.html,
 * https://openid.net/specs/openid-connect-frontchannel-1_0.html
 */
import { createRemoteJWKSet, customFetch, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { FhirError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import { findUser } from '../../store/accounts/users.ts';
import { type EndedSession, endFederatedSessions, useLogoutToken } from '../../store/federation/sessions.ts';
import type { Store } from '../../store/store.ts';
import { personAgent } from '../agents.ts';
import { findEnabled, type ProviderDeps } from './identity-providers.ts';
import { type Settings, signatureAlgorithms } from './settings.ts';
import type { UpstreamDeps } from './upstream.ts';

export interface LogoutDeps extends ProviderDeps {
  readonly upstream: UpstreamDeps;
  readonly log: Logger;
}

interface Peer {
  readonly address: string;
  readonly requestId?: string | undefined;
}

export interface Logouts {
  /** Throws FhirError `notFound` (provider) or `invalid` (the token is not its word to us, or was used before). */
  backchannel(id: string, token: unknown, peer: Peer): Promise<void>;
  /** Does nothing for a session that is not known, or when `iss` is not the provider. */
  frontchannel(id: string, about: { readonly iss: unknown; readonly sid: unknown }, peer: Peer): Promise<void>;
}

const event = 'http://schemas.openid.net/event/backchannel-logout';
/** Section 2.4 wants them short-lived; the same for one without `exp`. */
const tokenSeconds = 300;
const longest = 16 * 1024;

const invalid = (why: string, cause?: unknown) => new FhirError('invalid', `The logout token ${why}.`, { cause });

/** Sections 2.4 and 2.6, what jose has not checked. */
function checked(claims: JWTPayload): { readonly subject?: string; readonly sid?: string; readonly jti: string } {
  const { sub, sid, jti, nonce, events } = claims;
  if (typeof jti !== 'string' || jti === '' || jti.length > 255) throw invalid('has no jti');
  if (nonce !== undefined) throw invalid('has a nonce, as only an ID token may');
  const isLogout =
    typeof events === 'object' && events !== null && typeof (events as Record<string, unknown>)[event] === 'object';
  if (!isLogout) throw invalid('tells of no logout');
  const subject = typeof sub === 'string' && sub !== '' ? sub : undefined;
  const session = typeof sid === 'string' && sid !== '' ? sid : undefined;
  if (subject === undefined && session === undefined) throw invalid('names neither a session nor a person');
  return { jti, ...(subject === undefined ? {} : { subject }), ...(session === undefined ? {} : { sid: session }) };
}

async function tell(tx: Store, ended: readonly EndedSession[], subtype: string, id: string, peer: Peer): Promise<void> {
  for (const { userId } of ended) {
    const user = await findUser(tx.db, userId);
    await tx.audit.append({
      type: 'logout',
      subtype,
      action: 'E',
      outcome: '0',
      recorded: new Date(),
      client: { name: `identity provider ${id}` },
      ...(user ? { user: personAgent(user) } : {}),
      address: peer.address,
      entities: [{ detail: { identity_provider: id } }],
      patients: [],
      ...(peer.requestId === undefined ? {} : { requestId: peer.requestId }),
    });
  }
}

/** One for a process: it remembers key sets, so that tokens that anybody may send make nobody fetch one each. */
export function logoutsOf({ store, upstream }: LogoutDeps): Logouts {
  const sets = new Map<string, JWTVerifyGetKey>();

  async function keysOf(settings: Settings): Promise<JWTVerifyGetKey> {
    const { jwks_uri: uri = '' } = await upstream.discovery.metadataOf(settings);
    const known = sets.get(uri);
    if (known) return known;
    const fetched = createRemoteJWKSet(new URL(uri), {
      [customFetch]: (url, init) => upstream.fetch(url, init as RequestInit),
      cooldownDuration: 10_000,
      cacheMaxAge: tokenSeconds * 1000,
    });
    sets.set(uri, fetched);
    return fetched;
  }

  async function settingsOf(id: string): Promise<Settings> {
    const stored = await findEnabled(store.db, id);
    if (!stored) throw new FhirError('notFound', 'There is no such identity provider.');
    return stored.settings as Settings;
  }

  async function verified(settings: Settings, token: string): Promise<JWTPayload> {
    const keys = await keysOf(settings).catch((error: unknown) => {
      throw new FhirError('busy', 'The keys of the identity provider cannot be had.', { cause: error });
    });
    try {
      const { payload, protectedHeader } = await jwtVerify(token, keys, {
        issuer: settings.issuer,
        audience: settings.client_id,
        algorithms: signatureAlgorithms,
        maxTokenAge: tokenSeconds,
        clockTolerance: 60,
      });
      const { typ } = protectedHeader;
      if (typ !== undefined && !['logout+jwt', 'jwt'].includes(typ.toLowerCase())) throw invalid(`is a ${typ}`);
      return payload;
    } catch (error) {
      if (error instanceof FhirError) throw error;
      throw invalid('is not signed by the provider for us now', error);
    }
  }

  return {
    async backchannel(id, token, peer) {
      const settings = await settingsOf(id);
      if (typeof token !== 'string' || token.length > longest) throw invalid('is missing or too long');
      const { jti, ...whose } = checked(await verified(settings, token));
      const { issuer } = settings;
      await store.transaction(async (tx) => {
        if (!(await useLogoutToken(tx.db, { issuer, jti, seconds: 2 * tokenSeconds })))
          throw invalid('was used before');
        await tell(tx, await endFederatedSessions(tx.db, { issuer, ...whose }), 'backchannel-logout', id, peer);
      });
    },

    async frontchannel(id, { iss, sid }, peer) {
      const { issuer } = await settingsOf(id);
      if (iss !== issuer || typeof sid !== 'string' || sid === '') return;
      await store.transaction(async (tx) => {
        await tell(tx, await endFederatedSessions(tx.db, { issuer, sid }), 'frontchannel-logout', id, peer);
      });
    },
  };
}
