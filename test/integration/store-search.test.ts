/** Search finds exactly what the R4 rules say, whatever plan is chosen. https://hl7.org/fhir/R4/search.html */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Write } from '../../src/store/resources/write.ts';
import type { IndexRow } from '../../src/store/search/index-row.ts';
import type { Clause, SearchQuery, SortKey } from '../../src/store/search/query.ts';
import { withStore } from '../support/store.ts';

const context = withStore();

function write(type: string, id: string, index: readonly IndexRow[], given: Partial<Write> = {}): Write {
  const updated = '2026-01-02T03:04:05.678Z';
  return {
    op: 'create',
    type,
    id,
    body: [`{"resourceType":"${type}","id":"${id}","meta":{"versionId":"`, `","lastUpdated":"${updated}"}}`],
    updated,
    expect: 'absent',
    index,
    ...given,
  };
}

const token = (param: string, code: string, system?: string): IndexRow => ({
  kind: 'token',
  param,
  code,
  ...(system === undefined ? {} : { system }),
});
const string = (param: string, value: string): IndexRow => ({ kind: 'string', param, value });
const date = (param: string, from: string, to: string): IndexRow => ({
  kind: 'date',
  param,
  low: Date.parse(`${from}T00:00:00.000Z`),
  high: Date.parse(`${to}T23:59:59.999Z`),
});
const day = (text: string) => ({ low: Date.parse(`${text}T00:00:00.000Z`), high: Date.parse(`${text}T23:59:59.999Z`) });

const patients: Readonly<Record<string, readonly IndexRow[]>> = {
  amina: [
    token('Patient.identifier', '001', 'urn:mr'),
    token('Patient.gender', 'female'),
    string('Patient.family', 'Traoré'),
    string('Patient.name', 'Traoré'),
    string('Patient.name', 'Amina'),
    date('Patient.birthdate', '1990-05-17', '1990-05-17'),
    { kind: 'uri', param: 'Patient.url', value: 'http://a.example/one/two' },
  ],
  bakary: [
    token('Patient.identifier', '001', 'urn:other'),
    token('Patient.gender', 'male'),
    string('Patient.family', 'TRAORE DIALLO'),
    date('Patient.birthdate', '1990-01-01', '1990-12-31'),
    { kind: 'uri', param: 'Patient.url', value: 'http://a.example/one' },
  ],
  chantal: [
    token('Patient.identifier', '003'),
    token('Patient.gender', 'female'),
    string('Patient.family', "d'Étoile"),
    date('Patient.birthdate', '2001-02-03', '2001-02-03'),
    { kind: 'uri', param: 'Patient.url', value: 'http://a.example/onetwo' },
  ],
  didier: [],
};

const quantity = (value: number, code?: string, system?: string): IndexRow => ({
  kind: 'quantity',
  param: 'Observation.value-quantity',
  low: value,
  high: value,
  ...(code === undefined ? {} : { code }),
  ...(system === undefined ? {} : { system }),
});

const subject = (id: string): IndexRow => ({
  kind: 'reference',
  param: 'Observation.subject',
  target: { type: 'Patient', id },
});

const observations: Readonly<Record<string, readonly IndexRow[]>> = {
  o1: [subject('amina'), token('Observation.code', 'weight', 'loinc'), quantity(60, 'kg', 'ucum')],
  o2: [subject('amina'), token('Observation.code', 'height', 'loinc'), quantity(170, 'cm', 'ucum')],
  o3: [subject('bakary'), token('Observation.code', 'weight', 'loinc'), quantity(80.5, 'kg', 'ucum')],
  o4: [{ kind: 'reference', param: 'Observation.subject', url: 'http://elsewhere.example/Patient/1' }, quantity(5)],
};

beforeAll(async () => {
  for (const [id, index] of Object.entries(patients)) {
    await context.store.resources.write([write('Patient', id, index)]);
  }
  for (const [id, index] of Object.entries(observations)) {
    await context.store.resources.write([write('Observation', id, index)]);
  }
});

async function ids(type: string, where: readonly Clause[], more: Partial<SearchQuery> = {}): Promise<string[]> {
  const page = await context.store.search({ type, where, sort: [], count: 100, total: 'none', ...more });
  return page.versions.map(({ id }) => id);
}

describe('a token', () => {
  const by = (any: Extract<Clause, { kind: 'token' }>['any'], not?: boolean) =>
    ids('Patient', [{ kind: 'token', param: 'Patient.identifier', any, ...(not ? { not } : {}) }]);

  it('without a system matches any', async () => expect(await by([{ code: '001' }])).toEqual(['bakary', 'amina']));
  it('with a system matches that', async () =>
    expect(await by([{ system: 'urn:mr', code: '001' }])).toEqual(['amina']));
  it('with an empty system matches none', async () => {
    expect(await by([{ system: '', code: '003' }])).toEqual(['chantal']);
    expect(await by([{ system: '', code: '001' }])).toEqual([]);
  });
  it('may be a system alone', async () => expect(await by([{ system: 'urn:other' }])).toEqual(['bakary']));
  it('may be a list', async () =>
    expect(await by([{ code: '003' }, { code: '001', system: 'urn:mr' }])).toEqual(['chantal', 'amina']));
  it('may be a long list', async () => {
    const many = Array.from({ length: 500 }, (_, at) => ({ code: `x${at}` }));
    expect(await by([...many, { code: '003' }, { code: '001' }])).toEqual(['chantal', 'bakary', 'amina']);
  });
  it('with :not matches also what has no value', async () =>
    expect(await by([{ code: '001' }], true)).toEqual(['didier', 'chantal']));
});

describe('a string', () => {
  const by = (match: 'starts' | 'exact' | 'contains', ...any: string[]) =>
    ids('Patient', [{ kind: 'string', param: 'Patient.family', any, match }]);

  it('matches the beginning, without case and accents', async () => {
    expect(await by('starts', 'traore')).toEqual(['bakary', 'amina']);
    expect(await by('starts', 'TRAORÉ d')).toEqual(['bakary']);
    expect(await by('starts', 'aore')).toEqual([]);
  });
  it('with :exact matches case and accents', async () => {
    expect(await by('exact', 'Traoré')).toEqual(['amina']);
    expect(await by('exact', 'traoré')).toEqual([]);
  });
  it('with :contains matches inside', async () => expect(await by('contains', 'étoile')).toEqual(['chantal']));
  it('takes % and _ as they are', async () => expect(await by('contains', '%', '_')).toEqual([]));
  it('may be a list', async () => expect(await by('starts', "d'", 'traore diallo')).toEqual(['chantal', 'bakary']));
});

describe('a date', () => {
  const by = (prefix: 'eq' | 'ne' | 'gt' | 'lt' | 'ge' | 'le' | 'sa' | 'eb' | 'ap', text: string) =>
    ids('Patient', [{ kind: 'date', param: 'Patient.birthdate', any: [{ prefix, ...day(text) }] }]);
  const year = { low: Date.parse('1990-01-01'), high: Date.parse('1990-12-31T23:59:59.999Z') };

  it('equals what the searched precision contains', async () => {
    expect(await by('eq', '1990-05-17')).toEqual(['amina']);
    const inYear = { kind: 'date', param: 'Patient.birthdate', any: [{ prefix: 'eq', ...year }] } as const;
    expect(await ids('Patient', [inYear])).toEqual(['bakary', 'amina']);
  });
  it.each([
    ['ne', ['chantal', 'bakary']],
    ['gt', ['chantal', 'bakary']],
    ['lt', ['bakary']],
    ['ge', ['chantal', 'bakary', 'amina']],
    ['le', ['bakary', 'amina']],
    ['sa', ['chantal']],
    ['eb', []],
    ['ap', ['bakary', 'amina']],
  ] as const)('compares ranges with %s', async (prefix, expected) =>
    expect(await by(prefix, '1990-05-17')).toEqual(expected),
  );
});

describe('a quantity', () => {
  const by = (low: number, high: number, unit: { code?: string; system?: string }, prefix: 'eq' | 'gt' = 'eq') =>
    ids('Observation', [
      { kind: 'quantity', param: 'Observation.value-quantity', any: [{ prefix, low, high, ...unit }] },
    ]);

  it('matches the number in any unit', async () => expect(await by(4.5, 5.5, {})).toEqual(['o4']));
  it('matches code and system', async () => {
    expect(await by(80.45, 80.55, { code: 'kg', system: 'ucum' })).toEqual(['o3']);
    expect(await by(80.45, 80.55, { code: 'kg', system: 'other' })).toEqual([]);
    expect(await by(60, 60, { code: 'kg' }, 'gt')).toEqual(['o3']);
  });
});

describe('a uri', () => {
  const by = (match: 'exact' | 'below' | 'above', ...any: string[]) =>
    ids('Patient', [{ kind: 'uri', param: 'Patient.url', any, match }]);

  it('is exact', async () => expect(await by('exact', 'http://a.example/one')).toEqual(['bakary']));
  it('may be below', async () => expect(await by('below', 'http://a.example/one')).toEqual(['bakary', 'amina']));
  it('may be above', async () =>
    expect(await by('above', 'http://a.example/one/two/three')).toEqual(['bakary', 'amina']));
});

describe('references', () => {
  const bySubject = (...any: { type?: string; id?: string; url?: string }[]) =>
    ids('Observation', [{ kind: 'reference', param: 'Observation.subject', any }]);

  it('match a local resource', async () =>
    expect(await bySubject({ type: 'Patient', id: 'amina' })).toEqual(['o2', 'o1']));
  it('match a URL', async () => expect(await bySubject({ url: 'http://elsewhere.example/Patient/1' })).toEqual(['o4']));
  it('match lists', async () => {
    const many = Array.from({ length: 50 }, (_, at) => ({ type: 'Patient', id: `p${at}` }));
    expect(await bySubject(...many, { type: 'Patient', id: 'bakary' })).toEqual(['o3']);
  });

  const chain = (where: readonly Clause[]): Clause => ({
    kind: 'chain',
    param: 'Observation.subject',
    targets: [{ type: 'Patient', where }],
  });
  const family: Clause = { kind: 'string', param: 'Patient.family', any: ['traore'], match: 'starts' };
  const female: Clause = { kind: 'token', param: 'Patient.gender', any: [{ code: 'female' }] };
  const weight: Clause = { kind: 'token', param: 'Observation.code', any: [{ code: 'weight' }] };

  it('are followed by chains', async () => {
    expect(await ids('Observation', [chain([family])])).toEqual(['o3', 'o2', 'o1']);
    expect(await ids('Observation', [chain([family, female])])).toEqual(['o2', 'o1']);
    expect(await ids('Observation', [weight, chain([female])])).toEqual(['o1']);
  });

  const has = (where: readonly Clause[]): Clause => ({
    kind: 'has',
    type: 'Observation',
    param: 'Observation.subject',
    where,
  });

  it('are followed backwards by _has', async () => {
    expect(await ids('Patient', [has([weight])])).toEqual(['bakary', 'amina']);
    expect(await ids('Patient', [has([weight]), female])).toEqual(['amina']);
    expect(await ids('Patient', [has([])])).toEqual(['bakary', 'amina']);
  });
});

describe('clauses', () => {
  it('are all to be fulfilled', async () => {
    const where: Clause[] = [
      { kind: 'token', param: 'Patient.gender', any: [{ code: 'female' }] },
      { kind: 'token', param: 'Patient.identifier', any: [{ code: '001' }] },
    ];
    expect(await ids('Patient', where)).toEqual(['amina']);
  });
  it('find ids', async () =>
    expect(await ids('Patient', [{ kind: 'id', any: ['didier', 'amina', 'nobody', "'; --"] }])).toEqual([
      'didier',
      'amina',
    ]));
  it('find what is missing and what is not', async () => {
    expect(await ids('Patient', [{ kind: 'missing', param: 'Patient.gender', missing: true }])).toEqual(['didier']);
    expect(await ids('Patient', [{ kind: 'missing', param: 'Patient.name', missing: false }])).toEqual(['amina']);
  });
  it('may be alternatives', async () => {
    const ways: Clause = {
      kind: 'either',
      ways: [
        [{ kind: 'token', param: 'Patient.identifier', any: [{ code: '003' }] }],
        [
          { kind: 'string', param: 'Patient.name', any: ['amina'], match: 'exact' },
          { kind: 'id', any: ['amina'] },
        ],
        [
          { kind: 'string', param: 'Patient.name', any: ['Amina'], match: 'exact' },
          { kind: 'id', any: ['amina'] },
        ],
      ],
    };
    expect(await ids('Patient', [ways])).toEqual(['chantal', 'amina']);
    expect(await ids('Patient', [{ kind: 'either', ways: [] }])).toEqual([]);
  });
  it('may be denied together', async () => {
    const female: Clause = { kind: 'token', param: 'Patient.gender', any: [{ code: 'female' }] };
    const named: Clause = { kind: 'string', param: 'Patient.family', any: ['traore'], match: 'starts' };
    expect(await ids('Patient', [{ kind: 'not', where: [female, named] }])).toEqual(['didier', 'chantal', 'bakary']);
    expect(await ids('Patient', [female, { kind: 'not', where: [named] }])).toEqual(['chantal']);
    expect(await ids('Patient', [{ kind: 'not', where: [] }])).toEqual([]);
  });
  it('find what was updated in a range of time', async () => {
    const at = Date.parse('2026-01-02T03:04:05.678Z');
    const by = (prefix: 'gt' | 'ge' | 'lt', time: number): Clause => ({
      kind: 'updated',
      any: [{ prefix, low: time, high: time }],
    });
    expect(await ids('Patient', [by('ge', at)])).toHaveLength(4);
    expect(await ids('Patient', [by('gt', at)])).toEqual([]);
    expect(await ids('Patient', [by('lt', at)])).toEqual([]);
  });
});

describe('order', () => {
  const key = (param: string, kind: SortKey['kind'], descending = false): SortKey => ({ param, kind, descending });
  const sorted = (...sort: SortKey[]) => ids('Patient', [], { sort });

  it('is newest first by itself', async () =>
    expect(await ids('Patient', [])).toEqual(['didier', 'chantal', 'bakary', 'amina']));
  it('may be oldest first', async () =>
    expect(await sorted(key('_lastUpdated', 'updated'))).toEqual(['amina', 'bakary', 'chantal', 'didier']));
  it('may be by id', async () =>
    expect(await sorted(key('_id', 'id', true))).toEqual(['didier', 'chantal', 'bakary', 'amina']));
  it('puts what has no value last, in both directions', async () => {
    expect(await sorted(key('Patient.birthdate', 'date'))).toEqual(['bakary', 'amina', 'chantal', 'didier']);
    expect(await sorted(key('Patient.birthdate', 'date', true))).toEqual(['chantal', 'amina', 'bakary', 'didier']);
  });
  it('may be by strings and codes, one after the other', async () => {
    expect(await sorted(key('Patient.family', 'string'))).toEqual(['chantal', 'amina', 'bakary', 'didier']);
    expect(await sorted(key('Patient.gender', 'token'), key('Patient.family', 'string', true))).toEqual([
      'amina',
      'chantal',
      'bakary',
      'didier',
    ]);
  });
  it.each([
    [[]],
    [[key('_lastUpdated', 'updated')]],
    [[key('Patient.birthdate', 'date', true)]],
    [[key('Patient.gender', 'token'), key('_id', 'id')]],
  ])('is the same page by page (%#)', async (sort) => {
    const whole = await ids('Patient', [], { sort });
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const query: SearchQuery = { type: 'Patient', where: [], sort, count: 1, total: 'accurate' };
      const page = await context.store.search({ ...query, ...(after === undefined ? {} : { after }) });
      expect(page.total).toBe(4);
      seen.push(...page.versions.map(({ id }) => id));
      after = page.next;
    } while (after !== undefined);
    expect(seen).toEqual(whole);
  });
  it('refuses a position of another order or of nobody', async () => {
    const query: SearchQuery = { type: 'Patient', where: [], sort: [], count: 1, total: 'none' };
    const { next = '' } = await context.store.search(query);
    const elsewhere = context.store.search({ ...query, sort: [key('_id', 'id')], after: next });
    await expect(elsewhere).rejects.toMatchObject({ kind: 'invalid' });
    for (const after of [
      '',
      'x',
      Buffer.from('[0,"1"]').toString('base64url'),
      Buffer.from('{}').toString('base64url'),
    ]) {
      await expect(context.store.search({ ...query, after })).rejects.toMatchObject({ kind: 'invalid' });
    }
  });
});

describe('totals (R4 3.1.1.4.5)', () => {
  const total = async (where: readonly Clause[], wanted: SearchQuery['total']) =>
    (await context.store.search({ type: 'Patient', where, sort: [], count: 1, total: wanted })).total;

  it('are exact, none, or an estimate that is exact for few', async () => {
    const female: Clause = { kind: 'token', param: 'Patient.gender', any: [{ code: 'female' }] };
    const all = [[], [female], [{ kind: 'not', where: [female] }]] satisfies Clause[][];
    expect(await Promise.all(all.map((where) => total(where, 'accurate')))).toEqual([4, 2, 2]);
    expect(await Promise.all(all.map((where) => total(where, 'estimate')))).toEqual([4, 2, 2]);
    expect(await total([], 'none')).toBeUndefined();
  });
});

describe('what has changed', () => {
  it('is found by its new values only, and a deleted resource not at all', async () => {
    const by = (code: string) => ids('Basic', [{ kind: 'token', param: 'Basic.code', any: [{ code }] }]);
    await context.store.resources.write([write('Basic', 'b', [token('Basic.code', 'old')])]);
    expect(await by('old')).toEqual(['b']);
    await context.store.resources.write([
      write('Basic', 'b', [token('Basic.code', 'new')], { op: 'update', expect: 1 }),
    ]);
    expect(await by('old')).toEqual([]);
    expect(await by('new')).toEqual(['b']);
    await context.store.resources.write([write('Basic', 'b', [], { op: 'delete', expect: 2, body: ['', ''] })]);
    expect(await by('new')).toEqual([]);
    expect(await ids('Basic', [])).toEqual([]);
  });
});

describe('hostile text', () => {
  const hostile = [
    "' OR 1=1 --",
    "'; DROP TABLE resource; --",
    '$1',
    '$1::int4',
    '\\',
    '"',
    '\0',
    '%',
    '𝕏'.repeat(2000),
  ];
  it.each(hostile)('is only a value (%#)', async (text) => {
    const clauses: Clause[] = [
      { kind: 'token', param: 'Patient.identifier', any: [{ system: text, code: text }] },
      { kind: 'token', param: text, any: [{ code: text }] },
      { kind: 'string', param: 'Patient.family', any: [text], match: 'starts' },
      { kind: 'string', param: 'Patient.family', any: [text], match: 'exact' },
      { kind: 'uri', param: 'Patient.url', any: [text], match: 'below' },
      { kind: 'uri', param: 'Patient.url', any: [text], match: 'above' },
      { kind: 'reference', param: 'Patient.link', any: [{ type: text, id: text }] },
      { kind: 'id', any: [text] },
    ];
    for (const clause of clauses) {
      expect(await ids('Patient', [clause])).toEqual([]);
    }
    expect(await ids('Patient', [])).toHaveLength(4);
  });
});
