/** Limits on guessing passwords, shared by all processes: by account, by network, by both; and the owner gets in. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AccountDeps, addUser } from '../../../src/auth/accounts.ts';
import { openSecret } from '../../../src/auth/secret.ts';
import { signIn } from '../../../src/auth/sign-in.ts';
import { silent } from '../../../src/shared/logger.ts';
import { countTry } from '../../../src/store/accounts/attempts.ts';
import { withStore } from '../../support/store.ts';

const database = withStore();
let folder: string;
let deps: AccountDeps;
const password = 'une phrase de passe';
const email = 'cible@hopital.fr';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livedoc-guessing-'));
  const secret = await openSecret(folder);
  deps = {
    store: database.store,
    secret,
    validate: () => [],
    now: () => new Date(),
    base: 'http://x/fhir',
    log: silent,
  };
  await addUser(deps, { email, role: 'MEDECIN', nom: 'Roy', prenom: 'Anne', password });
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(() => database.store.db.query({ text: 'delete from attempt' }));

interface Try {
  readonly password?: string;
  readonly address?: string;
  readonly email?: string;
  readonly knownBrowser?: string;
}

const attempt = (asked: Try) =>
  signIn(database.store, deps.secret.derive('pepper'), {
    email,
    password: 'a wrong phrase',
    address: '192.0.2.1',
    clientName: 'test',
    ...asked,
  });

/** A slow machine takes longer to guess than the first delays last: those that were imposed are made to last. */
async function freeze(): Promise<void> {
  await database.store.db.query({
    text: "update attempt set blocked_until = now() + interval '1 minute' where blocked_until is not null",
  });
}

/** As if there had been so many tries at all that was tried. */
async function asIf(tries: number): Promise<void> {
  const blocked = tries > 5 && tries < 20 ? "now() + interval '1 minute'" : 'null';
  await database.store.db.query({ text: `update attempt set failures = ${tries}, blocked_until = ${blocked}` });
}

/** Counts so many tries of a key as if they had been judged, without the time that bcrypt takes. */
const patience = { free: 20, longest: 60 };
const count = (key: string, tries: number) =>
  Promise.all(Array.from({ length: tries }, () => countTry(database.store.db, key, patience)));

describe('tries that are counted', () => {
  it('are let through as often as is allowed and once more, however many come at once', async () => {
    const waits = await count('a key', 64);
    expect(waits.filter((seconds) => seconds === 0)).toHaveLength(21);
    expect(Math.max(...waits)).toBeLessThanOrEqual(2);
  });

  it('are delayed twice as long each time, up to the longest', async () => {
    const waits: number[] = [];
    await count('slow', 20);
    for (let wrong = 0; wrong < 8; wrong += 1) {
      await countTry(database.store.db, 'slow', patience);
      waits.push(await countTry(database.store.db, 'slow', patience));
      await database.store.db.query({ text: "update attempt set blocked_until = now() where key = 'slow'" });
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  });
});

describe('guessing', () => {
  it('at one account from one place is slowed after five', async () => {
    const results = await Promise.all(Array.from({ length: 8 }, () => attempt({})));
    expect(results.filter(({ kind }) => kind === 'refused').length).toBeLessThanOrEqual(6);
    await freeze();
    expect(await attempt({ password })).toMatchObject({ kind: 'wait' });
  });

  it('from one IPv6 network is one place, whatever the address in it', async () => {
    await attempt({ address: '2001:db8:1:2::1' });
    await asIf(6);
    expect((await attempt({ address: '2001:db8:1:2:ffff::7' })).kind).toBe('wait');
    expect((await attempt({ address: '2001:db8:1:3::1', email: 'another@hopital.fr' })).kind).toBe('refused');
  });

  it('at one account from everywhere is slowed after twenty', async () => {
    await attempt({ address: '198.51.100.1' });
    await asIf(20);
    expect((await attempt({ address: '198.51.100.2' })).kind).toBe('refused');
    await freeze();
    expect(await attempt({ password, address: '198.51.100.3' })).toMatchObject({ kind: 'wait' });
  });

  it('at many accounts from one place is slowed after a hundred', async () => {
    await attempt({ email: 'first@hopital.fr' });
    await asIf(100);
    expect((await attempt({ email: 'next@hopital.fr' })).kind).toBe('refused');
    await freeze();
    expect(await attempt({ email: 'another@hopital.fr' })).toMatchObject({ kind: 'wait' });
  });

  it('does not shut the owner out of a browser that is known, from the same address or any other', async () => {
    const known = { password, knownBrowser: 'AAAAAAAAAAAAAAAAAAAAAA' };
    await attempt({});
    await asIf(500);
    await database.store.db.query({ text: "update attempt set blocked_until = now() + interval '1 minute'" });
    expect((await attempt({ password })).kind).toBe('wait');
    expect((await attempt(known)).kind).toBe('welcome');
    const guesses = await Promise.all(Array.from({ length: 8 }, () => attempt({ ...known, password: 'wrong wrong' })));
    expect(guesses.filter(({ kind }) => kind === 'refused').length).toBeLessThanOrEqual(6);
  });
});

describe('an unknown account', () => {
  it('takes the time of a known one: the medians of seven tries are alike', async () => {
    const times = { known: [] as number[], unknown: [] as number[] };
    for (let round = 0; round < 7; round += 1) {
      for (const who of ['known', 'unknown'] as const) {
        const begun = performance.now();
        await attempt({ email: who === 'known' ? email : 'nobody@hopital.fr', address: `203.0.113.${round}` });
        times[who].push(performance.now() - begun);
      }
    }
    const median = (all: number[]) => all.sort((a, b) => a - b)[3] ?? 0;
    const ratio = median(times.unknown) / median(times.known);
    // Without the hash an unknown one would take a hundredth; other tests on the same cores take their share of the time.
    expect(ratio).toBeGreaterThan(0.5);
    expect(ratio).toBeLessThan(2);
  });

  it('and one without a password are refused in the same words', async () => {
    await database.store.db.query({ text: "update users set password_hash = null where email = 'cible@hopital.fr'" });
    expect(await attempt({ password })).toEqual({ kind: 'refused' });
    expect(await attempt({ email: 'nobody@hopital.fr' })).toEqual({ kind: 'refused' });
  });
});
