/**
 * Keeps oidc-provider's state in PostgreSQL. The library leaves atomicity to its adapter: without it, one code, refresh
 * token or assertion that arrives twice at once is accepted twice.
 * https://github.com/panva/node-oidc-provider/blob/main/example/my_adapter.js
 */
import { type Adapter, type AdapterFactory, type AdapterPayload, errors } from 'oidc-provider';
import type { Payload } from '../store/oidc/artifact.ts';
import { consumeArtifact } from '../store/oidc/consume-artifact.ts';
import { findArtifact, findByUserCode, findSession } from '../store/oidc/find-artifact.ts';
import { removeArtifact, removeByGrant } from '../store/oidc/remove-artifacts.ts';
import { saveArtifact, saveArtifactOnce } from '../store/oidc/save-artifact.ts';
import type { Database } from '../store/store.ts';
import type { KeySets } from './client-jwks.ts';
import { findProviderClient } from './find-client.ts';

const given = (payload: Payload | undefined) => payload as AdapterPayload | undefined;

/**
 * A code or refresh token that comes a second time ends all tokens of its grant, because it may have been stolen. But two
 * tabs that refresh at the same moment, or a form sent twice, are no theft: so soon after the first use the second one is
 * refused without more. It gets no tokens either way.
 */
const graceSeconds = 5;
const usedOnce: ReadonlySet<string> = new Set(['AuthorizationCode', 'RefreshToken']);

/** Clients are rows of their own table and are written by `clients.ts` alone. */
function clientAdapter(db: Database, keySets: KeySets): Pick<Adapter, 'find' | 'upsert'> {
  return {
    find: (id) => findProviderClient(db, keySets, id),
    upsert: () => Promise.reject(new Error('Clients are not registered through the provider.')),
  };
}

/** The adapter of each of the provider's models. */
export function adapterOn(db: Database, keySets: KeySets): AdapterFactory {
  return (model: string): Adapter => ({
    find: async (id) => given(await findArtifact(db, model, id, usedOnce.has(model) ? graceSeconds : 0)),
    findByUid: async (uid) => given(await findSession(db, uid)),
    findByUserCode: async (code) => given(await findByUserCode(db, model, code)),
    destroy: (id) => removeArtifact(db, model, id),
    revokeByGrantId: (grantId) => removeByGrant(db, model, grantId),
    async upsert(id, payload, expiresIn) {
      const artifact = { model, id, payload: { ...payload }, expiresIn };
      if (model !== 'ReplayDetection') return saveArtifact(db, artifact);
      if (await saveArtifactOnce(db, artifact)) return;
      throw new errors.InvalidClientAuth('client assertion tokens must only be used once');
    },
    async consume(id) {
      // Whoever comes second while the first is still at work fails alone; the first one's tokens stay good.
      if (!(await consumeArtifact(db, model, id))) throw new errors.InvalidGrant('already used');
    },
    ...(model === 'Client' ? clientAdapter(db, keySets) : {}),
  });
}
