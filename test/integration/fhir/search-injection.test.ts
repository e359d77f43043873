// SQL's and the grammar's own characters wherever a search takes text: they are text, or they are refused.
import type { Bundle } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { withServer } from '../../support/server.ts';

const server = withServer();
const { request } = server;

const payloads = [
  "'",
  "''",
  "' OR '1'='1",
  "' OR 1=1 --",
  '" OR 1=1 --',
  "'; DROP TABLE resource; --",
  "x'/**/UNION/**/SELECT/**/body/**/FROM/**/resource--",
  '/* comment */',
  '-- comment',
  ') OR TRUE OR (1=1',
  '$1',
  '$$; SELECT pg_sleep(10); $$',
  '%',
  '_',
  '%_%',
  '\\',
  "\\'",
  "E'\\x27'",
  '\u0000',
  'a\u0000b',
  '\u202e\ufeff',
  '\ud800',
  '😀',
  '{"$ne":null}',
  '<script>',
  '../../etc/passwd',
  'a\r\nSet-Cookie: x=y',
] as const;

beforeAll(async () => {
  const bodies = [
    { resourceType: 'Patient', id: 'p', name: [{ family: 'Secret' }], gender: 'male', birthDate: '1980' },
    {
      resourceType: 'Observation',
      id: 'o',
      status: 'final',
      code: { text: 'x' },
      valueQuantity: { value: 1 },
      subject: { reference: 'Patient/p' },
    },
    { resourceType: 'ValueSet', id: 'v', url: 'http://v', status: 'active' },
    {
      resourceType: 'RiskAssessment',
      id: 'r',
      status: 'final',
      subject: { reference: 'Patient/p' },
      prediction: [{ probabilityDecimal: 0.5 }],
    },
  ];
  for (const body of bodies) {
    expect((await request('PUT', `/${body.resourceType}/${body.id}`, { body })).status).toBe(201);
  }
});

/** Answers that show nothing but matches that the text cannot have. */
async function attempt(type: string, params: [string, string][]): Promise<readonly [number, number]> {
  const headers = { prefer: 'handling=strict' };
  const answer = await request('GET', `/${type}?${new URLSearchParams(params)}`, { headers });
  const matches = answer.status === 200 ? (answer.as<Bundle>().entry ?? []) : [];
  return [answer.status, matches.filter(({ search }) => search?.mode === 'match').length];
}

const places: readonly (readonly [place: string, type: string, param: (text: string) => [string, string]])[] = [
  ['a string', 'Patient', (text) => ['name', text]],
  ['an exact string', 'Patient', (text) => ['name:exact', text]],
  ['a part of a string', 'Patient', (text) => ['name:contains', `Sec${text}Q`]],
  ['a token', 'Patient', (text) => ['gender', text]],
  ['the system of a token', 'Patient', (text) => ['identifier', `${text}|1`]],
  ['a code of a system', 'Patient', (text) => ['identifier', `http://x|${text}`]],
  ['the text of a token', 'Observation', (text) => ['code:text', `${text}zz`]],
  ['a reference', 'Observation', (text) => ['subject', text]],
  ['the id of a reference', 'Observation', (text) => ['subject', `Patient/${text}`]],
  ['a reference elsewhere', 'Observation', (text) => ['subject', `http://elsewhere/${text}`]],
  ['the identifier of a reference', 'Observation', (text) => ['subject:identifier', `${text}|${text}`]],
  ['a date', 'Patient', (text) => ['birthdate', text]],
  ['a prefixed date', 'Patient', (text) => ['birthdate', `ge1970${text}`]],
  ['a number', 'RiskAssessment', (text) => ['probability', `0.5${text}`]],
  ['a quantity', 'Observation', (text) => ['value-quantity', `9${text}`]],
  ['the unit of a quantity', 'Observation', (text) => ['value-quantity', `1|http://unitsofmeasure.org|${text}x`]],
  ['a uri', 'ValueSet', (text) => ['url', text]],
  ['a uri below', 'ValueSet', (text) => ['url:below', `http://w${text}`]],
  ['an id', 'Patient', (text) => ['_id', text]],
  ['a time', 'Patient', (text) => ['_lastUpdated', `gt2100${text}`]],
  ['a value set', 'Observation', (text) => ['code:in', `http://x/${text}`]],
  ['a chain', 'Observation', (text) => ['subject:Patient.name', text]],
  ['_has', 'Patient', (text) => ['_has:Observation:subject:code', `x${text}`]],
  ['_list', 'Patient', (text) => ['_list', text]],
  ['_filter', 'Patient', (text) => ['_filter', `name eq ${text}`]],
  ['a quoted _filter', 'Patient', (text) => ['_filter', `name eq ${JSON.stringify(text)}`]],
  ['full text', 'Patient', (text) => ['_content', `zzz ${text}`]],
  ['a tag', 'Patient', (text) => ['_tag', `${text}|${text}`]],
];

describe.each(places)('%s', (_, type, param) => {
  it.each(payloads)('takes %j as text or refuses it', async (text) => {
    const [status, matches] = await attempt(type, [param(text)]);
    expect([200, 400]).toContain(status);
    expect(matches).toBe(0);
  });
});

describe('names of parameters', () => {
  it.each(payloads)('take %j for no parameter, modifier, chain, type or sort key', async (text) => {
    const names = [
      text,
      `name:${text}`,
      `organization:${text}.name`,
      `organization.${text}`,
      `_has:${text}:x:y`,
      `_has:Observation:${text}:code`,
    ];
    for (const name of names)
      expect(
        (
          await attempt('Patient', [
            [name, 'x'],
            ['_id', 'none'],
          ])
        )[0],
      ).toBeOneOf([200, 400]);
    for (const name of ['_sort', '_include', '_revinclude', '_total', '_summary', '_type', '_count', '_page']) {
      const [status, matches] = await attempt('Patient', [[name, text]]);
      expect([name, status, matches]).toEqual([name, 400, 0]);
    }
  });

  it.each(payloads)('take %j for no type, id or version in a path', async (text) => {
    const segment = encodeURIComponent(text === '\ud800' ? '%' : text);
    for (const path of [
      `/${segment}`,
      `/Patient/${segment}`,
      `/Patient/${segment}/Observation`,
      `/Patient/${segment}/_history`,
      `/Patient/p/${segment}`,
    ]) {
      expect((await request('GET', path)).status).toBeOneOf([400, 404]);
    }
    const { status } = await request('GET', `/_history?${new URLSearchParams({ _since: text, _at: text })}`);
    expect(status).toBe(400);
  });
});

describe('after all that', () => {
  it('everything is still there', async () => {
    const found = (
      await request('GET', '/?_type=Patient,Observation,ValueSet,RiskAssessment&_total=accurate')
    ).as<Bundle>();
    expect(found.total).toBe(4);
  });
});
