/**
 * Checks a name and a password: same answer and time whether or not the account exists, growing delays after failures,
 * every outcome in the audit trail. https://cheatsheetseries.owasp.org/cheatsheets/Authentication_Cheat_Sheet.html
 */
import { createHash } from 'node:crypto';
import { countTry, forgetTries, type Patience, takeTryBack } from '../store/accounts/attempts.ts';
import { findUserByEmail, recordSignIn, rehashPassword, type User } from '../store/accounts/users.ts';
import type { AuditRecord } from '../store/audit/record.ts';
import type { Store } from '../store/store.ts';
import { personAgent } from './agents.ts';
import { networkOf } from './network.ts';
import { verifyPassword } from './passwords.ts';

export interface SignIn {
  readonly email: string;
  readonly password: string;
  readonly address: string;
  /** The application that the person signs in for. */
  readonly clientName: string;
  /** What a browser is counted as in which this person has signed in before. */
  readonly knownBrowser?: string | undefined;
  readonly requestId?: string | undefined;
}

export type SignInResult =
  | { readonly kind: 'welcome'; readonly user: User }
  | { readonly kind: 'refused' }
  /** Too many failures: seconds to wait. */
  | { readonly kind: 'wait'; readonly seconds: number };

/**
 * One person at one place is slowed down soon, an account as a whole and an address late. A browser in which the person has
 * signed in before is counted by itself: so nobody, not even from the same address, can shut the owner out.
 */
const patience = {
  known: { free: 5, longest: 900 },
  both: { free: 5, longest: 900 },
  account: { free: 20, longest: 60 },
  // A whole hospital may come from one address.
  address: { free: 100, longest: 900 },
} as const satisfies Record<string, Patience>;

type Counted = Partial<Record<keyof typeof patience, string>>;

/** What is typed may be a password by mistake, so only its hash is kept. */
function keysOf({ email, address: asked, knownBrowser }: SignIn): Counted {
  const address = networkOf(asked);
  const key = (...parts: string[]) => createHash('sha256').update(parts.join('\n')).digest('base64url');
  const account = email.trim().toLowerCase();
  if (knownBrowser !== undefined) return { known: key('known', account, knownBrowser) };
  return { both: key('both', account, address), account: key('account', account), address: key('address', address) };
}

async function waitFor(store: Store, keys: Counted): Promise<number> {
  for (const kind of ['known', 'both', 'account', 'address'] as const) {
    const key = keys[kind];
    const seconds = key === undefined ? 0 : await countTry(store.db, key, patience[kind]);
    if (seconds > 0) return seconds;
  }
  return 0;
}

function recordOf(
  { address, clientName, requestId }: Pick<SignIn, 'address' | 'clientName' | 'requestId'>,
  user: User | undefined,
  told: Pick<AuditRecord, 'type' | 'outcome'>,
): AuditRecord {
  return {
    ...told,
    subtype: told.type,
    action: 'E',
    recorded: new Date(),
    client: { name: clientName },
    ...(user ? { user: personAgent(user) } : {}),
    address,
    entities: [],
    patients: [],
    ...(requestId === undefined ? {} : { requestId }),
  };
}

async function refuse(store: Store, signIn: SignIn, user: User | undefined, why: string): Promise<void> {
  const record = recordOf(signIn, user, { type: 'login-failed', outcome: '4' });
  await store.audit.append({ ...record, outcomeText: why });
}

async function welcome(store: Store, signIn: SignIn, user: User, newHash: string | undefined): Promise<void> {
  const keys = keysOf(signIn);
  await store.transaction(async (tx) => {
    await forgetTries(
      tx.db,
      [keys.known, keys.both, keys.account].filter((key) => key !== undefined),
    );
    if (keys.address !== undefined) await takeTryBack(tx.db, keys.address);
    if (newHash !== undefined) await rehashPassword(tx.db, user.id, newHash);
  });
}

/** Notes that the person is in: every factor that the account needs was right. `amr` says which (RFC 8176). */
export async function recordLogin(
  store: Store,
  who: Pick<SignIn, 'address' | 'clientName' | 'requestId'>,
  user: User,
  amr: readonly string[],
): Promise<void> {
  await store.transaction(async (tx) => {
    await recordSignIn(tx.db, user.id);
    const record = recordOf(who, user, { type: 'login', outcome: '0' });
    await tx.audit.append({ ...record, entities: [{ detail: { amr: amr.join(' ') } }] });
  });
}

/**
 * Whether this is the person's password; nothing in the answer tells an unknown account from a wrong password or a closed
 * account. The sign-in is not over with it: `recordLogin` ends it, after a second factor where the account has one.
 */
export async function signIn(store: Store, pepper: Uint8Array, asked: SignIn): Promise<SignInResult> {
  const seconds = await waitFor(store, keysOf(asked));
  if (seconds > 0) {
    await refuse(store, asked, undefined, 'too many tries');
    return { kind: 'wait', seconds };
  }
  const user = await findUserByEmail(store.db, asked.email.trim());
  const { isRight, newHash } = await verifyPassword(pepper, asked.password, user?.passwordHash);
  if (user && isRight && user.status === 'ACTIVE') {
    await welcome(store, asked, user, newHash);
    return { kind: 'welcome', user };
  }
  await refuse(store, asked, user, isRight ? `account is ${user?.status}` : 'wrong email or password');
  return { kind: 'refused' };
}
