// https://hl7.org/fhir/R4/patient-operation-match.html
import type { Bundle, OperationOutcome } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { withServer } from '../../support/server.ts';

const server = withServer();

const people = [
  { id: 'aya', name: [{ family: 'Kouassi', given: ['Aya', 'Marie'] }], birthDate: '1984-03-12', gender: 'female' },
  { id: 'akissi', name: [{ family: 'Kouassi', given: ['Akissi'] }], birthDate: '1984-03-12', gender: 'female' },
  { id: 'yao', name: [{ family: 'Kouassi', given: ['Yao'] }], birthDate: '1951-07-01', gender: 'male' },
  { id: 'wattara', name: [{ family: 'Wattara', given: ['Salif'] }], birthDate: '1990-02-01', gender: 'male' },
  { id: 'number', identifier: [{ system: 'http://id', value: '7' }], name: [{ family: 'Diallo', given: ['Moussa'] }] },
  {
    id: 'merged',
    name: [{ family: 'Bamba', given: ['Rokia'] }],
    birthDate: '1970-04-04',
    link: [{ other: { reference: 'Patient/survivor' }, type: 'replaced-by' }],
  },
  { id: 'survivor', name: [{ family: 'Bamba', given: ['Rokiatou'] }], birthDate: '1970-04-04' },
  { id: 'double1', name: [{ family: 'Soro', given: ['Adama'] }], birthDate: '1999-09-09' },
  { id: 'double2', name: [{ family: 'Soro', given: ['Adama'] }], birthDate: '1999-09-09' },
];

beforeAll(async () => {
  for (const person of people) {
    const body = { resourceType: 'Patient', ...person };
    expect((await server.request('PUT', `/Patient/${person.id}`, { body })).status).toBe(201);
  }
});

const match = (patient: object, ...more: object[]) =>
  server.request('POST', '/Patient/$match', {
    body: {
      resourceType: 'Parameters',
      parameter: [{ name: 'resource', resource: { resourceType: 'Patient', ...patient } }, ...more],
    },
  });

const graded = ({ entry = [] }: Bundle) =>
  entry.map(({ resource, search }) => [resource?.id, search?.extension?.[0]?.valueCode]);

describe('Patient/$match', () => {
  it('gives the likeliest first, each with score and grade', async () => {
    const answer = await match({
      name: [{ family: 'kouassi', given: ['aya'] }],
      birthDate: '1984-03-12',
      gender: 'female',
    });
    const bundle = answer.as<Bundle>();
    expect(graded(bundle)).toEqual([
      ['aya', 'certain'],
      ['akissi', 'possible'],
    ]);
    const [first, second] = bundle.entry?.map(({ search }) => search?.score ?? 0) ?? [];
    expect(first).toBeLessThanOrEqual(1);
    expect(first).toBeGreaterThan(second ?? 1);
    expect(bundle.entry?.[0]?.search?.extension?.[0]?.url).toBe('http://hl7.org/fhir/StructureDefinition/match-grade');
  });

  it('finds by sound, by a turned date, and by an identifier', async () => {
    const bySound = await match({ name: [{ family: 'Ouattara', given: ['Salif'] }], birthDate: '1990-01-02' });
    expect(graded(bySound.as<Bundle>())[0]?.[0]).toBe('wattara');
    const byNumber = await match({ identifier: [{ system: 'http://id', value: '7' }] });
    expect(graded(byNumber.as<Bundle>())).toEqual([['number', 'certain']]);
  });

  it('gives the record that another one was merged into', async () => {
    const answer = await match({ name: [{ family: 'Bamba', given: ['Rokia'] }], birthDate: '1970-04-04' });
    expect(graded(answer.as<Bundle>())).toEqual([['survivor', 'certain']]);
  });

  it('takes a bare Patient too', async () => {
    const body = { resourceType: 'Patient', identifier: [{ system: 'http://id', value: '7' }] };
    expect(graded((await server.request('POST', '/Patient/$match', { body })).as<Bundle>())).toHaveLength(1);
  });

  it('keeps to count', async () => {
    const asked = { name: [{ family: 'Kouassi', given: ['Aya'] }], birthDate: '1984-03-12' };
    const answer = await match(asked, { name: 'count', valueInteger: 1 });
    expect(graded(answer.as<Bundle>())).toEqual([['aya', 'certain']]);
  });

  it('gives no certain match when there are two (onlyCertainMatches)', async () => {
    const only = { name: 'onlyCertainMatches', valueBoolean: true };
    const two = await match({ name: [{ family: 'Soro', given: ['Adama'] }], birthDate: '1999-09-09' }, only);
    expect(two.as<Bundle>().entry?.map(({ search }) => search?.mode)).toEqual(['outcome']);
    const asked = { name: [{ family: 'Kouassi', given: ['Aya'] }], birthDate: '1984-03-12' };
    expect(graded((await match(asked, only)).as<Bundle>())).toEqual([['aya', 'certain']]);
  });

  it('gives an empty searchset when nobody is like that', async () => {
    const answer = await match({ name: [{ family: 'Zzyzx', given: ['Q'] }], birthDate: '1901-01-01' });
    expect([answer.status, answer.as<Bundle>().total, answer.as<Bundle>().entry]).toEqual([200, 0, undefined]);
  });

  it.each<[string, object[]]>([
    ['no resource', []],
    ['a resource that is no Patient', [{ name: 'resource', resource: { resourceType: 'Basic' } }]],
    [
      'a patient without name and identifier',
      [{ name: 'resource', resource: { resourceType: 'Patient', active: true } }],
    ],
    [
      'a value that is none',
      [{ name: 'resource', resource: { resourceType: 'Patient', name: [{ family: 'x' }], birthDate: 'yesterday' } }],
    ],
    [
      'a count of 0',
      [
        { name: 'count', valueInteger: 0 },
        { name: 'resource', resource: { resourceType: 'Patient', name: [{ family: 'x' }] } },
      ],
    ],
  ])('refuses %s', async (_, parameter) => {
    const body = { resourceType: 'Parameters', ...(parameter.length > 0 ? { parameter } : {}) };
    const answer = await server.request('POST', '/Patient/$match', { body });
    expect([answer.status, answer.as<OperationOutcome>().resourceType]).toEqual([400, 'OperationOutcome']);
  });
});
