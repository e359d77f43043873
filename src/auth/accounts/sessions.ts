/** Where a person is signed in, and ending it: with everything that was obtained in a session, at once and everywhere. */
import { FhirError } from '../../shared/errors.ts';
import {
  endAll,
  endOtherSessions,
  endSession,
  listSessions,
  type SessionRow,
} from '../../store/accounts/browser-sessions.ts';
import type { Store } from '../../store/store.ts';
import { type Actor, administration } from '../actor.ts';
import { demandUser, type WhichUser } from './change-user.ts';
import { type Device, deviceOf } from './device.ts';

export interface PersonSession extends SessionRow {
  readonly device: Device;
}

/** The last seen first. Throws FhirError `notFound`. */
export async function sessionsOf(store: Store, which: WhichUser): Promise<readonly PersonSession[]> {
  const user = await demandUser(store, which);
  const rows = await listSessions(store.db, user.id);
  return rows.map((row) => ({ ...row, device: deviceOf(row.userAgent) }));
}

/** What to end: everything of the account, one session, or every other one than this. */
export type WhichSessions = 'all' | { readonly uid: string } | { readonly but: string };

async function end(tx: Store, userId: string, which: WhichSessions): Promise<void> {
  if (which === 'all') return endAll(tx.db, userId);
  if ('but' in which) return endOtherSessions(tx.db, userId, which.but);
  if (!(await endSession(tx.db, userId, which.uid))) throw new FhirError('notFound', 'This session has ended already.');
}

/** Also what was given for offline use, for that is what a lost device has. Throws FhirError `notFound`. */
export async function signOut(store: Store, who: WhichUser, which: WhichSessions, actor: Actor): Promise<void> {
  await store.transaction(async (tx) => {
    const user = await demandUser(tx, who);
    await end(tx, user.id, which);
    const sessions = which === 'all' ? 'all' : 'but' in which ? 'all others' : which.uid;
    await tx.audit.append(administration(actor, { subtype: 'sign-out', action: 'E' }, { user_id: user.id, sessions }));
  });
}
