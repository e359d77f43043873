/**
 * Search parameters posted at run time, and the reindexing that makes them find what is stored already.
 * https://hl7.org/fhir/R4/searchparameter.html
 */
import type { Bundle, OperationOutcome, Parameters } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { reindexHandler } from '../../../src/fhir/catalogue/run-reindex.ts';
import { writeOf } from '../../../src/fhir/interactions/prepare.ts';
import { bodyOf } from '../../../src/fhir/json/body.ts';
import { silent } from '../../../src/shared/logger.ts';
import { indexTables } from '../../../src/store/reindex/index-tables.ts';
import { withServer } from '../../support/server.ts';

const server = withServer();
const { request } = server;

/** What the server's job does. */
async function reindexAll(): Promise<void> {
  const { store, catalogue, base } = server;
  await reindexHandler({ store, catalogue, base, log: silent, rests: 0 })({}, new AbortController().signal);
}

const urlOf = (code: string) => `http://example.org/SearchParameter/${code}`;

function definition(code: string, given: Record<string, unknown>) {
  return {
    resourceType: 'SearchParameter',
    url: urlOf(code),
    name: code.replaceAll('-', '_'),
    status: 'active',
    description: 'A test.',
    code,
    base: ['Patient'],
    type: 'token',
    expression: 'Patient.multipleBirth',
    ...given,
  };
}

async function post(body: unknown): Promise<string> {
  const answer = await request('POST', `/${(body as { resourceType: string }).resourceType}`, { body });
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  return answer.as<{ id: string }>().id;
}

async function found(query: string): Promise<readonly (string | undefined)[]> {
  const answer = await request('GET', `/${query}`, { headers: { prefer: 'handling=strict' } });
  expect([query, answer.status, answer.text]).toEqual([query, 200, expect.any(String)]);
  const { entry = [] } = answer.as<Bundle>();
  return entry.filter(({ search }) => search?.mode !== 'outcome').map(({ resource }) => resource?.id);
}

async function refusal(query: string): Promise<string | undefined> {
  const answer = await request('GET', `/${query}`, { headers: { prefer: 'handling=strict' } });
  expect([query, answer.status]).toEqual([query, 400]);
  return answer.as<OperationOutcome>().issue?.[0]?.diagnostics;
}

describe('a posted search parameter', () => {
  it('finds what was stored before it, after everything is indexed, and what is stored after it', async () => {
    const before = await post({ resourceType: 'Patient', multipleBirthInteger: 2 });
    await post(definition('birth-order', { type: 'number', expression: 'Patient.multipleBirth.ofType(integer)' }));
    expect(await refusal('Patient?birth-order=2')).toContain('being indexed');
    const between = await post({ resourceType: 'Patient', multipleBirthInteger: 2 });
    await reindexAll();
    const after = await post({ resourceType: 'Patient', multipleBirthInteger: 2 });
    expect((await found('Patient?birth-order=2')).toSorted()).toEqual([before, between, after].toSorted());
    expect(await found('Patient?birth-order=3')).toEqual([]);
    expect((await found('Patient?birth-order=2&_sort=-birth-order&_count=2')).length).toBe(2);
  });

  it('is ignored and warned of by a lenient search while it is being indexed', async () => {
    await post(definition('warned', { type: 'string', expression: 'Patient.contact.name.family' }));
    const answer = await request('GET', '/Patient?warned=x');
    const { link = [], entry = [] } = answer.as<Bundle>();
    expect(link.find(({ relation }) => relation === 'self')?.url).not.toContain('warned');
    const outcome = entry.find(({ search }) => search?.mode === 'outcome')?.resource as OperationOutcome;
    expect(outcome.issue?.[0]).toMatchObject({ severity: 'warning', code: 'not-supported' });
    for (const query of ['Patient?_sort=warned', 'Observation?patient.warned=x', 'Patient?warned:exact=x']) {
      expect(await refusal(query)).toContain('being indexed');
    }
  });

  it('can be of each type, on elements and extensions, in chains, includes and composites', async () => {
    const url = 'http://example.org/StructureDefinition';
    const extension = (name: string) => `Patient.extension('${url}/${name}').value`;
    const parameters = [
      definition('x-token', { expression: extension('code') }),
      definition('x-string', { type: 'string', expression: extension('text') }),
      definition('x-date', { type: 'date', expression: `${extension('day')}.ofType(date)` }),
      definition('x-number', { type: 'number', expression: `${extension('rank')}.ofType(integer)` }),
      definition('x-quantity', { type: 'quantity', expression: `${extension('weight')}.ofType(Quantity)` }),
      definition('x-uri', { type: 'uri', expression: `${extension('home')}.ofType(uri)` }),
      definition('x-doctor', {
        type: 'reference',
        expression: `${extension('doctor')}.ofType(Reference)`,
        target: ['Practitioner'],
      }),
      definition('x-tag', { base: ['Resource'], expression: "Resource.meta.tag.where(system = 'urn:x')" }),
    ];
    for (const one of parameters) await post(one);
    await reindexAll();
    const composite = definition('x-phone-use', {
      type: 'composite',
      expression: 'Patient.contact',
      component: [
        { definition: urlOf('x-token'), expression: 'relationship' },
        { definition: 'http://hl7.org/fhir/SearchParameter/individual-family', expression: 'name.family' },
      ],
    });
    const doctor = await post({ resourceType: 'Practitioner', name: [{ family: 'Zinsou' }] });
    const value = (name: string, given: object) => ({ url: `${url}/${name}`, ...given });
    const patient = await post({
      resourceType: 'Patient',
      meta: { tag: [{ system: 'urn:x', code: 'seen' }] },
      contact: [{ relationship: [{ coding: [{ system: 'urn:r', code: 'mother' }] }], name: { family: 'Adjovi' } }],
      extension: [
        value('code', { valueCoding: { system: 'urn:c', code: 'blue' } }),
        value('text', { valueString: 'Élan vital' }),
        value('day', { valueDate: '2020-02' }),
        value('rank', { valueInteger: 7 }),
        value('weight', { valueQuantity: { value: 70, system: 'http://unitsofmeasure.org', code: 'kg' } }),
        value('home', { valueUri: 'http://example.org/a/b' }),
        value('doctor', { valueReference: { reference: `Practitioner/${doctor}` } }),
      ],
    });
    await post(composite);
    await reindexAll();
    const queries = [
      'Patient?x-token=urn:c|blue',
      'Patient?x-string=elan',
      'Patient?x-date=ge2020-01-15',
      'Patient?x-number=gt6',
      'Patient?x-quantity=70||kg',
      'Patient?x-uri:below=http://example.org/a',
      `Patient?x-doctor=${doctor}`,
      'Patient?x-doctor.name=zinsou',
      'Patient?x-tag=seen',
      'Patient?x-phone-use=mother$adjovi',
    ];
    for (const query of queries) expect([query, await found(query)]).toEqual([query, [patient]]);
    expect(await found(`Practitioner?_has:Patient:x-doctor:x-number=7`)).toEqual([doctor]);
    expect(await found('Patient?x-number=7&_include=Patient:x-doctor')).toEqual([patient, doctor]);
    expect(await found(`Practitioner?_id=${doctor}&_revinclude=Patient:x-doctor`)).toEqual([doctor, patient]);
    expect(await found('Patient?x-number=8')).toEqual([]);
  });

  it('is in the CapabilityStatement of the types that it is for, and gone from it when it is retired', async () => {
    const id = await post(definition('listed', { type: 'string', expression: 'Patient.contact.name.text' }));
    const isListed = async () => {
      const { rest } = (await request('GET', '/metadata')).as<{
        rest: { resource: { searchParam: { name: string }[] }[] }[];
      }>();
      return rest
        .flatMap(({ resource }) => resource)
        .filter((one) => one.searchParam.some(({ name }) => name === 'listed')).length;
    };
    expect(await isListed()).toBe(0);
    await reindexAll();
    expect(await isListed()).toBe(1);
    const retired = { ...definition('listed', { status: 'retired' }), id };
    expect((await request('PUT', `/SearchParameter/${id}`, { body: retired })).status).toBe(200);
    expect(await isListed()).toBe(0);
    expect(await refusal('Patient?listed=x')).toContain('no search parameter');
  });

  it('is indexed again when its expression changes, and when it comes back', async () => {
    const patient = await post({ resourceType: 'Patient', contact: [{ name: { given: ['Ama'], family: 'Koffi' } }] });
    const body = definition('changing', { type: 'string', expression: 'Patient.contact.name.family' });
    const id = await post(body);
    await reindexAll();
    expect(await found('Patient?changing=koffi')).toEqual([patient]);
    const put = (given: object) => request('PUT', `/SearchParameter/${id}`, { body: { ...body, id, ...given } });
    await put({ expression: 'Patient.contact.name.given' });
    expect(await refusal('Patient?changing=ama')).toContain('being indexed');
    await reindexAll();
    expect([await found('Patient?changing=ama'), await found('Patient?changing=koffi')]).toEqual([[patient], []]);
    await request('DELETE', `/SearchParameter/${id}`);
    const meanwhile = await post({ resourceType: 'Patient', contact: [{ name: { given: ['Ama'] } }] });
    await put({ expression: 'Patient.contact.name.given' });
    await reindexAll();
    expect((await found('Patient?changing=ama')).toSorted()).toEqual([patient, meanwhile].toSorted());
  });

  it('finds what a process wrote that had not heard of it', async () => {
    await post(definition('unheard', { type: 'string', expression: 'Patient.contact.name.text' }));
    await reindexAll();
    const body = bodyOf({ resourceType: 'Patient', id: 'unheard', contact: [{ name: { text: 'Sika' } }] });
    const context = { now: () => new Date(), base: server.base };
    await server.store.resources.write([writeOf(context, { op: 'create', id: 'unheard', body, expect: 'absent' })]);
    expect(await found('Patient?unheard=sika')).toEqual([]);
    await reindexAll();
    expect(await found('Patient?unheard=sika')).toEqual(['unheard']);
  });

  it('allows no more than its definition does', async () => {
    await post(
      definition('narrow', {
        type: 'date',
        expression: 'Patient.identifier.period',
        multipleOr: false,
        multipleAnd: false,
        comparator: ['ge', 'eq'],
        modifier: ['missing'],
      }),
    );
    await post(
      definition('narrow-link', {
        type: 'reference',
        expression: 'Patient.link.other',
        target: ['Patient'],
        chain: ['name'],
      }),
    );
    await reindexAll();
    expect(await found('Patient?narrow=ge2020')).toEqual([]);
    expect(await found('Patient?narrow-link.name=x')).toEqual([]);
    const refused = [
      'Patient?narrow=2020,2021',
      'Patient?narrow=2020&narrow=2021',
      'Patient?narrow=lt2020',
      'Patient?narrow-link.birthdate=2020',
    ];
    for (const query of refused)
      expect([query, await refusal(query)]).toEqual([query, expect.stringContaining('arrow')]);
  });
});

describe('a definition that cannot be searched by', () => {
  const cases: readonly [why: string, given: Record<string, unknown>, expression: string][] = [
    ['is no FHIRPath', { expression: 'Patient.name.(' }, 'SearchParameter.expression'],
    ['calls an unknown function', { expression: 'Patient.name.frobnicate()' }, 'SearchParameter.expression'],
    ['finds nothing', { expression: 'Patient.nome' }, 'SearchParameter.expression'],
    ['finds what its type cannot have', { type: 'date', expression: 'Patient.name' }, 'SearchParameter.expression'],
    ['has no expression', { expression: undefined }, 'SearchParameter.expression'],
    ['has a code that a URL cannot say', { code: 'a.b' }, 'SearchParameter.code'],
    ['has a code that is the specification’s', { code: '_mine' }, 'SearchParameter.code'],
    [
      'has a code that means something else',
      { code: 'family', type: 'string', expression: 'Patient.contact.name' },
      'SearchParameter.code',
    ],
    ['is special', { type: 'special' }, 'SearchParameter.type'],
    [
      'is a composite of one',
      {
        type: 'composite',
        expression: 'Patient.contact',
        component: [{ definition: 'http://hl7.org/fhir/SearchParameter/individual-phone', expression: 'telecom' }],
      },
      'SearchParameter.component',
    ],
    [
      'is a composite of unknowns',
      {
        type: 'composite',
        expression: 'Patient.contact',
        component: [
          { definition: 'urn:a', expression: 'name' },
          { definition: 'urn:b', expression: 'telecom' },
        ],
      },
      'SearchParameter.component[0].definition',
    ],
  ];
  it.each(cases)('because it %s is refused with 422 and the expression', async (_, given, expression) => {
    const answer = await request('POST', '/SearchParameter', { body: definition('refused', given) });
    expect([answer.status, answer.text]).toEqual([422, expect.any(String)]);
    expect(answer.as<OperationOutcome>().issue?.map((issue) => issue.expression?.[0])).toContain(expression);
  });

  it.each(cases)('because it %s is stored as a draft', async (_, given) => {
    const body = { ...definition('drafted', given), status: 'draft' };
    expect((await request('POST', '/SearchParameter', { body })).status).toBe(201);
  });

  it('is one whose code another posted definition has, but not one that replaces it', async () => {
    await post(definition('taken', { type: 'string', expression: 'Patient.contact.name.prefix' }));
    const other = { url: 'http://example.org/other', type: 'string', expression: 'Patient.contact.name.suffix' };
    expect((await request('POST', '/SearchParameter', { body: definition('taken', other) })).status).toBe(422);
    await post(definition('taken', { ...other, url: urlOf('taken') }));
  });

  it('is none that only narrows R4’s own, as those of guides do', async () => {
    const own = 'http://hl7.org/fhir/SearchParameter/individual-family';
    await post(definition('family', { type: 'string', expression: 'Patient.name.family', derivedFrom: own }));
    const patient = await post({ resourceType: 'Patient', name: [{ family: 'Gbaguidi' }] });
    expect(await found('Patient?family=gbaguidi')).toEqual([patient]);
  });
});

describe('the index', () => {
  it('is the same when everything is indexed again: both ways of making it agree', async () => {
    const tables = await server.store.db.query<{ name: string }>({
      text: `SELECT table_name AS name FROM information_schema.columns
              WHERE table_schema = $1 AND column_name = 'p' AND table_name LIKE 'sp\\_%'`,
      values: [server.schema],
    });
    expect(indexTables.map(({ name }) => name).toSorted()).toEqual(tables.map(({ name }) => name).toSorted());
    const concept = {
      coding: [{ system: 'http://loinc.org', code: '29463-7', display: 'Body weight' }],
      text: 'Weight',
    };
    const subject = await post({
      resourceType: 'Patient',
      identifier: [{ type: { coding: [{ code: 'MR' }], text: 'Record' }, system: 'urn:i', value: '1' }],
      name: [{ family: 'Dossou', given: ['Éric', 'Paul'] }],
      birthDate: '1980-05',
    });
    await post({
      resourceType: 'Observation',
      status: 'final',
      code: concept,
      subject: { reference: `Patient/${subject}`, display: 'Paul', identifier: { value: '1' } },
      effectivePeriod: { start: '2020-01-01', end: '2020-03-01' },
      valueQuantity: { value: 70.5, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' },
      component: [{ code: { text: 'Fat' }, valueQuantity: { value: 3, comparator: '<', unit: 'g' } }],
    });
    await post({ resourceType: 'Location', position: { longitude: 2.4, latitude: 6.4 } });
    await post({
      resourceType: 'ValueSet',
      status: 'active',
      url: 'http://example.org/vs',
      compose: { include: [{ system: 'urn:a' }] },
    });
    const again = (await request('POST', '/$reindex')).headers.get('content-location') ?? '';
    await reindexAll();
    const { parameter = [] } = (await request('GET', again)).as<Parameters>();
    expect(parameter.find(({ name }) => name === 'changed')?.valueDecimal).toBe(0);
    expect(parameter.find(({ name }) => name === 'status')?.valueCode).toBe('completed');
  });
});

describe('$reindex', () => {
  const values = (text: string) =>
    Object.fromEntries(
      (JSON.parse(text) as Parameters).parameter?.map(({ name, ...one }) => [name, Object.values(one)[0]]) ?? [],
    );

  it('is done in the background, with an address that tells how far it is', async () => {
    const answer = await request('POST', '/Patient/$reindex');
    expect(answer.status).toBe(202);
    const status = answer.headers.get('content-location') ?? '';
    expect(status).toMatch(/\$reindex-status\?job=/);
    expect((await request('GET', status)).status).toBe(202);
    await reindexAll();
    const done = await request('GET', status);
    expect(done.status).toBe(200);
    const { total, done: looked, verified, ...rest } = values(done.text);
    expect(rest).toMatchObject({ status: 'completed', changed: 0, type: 'Patient' });
    expect([looked, verified]).toEqual([total, total]);
    expect(total).toBeGreaterThan(5);
  });

  it('puts right what is wrong, of the whole server or of one resource at once', async () => {
    const [one, other] = [
      await post({ resourceType: 'Patient', name: [{ family: 'Wrongly' }] }),
      await post({ resourceType: 'Patient', name: [{ family: 'Wrongly' }] }),
    ];
    const spoil = () => server.store.db.query({ text: `DELETE FROM sp_str WHERE val LIKE 'wrongly%'` });
    await spoil();
    expect(await found('Patient?family=wrongly')).toEqual([]);
    const answer = await request('POST', `/Patient/${one}/$reindex`);
    expect([answer.status, values(answer.text)['done']]).toEqual([200, 1]);
    expect(await found('Patient?family=wrongly')).toEqual([one]);
    expect(values((await request('POST', `/Patient/${one}/$reindex`)).text)['changed']).toBe(0);
    expect((await request('POST', '/$reindex')).status).toBe(202);
    await reindexAll();
    expect((await found('Patient?family=wrongly')).toSorted()).toEqual([one, other].toSorted());
    expect((await request('POST', '/Patient/none/$reindex')).status).toBe(404);
  });

  it('can be for some search parameters, asked twice is one, and can be cancelled', async () => {
    const body = (name: string) => ({
      resourceType: 'Parameters',
      parameter: [{ name: 'searchParameter', valueString: name }],
    });
    const post = (name: string) => request('POST', '/$reindex', { body: body(name) });
    const first = values((await post('Patient.family')).text);
    const second = values((await post('http://hl7.org/fhir/SearchParameter/individual-family')).text);
    expect(second['job']).not.toBe(first['job']);
    expect(values((await post('Patient.family')).text)).toMatchObject({ job: first['job'], type: 'Patient' });
    expect((await post('Patient.frobnication')).status).toBe(400);
    const cancel = await request('POST', `/$reindex-cancel?job=${first['job']}`);
    expect([cancel.status, values(cancel.text)['status']]).toEqual([200, 'cancelled']);
    expect((await request('POST', `/$reindex-cancel?job=${first['job']}`)).status).toBe(409);
    await reindexAll();
    const listed = (await request('GET', '/$reindex-status')).as<Parameters>();
    const states = listed.parameter?.map(({ part }) => part?.find(({ name }) => name === 'status')?.valueCode);
    expect(states?.slice(0, 2)).toEqual(['completed', 'cancelled']);
    expect((await request('GET', '/$reindex-status?job=none')).status).toBe(404);
  });
});
