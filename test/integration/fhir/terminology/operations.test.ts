/** The terminology operations over HTTP. https://hl7.org/fhir/R4/terminology-service.html */
import type { OperationOutcome, Parameters, ParametersParameter, ValueSet } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { withServer } from '../../../support/server.ts';
import { animalSystem, animals, soundMap, valueSet } from '../../../support/terminology.ts';

const server = withServer();
const { request } = server;

const get = (path: string, params: Record<string, string> = {}) =>
  request('GET', `/${path}?${new URLSearchParams(params)}`);
const post = (path: string, ...parameter: ParametersParameter[]) =>
  request('POST', `/${path}`, { body: { resourceType: 'Parameters', parameter } });
const outOf = (answer: { as<T>(): T }, name: string) => {
  const found = answer.as<Parameters>().parameter?.find((one) => one.name === name);
  return Object.entries(found ?? {}).find(([key]) => key.startsWith('value'))?.[1] as unknown;
};
const codesOf = (answer: { as<T>(): T }) => answer.as<ValueSet>().expansion?.contains?.map(({ code }) => code);

async function store<T extends { resourceType: string }>(resource: T): Promise<string> {
  const answer = await request('POST', `/${resource.resourceType}`, { body: resource });
  expect(answer.status).toBe(201);
  return answer.as<{ id: string }>().id;
}

describe('valueset-operation-expand.html', () => {
  it('expands a value set of R4 by GET', async () => {
    const answer = await get('ValueSet/$expand', { url: 'http://hl7.org/fhir/ValueSet/administrative-gender' });
    expect([answer.status, codesOf(answer)]).toEqual([200, ['male', 'female', 'other', 'unknown']]);
  });

  it("expands this server's own value sets in French and in English", async () => {
    const url = 'https://livedoc.health/fhir/ValueSet/tb-symptom';
    const display = async (displayLanguage: string) =>
      (await get('ValueSet/$expand', { url, displayLanguage, filter: 'fi fe'.slice(0, 2) })).as<ValueSet>().expansion
        ?.contains?.[0]?.display;
    expect([await display('fr'), await display('en')]).toEqual(['Fièvre', 'Fever']);
  });

  it('expands a value set that comes with the question, alone as the body too', async () => {
    const set = valueSet('mine', {
      system: 'http://hl7.org/fhir/administrative-gender',
      filter: [{ property: 'code', op: 'regex', value: '.*male' }],
    });
    expect(codesOf(await post('ValueSet/$expand', { name: 'valueSet', resource: set }))).toEqual(['male', 'female']);
    expect(codesOf(await request('POST', '/ValueSet/$expand', { body: set }))).toEqual(['male', 'female']);
  });

  it('expands a stored value set by id and by URL, at once and in its new form after a change', async () => {
    const set = valueSet('stored', { system: animals, concept: [{ code: 'cow' }] });
    await store(animalSystem);
    const id = await store(set);
    expect(codesOf(await get(`ValueSet/${id}/$expand`))).toEqual(['cow']);
    expect(codesOf(await get('ValueSet/$expand', { url: set.url ?? '' }))).toEqual(['cow']);
    const changed = { ...valueSet('stored', { system: animals, concept: [{ code: 'pig' }] }), id };
    expect((await request('PUT', `/ValueSet/${id}`, { body: changed })).status).toBe(200);
    expect(codesOf(await get('ValueSet/$expand', { url: set.url ?? '' }))).toEqual(['pig']);
    expect((await request('DELETE', `/ValueSet/${id}`)).status).toBe(204);
    expect((await get('ValueSet/$expand', { url: set.url ?? '' })).status).toBe(404);
  });

  it('takes definitions that come with the question before those that are stored', async () => {
    const set = valueSet('with', { system: 'http://example.org/CodeSystem/plants' });
    const plants = { ...animalSystem, url: 'http://example.org/CodeSystem/plants', concept: [{ code: 'oak' }] };
    const answer = await post(
      'ValueSet/$expand',
      { name: 'url', valueUri: set.url ?? '' },
      { name: 'tx-resource', resource: set },
      { name: 'tx-resource', resource: plants },
    );
    expect(codesOf(answer)).toEqual(['oak']);
  });

  it.each([
    [{}, 400, 'invalid'],
    [{ url: 'http://example.org/none' }, 404, 'not-found'],
    [{ url: 'http://hl7.org/fhir/ValueSet/mimetypes' }, 422, 'too-costly'],
    [{ url: 'http://hl7.org/fhir/ValueSet/languages', count: '-1' }, 400, 'invalid'],
    [{ url: 'http://hl7.org/fhir/ValueSet/languages', count: 'x' }, 400, 'invalid'],
    [{ url: 'http://hl7.org/fhir/ValueSet/languages', colour: 'red' }, 400, 'invalid'],
    [{ url: 'http://hl7.org/fhir/ValueSet/languages', context: 'http://x' }, 400, 'invalid'],
    [{ context: 'http://hl7.org/fhir/StructureDefinition/Patient#Patient.name' }, 404, 'not-found'],
    [{ context: 'http://hl7.org/fhir/StructureDefinition/Nothing#Nothing.x' }, 404, 'not-found'],
    [{ url: 'http://snomed.info/sct?fhir_vs=nonsense' }, 400, 'invalid'],
  ])('refuses %j with %i %s', async (params, status, code) => {
    const answer = await get('ValueSet/$expand', params as Record<string, string>);
    expect([answer.status, answer.as<OperationOutcome>().issue[0]?.code]).toEqual([status, code]);
  });
});

describe('valueset-operation-expand.html: context and date', () => {
  const base = 'http://hl7.org/fhir/StructureDefinition/';

  it.each(['Patient#Patient.gender', 'Patient#Patient.contact.gender'])(
    'context %s is its binding',
    async (context) => {
      const answer = await get('ValueSet/$expand', { context: base + context, contextDirection: 'incoming' });
      expect(codesOf(answer)).toEqual(['male', 'female', 'other', 'unknown']);
    },
  );

  it('a context may be an element of a stored profile', async () => {
    const profile = {
      resourceType: 'StructureDefinition',
      id: 'bound',
      url: 'http://example.org/StructureDefinition/bound',
      name: 'Bound',
      status: 'active',
      kind: 'resource',
      abstract: false,
      type: 'Patient',
      baseDefinition: `${base}Patient`,
      derivation: 'constraint',
      differential: {
        element: [
          {
            id: 'Patient.maritalStatus',
            path: 'Patient.maritalStatus',
            binding: { strength: 'required', valueSet: 'http://hl7.org/fhir/ValueSet/administrative-gender' },
          },
        ],
      },
    };
    await server.request('PUT', '/StructureDefinition/bound', { body: profile });
    const answer = await get('ValueSet/$validate-code', {
      context: 'http://example.org/StructureDefinition/bound#Patient.maritalStatus',
      code: 'female',
    });
    expect([outOf(answer, 'result'), outOf(answer, 'system')]).toEqual([
      true,
      'http://hl7.org/fhir/administrative-gender',
    ]);
    const inherited = await get('ValueSet/$expand', { context: `${profile.url}#Patient.gender` });
    expect(codesOf(inherited)).toContain('other');
  });

  it('a date before a stored definition was written is refused, a later one answered', async () => {
    const set = { ...valueSet('dated', { system: 'http://hl7.org/fhir/administrative-gender' }), id: 'dated' };
    await server.request('PUT', '/ValueSet/dated', { body: set });
    const at = (date: string) => get('ValueSet/$expand', { url: set.url ?? '', date });
    const early = await at('2001-01-01');
    expect([early.status, early.as<OperationOutcome>().issue[0]?.code]).toEqual([422, 'not-supported']);
    expect((await at('2999-01-01')).status).toBe(200);
    const core = { url: 'http://hl7.org/fhir/ValueSet/administrative-gender', date: '2001-01-01' };
    expect((await get('ValueSet/$expand', core)).status).toBe(200);
  });
});

describe('codesystem-operation-find-matches.html', () => {
  const find = (exact: boolean, ...wanted: readonly [code: string, value?: string][]) =>
    post(
      'CodeSystem/$find-matches',
      { name: 'system', valueUri: animals },
      { name: 'exact', valueBoolean: exact },
      { name: 'tx-resource', resource: animalSystem },
      ...wanted.map(([code, valueString]) => ({
        name: 'property',
        part: [
          { name: 'code', valueCode: code },
          ...(valueString === undefined ? [] : [{ name: 'value', valueString }]),
        ],
      })),
    );
  const found = (answer: Awaited<ReturnType<typeof find>>) =>
    (answer.as<Parameters>().parameter ?? []).map(({ part = [] }) => [
      part.find(({ name }) => name === 'code')?.valueCoding?.code,
      ...part.filter(({ name }) => name === 'unmatched').map((one) => one.part?.[0]?.valueCode),
    ]);

  it('exact: codes that have all of the properties', async () => {
    expect(found(await find(true, ['legs', '4'], ['diet', 'grass']))).toEqual([['cow']]);
    expect(found(await find(true, ['legs']))).toEqual([['cow'], ['pig'], ['hen']]);
    expect(found(await find(true, ['legs', '5']))).toEqual([]);
  });

  it('otherwise: codes that have some, with what they have not', async () => {
    expect(found(await find(false, ['legs', '4'], ['diet', 'grass']))).toEqual([['cow'], ['pig', 'diet']]);
  });

  it('refuses an unknown property, an unknown system, and a question about nothing', async () => {
    expect((await find(true, ['wings', '2'])).status).toBe(422);
    expect((await find(true)).status).toBe(400);
    const none = { name: 'property', part: [{ name: 'code', valueCode: 'x' }] };
    const unknown = await post(
      'CodeSystem/$find-matches',
      { name: 'system', valueUri: 'http://x' },
      { name: 'exact', valueBoolean: true },
      none,
    );
    expect(unknown.status).toBe(404);
  });
});

describe('valueset-operation-validate-code.html', () => {
  const url = 'http://hl7.org/fhir/ValueSet/administrative-gender';
  const system = 'http://hl7.org/fhir/administrative-gender';

  it('answers by GET', async () => {
    const answer = await get('ValueSet/$validate-code', { url, system, code: 'female' });
    expect([outOf(answer, 'result'), outOf(answer, 'display')]).toEqual([true, 'Female']);
  });

  it('says what is wrong as text and as issues', async () => {
    const answer = await post(
      'ValueSet/$validate-code',
      { name: 'url', valueUri: url },
      { name: 'coding', valueCoding: { system, code: 'woman' } },
    );
    expect([answer.status, outOf(answer, 'result')]).toEqual([200, false]);
    expect(outOf(answer, 'message')).toContain("was not found in the value set 'http://hl7.org/fhir/ValueSet/");
    const issues = answer.as<Parameters>().parameter?.find(({ name }) => name === 'issues')?.resource;
    expect(issues).toMatchObject({
      issue: [
        { severity: 'error', code: 'code-invalid', expression: ['Coding.code'] },
        { severity: 'error', code: 'code-invalid', details: { coding: [{ code: 'invalid-code' }] } },
      ],
    });
  });

  it('names a system that is not known', async () => {
    const answer = await post(
      'ValueSet/$validate-code',
      { name: 'url', valueUri: 'http://hl7.org/fhir/ValueSet/clinical-findings' },
      { name: 'codeableConcept', valueCodeableConcept: { coding: [{ system: 'http://snomed.info/sct', code: '1' }] } },
    );
    expect([outOf(answer, 'result'), outOf(answer, 'x-caused-by-unknown-system')]).toEqual([
      false,
      'http://snomed.info/sct',
    ]);
  });

  it.each([
    [{ url }, 400],
    [{ url, code: 'male', inferSystem: 'false' }, 400],
    [{ url: 'http://example.org/none', code: 'x', system: 'y' }, 404],
  ])('refuses %j with %i', async (params, status) => {
    expect((await get('ValueSet/$validate-code', params as Record<string, string>)).status).toBe(status);
  });
});

describe('codesystem-operation-validate-code.html', () => {
  it('judges a code of a system, by URL and by instance', async () => {
    const byUrl = await get('CodeSystem/$validate-code', { url: 'http://unitsofmeasure.org', code: 'mm[Hg]' });
    expect([outOf(byUrl, 'result'), outOf(byUrl, 'display')]).toEqual([true, 'millimeter of mercury']);
    const id = await store({ ...animalSystem, url: 'http://example.org/CodeSystem/by-id' });
    expect(outOf(await get(`CodeSystem/${id}/$validate-code`, { code: 'calf' }), 'result')).toBe(true);
    expect(outOf(await get(`CodeSystem/${id}/$validate-code`, { code: 'kid' }), 'result')).toBe(false);
  });

  it('wants the system', async () => expect((await get('CodeSystem/$validate-code', { code: 'x' })).status).toBe(400));
});

describe('codesystem-operation-lookup.html', () => {
  const system = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';

  it('gives names and properties', async () => {
    const answer = await get('CodeSystem/$lookup', { system, code: 'EMER', property: 'parent' });
    expect([outOf(answer, 'name'), outOf(answer, 'display')]).toEqual(['v3.ActCode', 'emergency']);
    expect(answer.as<Parameters>().parameter?.find(({ name }) => name === 'property')?.part?.[1]).toEqual({
      name: 'value',
      valueCode: '_ActEncounterCode',
    });
  });

  it('takes a Coding', async () => {
    const coding = { system: 'https://livedoc.health/fhir/CodeSystem/tb-symptom', code: 'fever' };
    const answer = await post(
      'CodeSystem/$lookup',
      { name: 'coding', valueCoding: coding },
      { name: 'displayLanguage', valueCode: 'en' },
    );
    expect(outOf(answer, 'display')).toBe('Fever');
  });

  it.each([
    [{ system, code: 'NOPE' }, 404],
    [{ code: 'EMER' }, 400],
    [{}, 400],
  ])('refuses %j with %i', async (params, status) =>
    expect((await get('CodeSystem/$lookup', params as Record<string, string>)).status).toBe(status),
  );
});

describe('codesystem-operation-subsumes.html', () => {
  const system = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';

  it('compares two codes', async () => {
    const answer = await get('CodeSystem/$subsumes', { system, codeA: 'IMP', codeB: 'ACUTE' });
    expect(outOf(answer, 'outcome')).toBe('subsumes');
  });

  it('refuses codings of two systems', async () => {
    const answer = await post(
      'CodeSystem/$subsumes',
      { name: 'codingA', valueCoding: { system, code: 'IMP' } },
      { name: 'codingB', valueCoding: { system: 'http://example.org/x', code: 'ACUTE' } },
    );
    expect(answer.status).toBe(400);
  });
});

describe('conceptmap-operation-translate.html', () => {
  it("translates by this server's own maps", async () => {
    const answer = await get('ConceptMap/$translate', {
      system: 'https://livedoc.health/fhir/CodeSystem/sexe',
      code: 'F',
      targetsystem: 'http://hl7.org/fhir/administrative-gender',
    });
    expect(outOf(answer, 'result')).toBe(true);
    const match = answer.as<Parameters>().parameter?.find(({ name }) => name === 'match');
    expect(match?.part?.find(({ name }) => name === 'concept')?.valueCoding).toMatchObject({ code: 'female' });
  });

  it('translates by a stored map, by id, with what it depends on', async () => {
    const id = await store(soundMap);
    const answer = await post(
      `ConceptMap/${id}/$translate`,
      { name: 'coding', valueCoding: { system: animals, code: 'hen' } },
      {
        name: 'dependency',
        part: [
          { name: 'element', valueUri: 'http://example.org/mood' },
          { name: 'concept', valueCodeableConcept: { coding: [{ system: 'http://example.org/moods', code: 'calm' }] } },
        ],
      },
    );
    const match = answer.as<Parameters>().parameter?.find(({ name }) => name === 'match');
    expect(match?.part?.map(({ name }) => name)).toEqual(['equivalence', 'concept', 'product', 'source']);
  });

  it('answers false with a message when there is no translation, 404 for an unknown map', async () => {
    const none = await get('ConceptMap/$translate', { system: 'http://example.org/x', code: 'y' });
    expect([none.status, outOf(none, 'result')]).toEqual([200, false]);
    const params = { url: 'http://example.org/none', system: 'http://example.org/x', code: 'y' };
    expect((await get('ConceptMap/$translate', params)).status).toBe(404);
  });
});
