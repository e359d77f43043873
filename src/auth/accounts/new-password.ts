/** A person's password is set: checked, kept among those that do not come back, and everything open with the old one ended. */
import { formerPasswords, setPassword } from '../../store/accounts/former-passwords.ts';
import { removeLinks } from '../../store/accounts/links.ts';
import type { User } from '../../store/accounts/users.ts';
import type { Store } from '../../store/store.ts';
import type { AccountDeps } from '../accounts.ts';
import { hashPassword, verifyPassword } from '../passwords.ts';
import { type PasswordProblem, passwordProblem } from './password-policy.ts';

export type PasswordDeps = Pick<AccountDeps, 'store' | 'secret'>;

/** The one in use and so many before it do not come back. */
const rememberedPasswords = 5;

export type Judged = { readonly problem: PasswordProblem } | { readonly hash: string };

async function isReused({ store, secret }: PasswordDeps, user: User, password: string): Promise<boolean> {
  const pepper = secret.derive('pepper');
  const former = await formerPasswords(store.db, user.id, rememberedPasswords);
  for (const stored of user.passwordHash === null ? former : [user.passwordHash, ...former]) {
    if ((await verifyPassword(pepper, password, stored)).isRight) return true;
  }
  return false;
}

/** What is wrong with it for this person, or its hash. About 300 ms for each password that the person had. */
export async function judgePassword(deps: PasswordDeps, user: User, password: string): Promise<Judged> {
  const problem = await passwordProblem(password, user);
  if (problem) return { problem };
  if (await isReused(deps, user, password)) return { problem: 'reused' };
  return { hash: await hashPassword(deps.secret.derive('pepper'), password) };
}

/** Of the transaction that ends the sessions and tells the trail. Links that were not used are void from now on. */
export async function keepPassword(tx: Store, user: User, hash: string): Promise<void> {
  await setPassword(tx.db, user.id, hash, rememberedPasswords);
  await removeLinks(tx.db, user.id);
}
