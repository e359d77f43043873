/** What is done now and then, in whichever process comes to it first: what has expired goes, keys that are old are replaced. */
import type { Logger } from '../shared/logger.ts';
import { removeOldTries } from '../store/accounts/attempts.ts';
import { removeOldSessions } from '../store/accounts/browser-sessions.ts';
import { removeOldLinks } from '../store/accounts/links.ts';
import { removeExpiredExports } from '../store/bulk/exports.ts';
import { removeOldFactorState } from '../store/factors/challenges.ts';
import { removeOldSignIns } from '../store/federation/sign-ins.ts';
import { removeExpiredLaunches } from '../store/launch/remove-expired.ts';
import { removeUnusedKeySets } from '../store/oidc/client-jwks.ts';
import { removeNeverApproved } from '../store/oidc/clients.ts';
import { removeRetiredKeys } from '../store/oidc/keys.ts';
import { removeExpired } from '../store/oidc/remove-artifacts.ts';
import type { Store } from '../store/store.ts';
import { administration } from './actor.ts';
import { retiredKeySeconds } from './lifetimes.ts';
import type { Secret } from './secret.ts';
import { rotateOldKeys } from './signing-keys.ts';

/** A client that registered itself and that nobody approved in this time is forgotten. */
const waitingDays = 30;
const rows = 5000;
const self = { client: { name: 'LIVEDOC' } };

async function removeWaiting(store: Store): Promise<void> {
  await store.transaction(async (tx) => {
    for (const clientId of await removeNeverApproved(tx.db, waitingDays)) {
      const detail = { client_id: clientId, reason: `not approved in ${waitingDays} days` };
      await tx.audit.append(administration(self, { subtype: 'client-remove', action: 'D' }, detail));
    }
  });
}

/** Answers how many rows of OAuth state were removed. */
export async function purgeExpired(store: Store): Promise<number> {
  await removeOldTries(store.db);
  await removeOldLinks(store.db);
  await removeOldSessions(store.db);
  await removeOldFactorState(store.db);
  await removeOldSignIns(store.db);
  await removeWaiting(store);
  await removeExpiredExports(store.db, new Date());
  await removeUnusedKeySets(store.db);
  await removeRetiredKeys(store.db, retiredKeySeconds);
  for (let last = rows; last === rows; ) last = await removeExpiredLaunches(store.db, rows);
  let removed = 0;
  for (let last = rows; last === rows; removed += last) last = await removeExpired(store.db, rows);
  return removed;
}

/** Replaces the signing key when it is older than so many days; 0: never. */
export async function renewKeys(store: Store, secret: Secret, days: number, log: Logger): Promise<void> {
  if (days === 0) return;
  const kid = await rotateOldKeys(store, secret, self, days);
  if (kid !== undefined) log.info('a new key signs ID tokens', { kid });
}
