/** Accounts as administrators see them; every look leaves its trace. */
import { FhirError } from '../../shared/errors.ts';
import { readUser, searchUsers, type UserQuery, type UserRow } from '../../store/accounts/search-users.ts';
import type { Store } from '../../store/store.ts';
import { type Actor, administration } from '../actor.ts';

export interface UserPage {
  readonly users: readonly UserRow[];
  /** `after` of the next page. */
  readonly next: string | null;
}

export async function findUsers(store: Store, query: UserQuery, actor: Actor): Promise<UserPage> {
  const found = await searchUsers(store.db, query);
  const users = found.slice(0, query.count);
  const { q, role, status } = query;
  const asked = Object.entries({ q, role, status }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  const deed = { subtype: 'user-search', action: 'E' } as const;
  await store.audit.append(administration(actor, deed, Object.fromEntries(asked)));
  return { users, next: found.length > users.length ? (users.at(-1)?.email ?? null) : null };
}

/** Throws FhirError `notFound`. */
export async function showUser(store: Store, id: string, actor: Actor): Promise<UserRow> {
  await store.audit.append(administration(actor, { subtype: 'user-read', action: 'R' }, { user_id: id }));
  return userRow(store, id);
}

/** Without a trace, for who has just changed it. Throws FhirError `notFound`. */
export async function userRow(store: Store, id: string): Promise<UserRow> {
  const user = await readUser(store.db, id);
  if (!user) throw new FhirError('notFound', `There is no account ${id}.`);
  return user;
}
