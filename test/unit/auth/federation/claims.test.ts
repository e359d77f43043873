/** What identity providers say of a person: Keycloak, Entra ID and Pro Santé Connect as they send it. */
import { describe, expect, it } from 'vitest';
import { personOf, valuesAt } from '../../../../src/auth/federation/claims.ts';
import { hasSecondFactor, refuses, roleFor } from '../../../../src/auth/federation/judge-person.ts';
import { identifiersOf, nationalId, ofIdNatPs } from '../../../../src/auth/federation/national-id.ts';
import { settingsOf } from '../../../../src/auth/federation/settings.ts';
import type { IdentityProviderRequest } from '../../../../src/shared/api/identity-provider.ts';

const settings = (changes: Partial<IdentityProviderRequest> = {}) =>
  settingsOf('test', { issuer: 'https://sso.hopital.fr', client_id: 'livedoc', ...changes });

describe('valuesAt', () => {
  it('finds values inside others, of arrays each', () => {
    const claims = { realm_access: { roles: ['a', 'b'] }, exercices: [{ code: 10 }, { code: '21' }, {}] };
    expect(valuesAt(claims, 'realm_access.roles')).toEqual(['a', 'b']);
    expect(valuesAt(claims, 'exercices.code')).toEqual(['10', '21']);
  });

  it('takes a claim whose own name has dots before a path', () => {
    const claims = { 'https://hopital.fr/roles': ['x'], 'a.b': 'whole', a: { b: 'inside' } };
    expect(valuesAt(claims, 'https://hopital.fr/roles')).toEqual(['x']);
    expect(valuesAt(claims, 'a.b')).toEqual(['whole']);
    expect(valuesAt(claims, ['a', 'b'])).toEqual(['inside']);
  });

  it.each([['toString'], ['__proto__.polluted'], ['constructor.name'], ['no.such.claim'], ['list.length']])(
    'finds nothing at %s',
    (path) => expect(valuesAt({ list: ['a'] }, path)).toEqual([]),
  );

  it('drops what no claim is: objects, empty and endless texts', () => {
    expect(valuesAt({ roles: [{}, '', 'x'.repeat(501), null, 'good'] }, 'roles')).toEqual(['good']);
  });
});

describe('a person', () => {
  it('of Keycloak has the roles of the realm', () => {
    const keycloak = settings({ preset: 'keycloak' });
    const person = personOf(keycloak, {
      sub: 'f3',
      sid: 's1',
      email: 'Claire@Hopital.fr',
      email_verified: true,
      family_name: 'Petit',
      given_name: 'Claire',
      realm_access: { roles: ['offline_access', 'MEDECIN'] },
    });
    expect(person).toMatchObject({ subject: 'f3', sid: 's1', email: 'claire@hopital.fr', isEmailVerified: true });
    expect(roleFor(keycloak, person)).toBe('MEDECIN');
  });

  it('of Entra ID has app roles, and `mfa` where two factors were checked', () => {
    const entra = settings({ preset: 'entra', allowed: { claims: { tid: ['tenant-1'] } } });
    const claims = { sub: 'x', tid: 'tenant-1', roles: ['PERSONNEL'], amr: ['pwd', 'mfa'], email: 'a@b.fr' };
    const person = personOf(entra, claims);
    expect(roleFor(entra, person)).toBe('PERSONNEL');
    expect(hasSecondFactor(entra, person)).toBe(true);
    // Entra sends no email_verified, and anybody may write any address into a tenant of their own.
    expect(person.isEmailVerified).toBe(false);
    expect(refuses(entra, person)).toBeUndefined();
    expect(refuses(entra, personOf(entra, { ...claims, tid: 'tenant-2' }))).toMatchObject({ refused: 'notAllowed' });
  });

  it('of Pro Santé Connect has the national identifier of userinfo, and eidas1', () => {
    const psc = settings({ preset: 'pro-sante-connect' });
    const idToken = { sub: 'f:550dc1c8:899700366240', acr: 'eidas1', preferred_username: '899700366240' };
    const userinfo = {
      sub: idToken.sub,
      SubjectNameID: '810100473148',
      SubjectRefPro: { exercices: [{ codeProfession: '10' }] },
      family_name: 'Petit',
      given_name: 'Claire',
    };
    const person = personOf(psc, idToken, userinfo);
    expect(person.nationalIds).toEqual({ rpps: '10100473148' });
    expect(refuses(psc, person)).toBeUndefined();
    expect(hasSecondFactor(psc, person)).toBe(true);
    expect(valuesAt(person.claims, 'SubjectRefPro.exercices.codeProfession')).toEqual(['10']);
    expect(refuses(psc, personOf(psc, { ...idToken, acr: 'weak' }, userinfo))).toMatchObject({ refused: 'weak' });
  });

  it('is who the ID token says, whatever userinfo says', () => {
    const person = personOf(
      settings(),
      { sub: 'one', email: 'one@a.fr' },
      { sub: 'two', email: 'two@a.fr', acr: 'high', amr: ['mfa'], auth_time: 5 },
    );
    expect(person).toMatchObject({ subject: 'one', email: 'one@a.fr', amr: [] });
    expect(person.acr).toBeUndefined();
    expect(person.authTime).toBeUndefined();
  });

  it('has only a verified address in an allowed domain', () => {
    const strict = settings({ allowed: { email_domains: ['Hopital.fr'] } });
    const of = (email: string, verified: unknown) =>
      refuses(strict, personOf(strict, { sub: 'x', email, email_verified: verified }));
    expect(of('a@hopital.fr', true)).toBeUndefined();
    expect(of('a@hopital.fr', false)).toMatchObject({ refused: 'emailUnverified' });
    expect(of('a@hopital.fr.evil.fr', true)).toMatchObject({ refused: 'notAllowed' });
    expect(of('"a@hopital.fr"@evil.fr', true)).toMatchObject({ refused: 'notAllowed' });
  });
});

describe('a role', () => {
  const values = [
    { value: '/medecins', role: 'MEDECIN' as const },
    { value: '/dim', role: 'ADMINISTRATEUR' as const },
    { value: '/radiologues', role: 'MEDECIN' as const },
  ];
  const roleOf = (groups: readonly string[], more: object = {}) => {
    const own = settings({ roles: { claim: 'groups', values, ...more } });
    return roleFor(own, personOf(own, { sub: 'x', groups }));
  };

  it('is that of all values that give one', () => expect(roleOf(['/medecins', '/radiologues', '/x'])).toBe('MEDECIN'));
  it('is refused when no value gives one', () => expect(roleOf(['/x'])).toMatchObject({ refused: 'unknownRole' }));
  it('is the one for all others, where there is one', () =>
    expect(roleOf(['/x'], { otherwise: 'PERSONNEL' })).toBe('PERSONNEL'));
  it('is refused when the values give several', () =>
    expect(roleOf(['/dim', '/medecins'])).toMatchObject({ refused: 'severalRoles' }));
  it('is the first of several where the settings say so', () =>
    expect(roleOf(['/dim', '/medecins'], { when_several: 'first' })).toBe('MEDECIN'));
  it('is not said without settings for it', () =>
    expect(roleFor(settings(), personOf(settings(), { sub: 'x' }))).toBeUndefined());
});

describe('a national identifier', () => {
  it('is read from IdNat_PS by its first digit', () => {
    expect(ofIdNatPs('810100473148')).toEqual({ rpps: '10100473148' });
    expect(ofIdNatPs('0759900001')).toEqual({ adeli: '759900001' });
    expect(ofIdNatPs('3750712184')).toEqual({});
    expect(ofIdNatPs('ANS20231122132732')).toEqual({});
    expect(ofIdNatPs(undefined)).toEqual({});
  });

  it.each([['1010047314'], ['101004731480'], ['1010047314a'], ['']])('is not %j', (value) =>
    expect(nationalId('rpps', value)).toBeUndefined(),
  );

  it('has the type and system of FR Core', () =>
    expect(identifiersOf({ rpps: '10100473148', adeli: '759900001' })).toMatchObject([
      { system: 'https://rpps.esante.gouv.fr', value: '10100473148', type: { coding: [{ code: 'RPPS' }] } },
      { system: 'https://adeli.esante.gouv.fr', value: '759900001', type: { coding: [{ code: 'ADELI' }] } },
    ]));
});

describe('settings', () => {
  it.each<[string, Partial<IdentityProviderRequest>, RegExp]>([
    ['without an issuer', { issuer: undefined }, /issuer is missing/],
    ['with an issuer that has a query', { issuer: 'https://a.fr/?x=1' }, /no query/],
    ['without openid', { scope: 'profile' }, /openid/],
    ['that set the state themselves', { authorization_parameters: { state: 'x' } }, /must not have state/],
    ['that make accounts without roles', { accounts: { create: true } }, /needs roles/],
    ['whose roles give nobody one', { roles: { claim: 'r', values: [] } }, /nobody/],
    ['with userinfo signed by a shared secret', { userinfo_signed_alg: 'HS256' }, /userinfo_signed_alg/],
  ])('%s are refused', (_, changes, message) => expect(() => settings(changes)).toThrow(message));

  it('keep no secret', () => {
    expect(JSON.stringify(settings({ client_secret: 'very-secret' }))).not.toContain('very-secret');
  });

  it('change a preset where they say so', () => {
    const own = settings({ preset: 'pro-sante-connect', issuer: undefined, name: { fr: 'e-CPS', en: 'e-CPS' } });
    expect(own).toMatchObject({
      name: { fr: 'e-CPS' },
      issuer: 'https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet',
      scope: 'openid scope_all',
      acr_values: 'eidas1',
      userinfo: true,
      accounts: { create: false, link_by_email: false },
    });
  });
});
