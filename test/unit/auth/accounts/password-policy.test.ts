// https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver
import { describe, expect, it } from 'vitest';
import { isBreached, readBreached } from '../../../../src/auth/accounts/breached.ts';
import { passwordProblem } from '../../../../src/auth/accounts/password-policy.ts';

const owner = { email: 'claire.petit@hopital.fr', nom: 'Petit-Gérard', prenom: 'Léa' };

describe('a password that may be set', () => {
  it.each([
    'un mot de passe assez long',
    'Thorax-de-face-2026',
    'correct horse battery staple',
    'ʘ‿ʘ voilà des lettres rares',
    `${'quatre mots au hasard '.repeat(46)}ab`,
    'k8#Vq2!mZx_0',
    'Léandre aime le thé vert',
  ])('%s', async (password) => expect(await passwordProblem(password, owner)).toBeUndefined());

  it('may have up to 1024 characters, however its accents were typed', async () => {
    const longest = `${'été à la plage '.repeat(68)}1234`;
    expect([...longest]).toHaveLength(1024);
    expect(await passwordProblem(longest, owner)).toBeUndefined();
    expect(longest.normalize('NFD').length).toBeGreaterThan(1024);
    expect(await passwordProblem(longest.normalize('NFD'), owner)).toBeUndefined();
  });
});

describe('a password is refused', () => {
  it.each([
    ['length', 'eleven char'],
    ['length', ''],
    ['length', 'un texte de plus '.repeat(61)],
    // One character after NFKC, twelve before.
    ['length', 'e\u0301'.repeat(6)],
    ['breached', 'unbelievable'],
    ['breached', 'UNBELIEVABLE'],
    ['breached', '1qaz2wsx3edc'],
    ['breached', 'Password2024!'],
    ['breached', 'p@ssw0rd2024'],
    ['breached', 'motdepasse2026!'],
    ['breached', 'azertyuiop123'],
    ['breached', 'passwordpassword'],
    ['breached', '!!!!Sunshine!!!!'],
    ['simple', 'aaaaaaaaaaaa'],
    ['simple', 'abcabcabcabcabc'],
    ['simple', 'abcdefghijklmnop'],
    ['simple', '9876543210987'],
    ['personal', 'claire.petit@hopital.fr'],
    ['personal', 'je suis CLAIRE.PETIT ici'],
    ['personal', 'famille petit-gerard 12'],
  ] as const)('as %s: %s', async (problem, password) => expect(await passwordProblem(password, owner)).toBe(problem));
});

describe('the filter of breached passwords', () => {
  it('takes about one good password in 20,000 for a breached one', async () => {
    const filter = await readBreached();
    const taken = Array.from({ length: 40_000 }, (_, at) => isBreached(filter, `good password ${at} of none`));
    expect(taken.filter(Boolean).length).toBeLessThan(12);
  });

  it('is small', async () => expect((await readBreached()).length).toBeLessThan(2 ** 20));
});
