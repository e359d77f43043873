/** `livedoc user ...` as an administrator at the server types it. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { UsageError, type Values } from '../../src/command-line.ts';
import { silent } from '../../src/shared/logger.ts';
import { userCommands } from '../../src/user-command.ts';
import { withSmartServer } from '../support/smart-server.ts';

const smart = withSmartServer();
afterEach(() => vi.restoreAllMocks());

const person = { email: 'ines@hopital.fr', role: 'PERSONNEL', nom: 'Faure', prenom: 'Inès' };

/** What the command prints, with --json. */
async function run<T = Record<string, string>>(name: string, values: Values = {}): Promise<T> {
  const printed: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  const { config, parts } = smart.server;
  await userCommands[`user ${name}`]?.run({ config, parts, log: silent }, { json: true, ...values });
  return JSON.parse(printed.join('')) as T;
}

describe('livedoc user', () => {
  it('add without a password prints a link that opens', async () => {
    const added = await run('add', person);
    expect(added).toMatchObject({ email: person.email, practitioner: expect.stringMatching(/^Practitioner\//) });
    expect((await fetch(added['link'] ?? '')).status).toBe(200);
    const again = await run('reset', { email: person.email });
    expect((await fetch(added['link'] ?? '')).status).toBe(410);
    expect((await fetch(again['link'] ?? '')).status).toBe(200);
  });

  it('changes names, address, role and status, and lists them', async () => {
    await run('update', { email: person.email, 'new-email': 'i.faure@hopital.fr', nom: 'Faure-Roy' });
    await run('role', { email: 'I.Faure@hopital.fr', role: 'MEDECIN' });
    await run('status', { email: 'i.faure@hopital.fr', status: 'INACTIVE' });
    const list = await run<Record<string, unknown>[]>('list');
    expect(list.find(({ email }) => email === 'i.faure@hopital.fr')).toMatchObject({
      nom: 'Faure-Roy',
      role: 'MEDECIN',
      status: 'INACTIVE',
    });
    expect(JSON.stringify(list)).not.toMatch(/bcrypt|hash/i);
    await run('status', { email: 'i.faure@hopital.fr', status: 'ACTIVE' });
  });

  it('shows sessions and ends them', async () => {
    expect(await run<unknown[]>('sessions', { email: 'i.faure@hopital.fr' })).toEqual([]);
    expect(await run('sign-out', { email: 'i.faure@hopital.fr' })).toEqual({
      email: 'i.faure@hopital.fr',
      ended: 'all',
    });
  });

  it.each([
    ['status', { email: 'nobody@hopital.fr', status: 'ACTIVE' }, 'has no account'],
    ['reset', { email: 'nobody@hopital.fr' }, 'has no account'],
    ['invite', { ...person, email: 'i.faure@hopital.fr' }, 'has an account already'],
    ['invite', { ...person, email: 'no address' }, 'is not an email address'],
    ['status', { email: 'administrateur@hopital.fr', status: 'SUSPENDED' }, 'last active administrator'],
    ['sign-out', { email: 'i.faure@hopital.fr', session: 'none' }, 'has ended already'],
  ])('%s %j says what is wrong', async (name, values, words) => {
    await expect(run(name, values)).rejects.toThrow(words);
  });

  it.each([
    ['role', { email: 'a@b.fr', role: 'ROOT' }],
    ['status', { email: 'a@b.fr' }],
    ['invite', { email: 'a@b.fr', role: 'MEDECIN', nom: 'A' }],
  ])('%s %j is a slip in the command line', async (name, values) => {
    await expect(run(name, values)).rejects.toBeInstanceOf(UsageError);
  });
});
