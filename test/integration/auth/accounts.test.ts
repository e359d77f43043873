import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Practitioner, PractitionerRole } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setUserStatus } from '../../../src/auth/accounts/change-user.ts';
import { type AccountDeps, addUser, bootstrapAdministrator } from '../../../src/auth/accounts.ts';
import { openAuth } from '../../../src/auth/open-auth.ts';
import { openSecret } from '../../../src/auth/secret.ts';
import { recordLogin, signIn } from '../../../src/auth/sign-in.ts';
import { createValidator } from '../../../src/fhir/validation/validator.ts';
import { silent } from '../../../src/shared/logger.ts';
import { findUserByEmail } from '../../../src/store/accounts/users.ts';
import { withStore } from '../../support/store.ts';

const database = withStore();
let folder: string;
let deps: AccountDeps;
const password = 'une phrase de passe';
const user = { email: 'Anne.Roy@Hopital.fr', role: 'MEDECIN', nom: 'Roy', prenom: 'Anne', password } as const;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livedoc-accounts-'));
  deps = {
    store: database.store,
    secret: await openSecret(folder),
    validate: createValidator({ profilesFolder: 'fhir-profiles' }),
    now: () => new Date(),
    base: 'http://localhost/fhir',
    log: silent,
  };
});
afterAll(() => rm(folder, { recursive: true }));

const rows = (text: string) => database.store.db.query<Record<string, unknown>>({ text });
const resources = async <T>(type: string): Promise<T[]> => {
  const page = await database.store.search({ type, where: [], sort: [], count: 100, total: 'none' });
  return page.versions.map(({ body }) => JSON.parse(body) as T);
};

describe('the first administrator', () => {
  it('is made once on an empty database, with a password that is told once', async () => {
    const given = { email: 'admin@livedoc.local' };
    const made = await Promise.all([bootstrapAdministrator(deps, given), bootstrapAdministrator(deps, given)]);
    const [bootstrap, none] = made[0] ? made : made.toReversed();
    expect(none).toBeUndefined();
    expect(bootstrap).toMatchObject({ email: 'admin@livedoc.local', isGenerated: true });
    expect(bootstrap?.password).toMatch(/^[A-HJ-NP-Za-km-z2-9]{20}$/);
    expect(await bootstrapAdministrator(deps, given)).toBeUndefined();
    const stored =
      JSON.stringify(await rows('select * from users')) + JSON.stringify(await rows('select record from audit_log'));
    expect(stored).not.toContain(bootstrap?.password);
    const who = { email: 'admin@livedoc.local', password: bootstrap?.password ?? '', address: '::1', clientName: 'x' };
    const result = await signIn(database.store, deps.secret.derive('pepper'), who);
    expect(result).toMatchObject({ kind: 'welcome', user: { role: 'ADMINISTRATEUR' } });
    // The password alone is not the end of a sign-in: a second factor may be to come.
    expect((await rows('select last_login from users'))[0]?.['last_login']).toBeNull();
    if (result.kind === 'welcome') await recordLogin(database.store, who, result.user, ['pwd']);
    expect((await rows('select last_login from users'))[0]?.['last_login']).toBeInstanceOf(Date);
  });
});

describe('an account', () => {
  it('comes with its Practitioner and PractitionerRole', async () => {
    const { practitionerId } = await addUser(deps, user);
    const practitioners = await resources<Practitioner>('Practitioner');
    expect(practitioners.find(({ id }) => id === practitionerId)).toMatchObject({
      active: true,
      name: [{ use: 'official', family: 'Roy', given: ['Anne'] }],
      telecom: [{ system: 'email', use: 'work', value: 'anne.roy@hopital.fr' }],
    });
    const roles = await resources<PractitionerRole>('PractitionerRole');
    expect(
      roles.find(({ practitioner }) => practitioner?.reference === `Practitioner/${practitionerId}`),
    ).toMatchObject({
      active: true,
      code: [
        {
          coding: [
            { system: 'https://livedoc.health/fhir/CodeSystem/user-role', code: 'MEDECIN' },
            { system: 'http://snomed.info/sct', code: '309343006' },
          ],
        },
      ],
    });
    expect(await findUserByEmail(database.store.db, 'ANNE.roy@hopital.fr')).toMatchObject({
      status: 'ACTIVE',
      practitionerId,
    });
  });

  it('has an email of its own in whatever case, and a failure leaves nothing', async () => {
    const before = (await resources('Practitioner')).length;
    const twice = { ...user, email: 'twice@hopital.fr' };
    const results = await Promise.allSettled([
      addUser(deps, twice),
      addUser(deps, { ...twice, email: 'TWICE@hopital.fr ' }),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await resources('Practitioner')).toHaveLength(before + 1);
    await expect(addUser(deps, twice)).rejects.toMatchObject({ kind: 'conflict' });
  });

  it.each([
    ['an email without @', { email: 'nobody' }],
    ['no name', { nom: ' ' }],
    ['a short password', { password: 'short' }],
  ])('with %s is refused', async (_name, changes) => {
    await expect(addUser(deps, { ...user, email: 'new@hopital.fr', ...changes })).rejects.toMatchObject({
      kind: 'unprocessable',
    });
  });

  it('that is suspended is inactive in FHIR too, and comes back', async () => {
    const { practitionerId } = await addUser(deps, { ...user, email: 'status@hopital.fr' });
    const active = async () => {
      const practitioner = (await resources<Practitioner>('Practitioner')).find(({ id }) => id === practitionerId);
      const role = (await resources<PractitionerRole>('PractitionerRole')).find(
        ({ practitioner: who }) => who?.reference === `Practitioner/${practitionerId}`,
      );
      return [practitioner?.active, role?.active];
    };
    await setUserStatus(deps, { email: 'Status@hopital.fr', status: 'SUSPENDED' });
    expect(await active()).toEqual([false, false]);
    await setUserStatus(deps, { email: 'status@hopital.fr', status: 'SUSPENDED' });
    await setUserStatus(deps, { email: 'status@hopital.fr', status: 'ACTIVE' });
    expect(await active()).toEqual([true, true]);
    await expect(setUserStatus(deps, { email: 'nobody@hopital.fr', status: 'ACTIVE' })).rejects.toMatchObject({
      kind: 'notFound',
    });
  });

  it('is in the audit trail without its password', async () => {
    const trail = (await rows('select record from audit_log')).map(({ record }) => String(record)).join('\n');
    expect(trail).toContain('"user-add"');
    expect(trail).toContain('"user-status"');
    expect(trail).not.toContain(password);
  });
});

describe('tries to sign in', () => {
  it('that come at once all count before any is judged', async () => {
    await addUser(deps, { ...user, email: 'target@hopital.fr' });
    const who = { email: 'target@hopital.fr', password: 'wrong wrong wrong', address: '192.0.2.1', clientName: 'x' };
    const pepper = deps.secret.derive('pepper');
    const results = await Promise.all(Array.from({ length: 16 }, () => signIn(database.store, pepper, who)));
    const judged = results.filter(({ kind }) => kind === 'refused');
    expect(judged.length).toBeGreaterThan(0);
    expect(judged.length).toBeLessThanOrEqual(6);
    // From elsewhere the owner still gets in.
    const owner = { ...who, password, address: '192.0.2.2' };
    expect((await signIn(database.store, pepper, owner)).kind).toBe('welcome');
  });
});

describe('the signing key', () => {
  const open = (secret: AccountDeps['secret']) =>
    openAuth({ store: database.store, secret, publicUrl: 'http://localhost', log: silent });

  it('is made once, also by two starts at once, and sealed', async () => {
    const auths = await Promise.all([open(deps.secret), open(deps.secret), open(deps.secret)]);
    await Promise.all(auths.map((auth) => auth.close()));
    const keys = await rows('select * from oauth_key');
    expect(keys).toHaveLength(1);
    expect(keys[0]?.['public_jwk']).not.toHaveProperty('d');
    expect(Buffer.from(keys[0]?.['sealed_private_jwk'] as Uint8Array).toString('latin1')).not.toContain('"d"');
  });

  it('keeps a server with another secret from starting, and says why', async () => {
    const other = await openSecret(join(folder, 'other'));
    await expect(open(other)).rejects.toThrow('secret.key of the data directory does not belong to this database');
  });
});
