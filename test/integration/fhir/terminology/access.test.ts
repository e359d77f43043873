/** Who may ask what of stored terminology. http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html */
import type { Parameters, ValueSet } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemAccess } from '../../../../src/auth/system-access.ts';
import type { Access } from '../../../../src/fhir/access.ts';
import { withServer } from '../../../support/server.ts';
import { animalSystem, animals, soundMap, valueSet } from '../../../support/terminology.ts';

/** `Bearer TYPE,TYPE` may read these types; `TYPE!` only what is active. */
const server = withServer({
  authenticate: ({ authorization = '', requestId }) => {
    const all = systemAccess('test');
    const words = authorization.replace('Bearer ', '').split(',');
    const rules: Partial<Access> = {
      may: (_, type) => words.some((word) => word.replace('!', '') === type),
      mayTouch: (_, resource) =>
        words.includes(resource.resourceType) ||
        (words.includes(`${resource.resourceType}!`) && (resource as { status?: string }).status === 'active'),
      restrict: (_, type) => (words.includes(type) ? [[]] : words.includes(`${type}!`) ? [[['status', 'active']]] : []),
    };
    const caller = { ...all.caller, requestId };
    return Promise.resolve(authorization === 'Bearer all' ? { ...all, caller } : { ...all, ...rules, caller });
  },
});

const as = (who: string, path: string) =>
  server.request('GET', `/${path}`, { headers: { authorization: `Bearer ${who}` } });
const open = valueSet('open', { system: animals, concept: [{ code: 'cow' }] });
const draft = { ...valueSet('draft', { system: animals, concept: [{ code: 'pig' }] }), status: 'draft' as const };
const expand = (who: string, { url = '' }: ValueSet) => as(who, `ValueSet/$expand?url=${url}`);

beforeAll(async () => {
  for (const body of [animalSystem, open, draft, soundMap]) {
    const headers = { authorization: 'Bearer all' };
    expect((await server.request('POST', `/${body.resourceType}`, { body, headers })).status).toBe(201);
  }
});

describe('terminology operations', () => {
  it.each([
    ['Patient', 'ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/languages', 403],
    ['ValueSet', 'CodeSystem/$lookup?system=http://unitsofmeasure.org&code=m', 403],
    ['CodeSystem', 'ConceptMap/$translate?system=x&code=y', 403],
    ['ValueSet', 'ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/languages', 200],
    ['CodeSystem', 'CodeSystem/$lookup?system=http://unitsofmeasure.org&code=m', 200],
    ['ConceptMap', 'ConceptMap/$translate?system=x&code=y', 200],
  ])('need the type: who may read %s asks %s: %i', async (who, path, status) => {
    expect((await as(who, path)).status).toBe(status);
  });

  it('answer for a stored value set that the caller may not see as for one that does not exist', async () => {
    expect((await expand('ValueSet!,CodeSystem', open)).status).toBe(200);
    const hidden = await expand('ValueSet!,CodeSystem', draft);
    const none = await expand('ValueSet!,CodeSystem', valueSet('none'));
    expect([hidden.status, none.status]).toEqual([404, 404]);
    expect(hidden.text.replaceAll('draft', 'none')).toBe(none.text);
    expect((await expand('all', draft)).status).toBe(200);
  });

  it('do not tell of the bindings of a profile that the caller may not see', async () => {
    const profile = {
      resourceType: 'StructureDefinition',
      url: 'http://example.org/StructureDefinition/hidden',
      name: 'Hidden',
      status: 'draft',
      kind: 'resource',
      abstract: false,
      type: 'Patient',
      baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Patient',
      derivation: 'constraint',
      differential: {
        element: [
          {
            id: 'Patient.maritalStatus',
            path: 'Patient.maritalStatus',
            binding: { strength: 'required', valueSet: 'http://hl7.org/fhir/ValueSet/languages' },
          },
        ],
      },
    };
    const headers = { authorization: 'Bearer all' };
    await server.request('POST', '/StructureDefinition', { body: profile, headers });
    const context = encodeURIComponent(`${profile.url}#Patient.maritalStatus`);
    const ask = (who: string) => as(who, `ValueSet/$expand?context=${context}`);
    expect([(await ask('ValueSet')).status, (await ask('all')).status]).toEqual([404, 200]);
  });

  it('do not find matches in a code system that the caller may not see', async () => {
    const path = `CodeSystem/$find-matches?system=${animals}&exact=true`;
    expect((await as('ValueSet', path)).status).toBe(403);
  });

  it('do not see stored code systems for who may read value sets only', async () => {
    const seen = (await expand('ValueSet,CodeSystem', open)).as<ValueSet>().expansion?.contains?.[0];
    const unseen = (await expand('ValueSet', open)).as<ValueSet>().expansion?.contains?.[0];
    expect([seen?.display, unseen?.display]).toEqual(['Cow', undefined]);
  });

  it('do not translate by stored maps that the caller may not read', async () => {
    const path = `ConceptMap/$translate?system=${animals}&code=cow`;
    const result = async (who: string) =>
      (await as(who, path)).as<Parameters>().parameter?.find(({ name }) => name === 'result')?.valueBoolean;
    expect([await result('ConceptMap'), await result('all')]).toEqual([true, true]);
    expect((await as('CodeSystem,ValueSet', path)).status).toBe(403);
  });

  it('leave a record in the audit trail', async () => {
    await expand('all', open);
    const rows = await server.store.db.query<{ found: number }>({
      text: 'SELECT count(*)::int AS found FROM audit_log',
    });
    expect(rows[0]?.found).toBeGreaterThan(0);
  });
});
