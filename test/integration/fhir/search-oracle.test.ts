// https://hl7.org/fhir/R4/search.html: random searches of random resources find what the standard's text says, while those change.
import type { Bundle } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { type Random, random } from '../../support/random.ts';
import { expected, type Held } from '../../support/search-oracle.ts';
import { withServer } from '../../support/server.ts';

const { request } = withServer();

const families = ['Dupré', 'Dupont', 'dupree', 'Petersen', 'PETER', 'Ng'];
const givens = ['Anna', 'Änne', 'Jean', 'peter'];
const systems = ['http://a', 'http://b', undefined];
const dates = ['1980', '1980-02', '1980-02-29', '1990-05', '1990-12-31', '1991'];
const times = ['2020', '2020-02', '2020-02-29', '2020-02-29T10:00Z', '2020-02-29T10:00:30Z', '2020-03-01', '2021'];
const codes = ['1', '2', '3'];
const numbers = ['5', '5.4', '5.40', '5.5', '100', '99.5', '100.5', '-1', '0'];
const genders = ['male', 'female', 'other'];
const states = ['final', 'amended', 'preliminary'];
const ids = { Patient: 12, Practitioner: 3, Observation: 25 };

const anId = (r: Random, type: keyof typeof ids): string => `${type.slice(0, 2).toLowerCase()}${r.below(ids[type])}`;
const maybe = <T>(r: Random, make: () => T, name: string): Readonly<Record<string, T>> =>
  r.chance(0.7) ? { [name]: make() } : {};

function patient(r: Random, id: string): Held {
  return {
    resourceType: 'Patient',
    id,
    ...maybe(
      r,
      () => [
        { family: r.pick(families), given: [r.pick(givens)] },
        ...(r.chance(0.2) ? [{ text: r.pick(givens) }] : []),
      ],
      'name',
    ),
    ...maybe(r, () => r.pick(genders), 'gender'),
    ...maybe(r, () => r.pick(dates), 'birthDate'),
    ...maybe(r, () => [identifier(r), identifier(r)], 'identifier'),
    ...maybe(r, () => [{ reference: `Practitioner/${anId(r, 'Practitioner')}` }], 'generalPractitioner'),
  };
}

function identifier(r: Random): object {
  const system = r.pick(systems);
  return { ...(system ? { system } : {}), value: r.pick(codes) };
}

function observation(r: Random, id: string): Held {
  const when = r.below(3);
  const [start, end] = [r.pick(times.slice(0, 3)), r.pick(times.slice(5))];
  return {
    resourceType: 'Observation',
    id,
    status: r.pick(states),
    code: {
      coding: [
        { system: 'http://a', code: r.pick(codes) },
        ...(r.chance(0.3) ? [{ system: 'http://b', code: r.pick(codes) }] : []),
      ],
    },
    subject: { reference: `Patient/${anId(r, 'Patient')}` },
    ...(when === 0 ? { effectiveDateTime: fullTime(r.pick(times)) } : {}),
    ...(when === 1 ? { effectivePeriod: { ...(r.chance(0.8) ? { start } : {}), end } } : {}),
    ...maybe(
      r,
      () => ({ value: Number(r.pick(numbers)), system: 'http://u', code: r.pick(['x', 'y']) }),
      'valueQuantity',
    ),
  };
}

/** A dateTime of a resource has seconds when it has a time. */
const fullTime = (text: string): string => (text.length === 17 ? text.replace('Z', ':00Z') : text);

const make: Readonly<Record<string, (r: Random, id: string) => Held>> = {
  Patient: patient,
  Observation: observation,
  Practitioner: (r, id) => ({ resourceType: 'Practitioner', id, name: [{ family: r.pick(families) }] }),
};

const prefixes = ['', 'eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb'];
const text = (r: Random): string => {
  const whole = r.pick([...families, ...givens]);
  return r.chance(0.5) ? whole : whole.slice(0, 1 + r.below(whole.length));
};
const token = (r: Random, from: readonly string[]): string =>
  r.pick(['', '', 'http://a|', 'http://b|', '|']) + r.pick(from);
const some = (r: Random, one: () => string): string => Array.from({ length: 1 + r.below(2) }, one).join(',');

type Pair = readonly [string, string];
const criteria: Readonly<Record<string, readonly ((r: Random) => Pair)[]>> = {
  Patient: [
    (r) => [r.pick(['name', 'family', 'name:exact', 'family:exact', 'name:contains']), some(r, () => text(r))],
    (r) => [r.pick(['gender', 'gender:not']), some(r, () => r.pick(genders))],
    (r) => [r.pick(['identifier', 'identifier:not']), some(r, () => token(r, codes))],
    (r) => ['birthdate', some(r, () => r.pick(prefixes) + r.pick(dates))],
    (r) => ['general-practitioner', some(r, () => r.pick(['', 'Practitioner/']) + anId(r, 'Practitioner'))],
    (r) => [
      `${r.pick(['birthdate', 'gender', 'name', 'general-practitioner', 'identifier'])}:missing`,
      r.pick(['true', 'false']),
    ],
    (r) => [r.pick(['general-practitioner.name', 'general-practitioner:Practitioner.name']), text(r)],
    (r) => ['_has:Observation:patient:code', token(r, codes)],
    (r) => ['_has:Observation:subject:date', r.pick(prefixes) + r.pick(times)],
    (r) => ['_id', some(r, () => anId(r, 'Patient'))],
  ],
  Observation: [
    (r) => [r.pick(['code', 'code:not']), some(r, () => token(r, codes))],
    (r) => [r.pick(['status', 'status:not']), some(r, () => r.pick(states))],
    (r) => ['date', some(r, () => r.pick(prefixes) + r.pick(times))],
    (r) => [
      'value-quantity',
      some(r, () => r.pick(prefixes) + r.pick(numbers) + r.pick(['', '', '|http://u|x', '||y'])),
    ],
    (r) => [r.pick(['subject', 'patient']), some(r, () => r.pick(['', 'Patient/']) + anId(r, 'Patient'))],
    (r) => [`${r.pick(['date', 'value-quantity', 'code'])}:missing`, r.pick(['true', 'false'])],
    (r) => [r.pick(['patient.name', 'subject:Patient.name', 'subject.family']), text(r)],
    (r) => ['patient.birthdate', r.pick(prefixes) + r.pick(dates)],
    (r) => ['subject:Patient.general-practitioner.name', text(r)],
    (r) => [`subject:Patient._has:Observation:subject:status`, r.pick(states)],
  ],
  Practitioner: [
    (r) => ['_has:Patient:general-practitioner:_has:Observation:patient:code', token(r, codes)],
    (r) => ['_has:Patient:general-practitioner:name', text(r)],
    (r) => ['name', text(r)],
  ],
};

/** Some writes of random resources, in one transaction; `held` is what there is then. */
async function change(r: Random, held: Map<string, Held>, count: number): Promise<void> {
  const names = new Set<string>();
  const entry = Array.from({ length: count }, () => {
    const type = r.pick(['Patient', 'Observation', 'Observation', 'Practitioner'] as const);
    const id = anId(r, type);
    const name = `${type}/${id}`;
    if (names.has(name)) return [];
    names.add(name);
    if (r.chance(0.2)) {
      held.delete(name);
      return [{ request: { method: 'DELETE', url: name } }];
    }
    const resource = make[type]?.(r, id) as Held;
    held.set(name, resource);
    return [{ resource, request: { method: 'PUT', url: name } }];
  }).flat();
  const answer = await request('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } });
  expect(answer.status, answer.text).toBe(200);
}

async function bundle(path: string): Promise<Bundle> {
  const answer = await request('GET', path);
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`);
  return answer.as<Bundle>();
}

const matches = ({ entry = [] }: Bundle): string[] => entry.map(({ resource }) => resource?.id ?? '');
const next = ({ link }: Bundle): string | undefined => link?.find(({ relation }) => relation === 'next')?.url;

describe('a search', () => {
  const held = new Map<string, Held>();

  it.each([1, 2, 3, 4, 5])('finds what the text of R4 says it finds, after changes too (seed %i)', async (seed) => {
    const r = random(seed);
    await change(r, held, 60);
    let hits = 0;
    for (let at = 0; at < 100; at += 1) {
      const type = r.pick(['Patient', 'Observation', 'Observation', 'Patient', 'Practitioner'] as const);
      const query = Array.from({ length: 1 + r.below(3) }, () => r.pick(criteria[type] ?? [])(r));
      const path = `/${type}?${new URLSearchParams(query as [string, string][])}`;
      const found = await bundle(`${path}&_count=1000&_total=accurate`);
      const right = expected([...held.values()], type, query);
      expect([decodeURIComponent(path), matches(found).sort(), found.total]).toEqual([
        decodeURIComponent(path),
        right,
        right.length,
      ]);
      hits += right.length > 0 ? 1 : 0;
    }
    expect(hits).toBeGreaterThan(25);
  });

  it.each([
    ['_count=3', 11],
    ['_count=4&_sort=_id', 12],
    ['_count=3&_sort=birthdate,-_id', 13],
    ['_count=2&gender:missing=false', 14],
    ['_count=3&_sort=_lastUpdated', 15],
  ])('shows by pages of %s everything that stays, and nothing twice, while others write', async (query, seed) => {
    const r = random(seed);
    await change(r, held, 40);
    const before = new Map(held);
    const seen: string[] = [];
    let page = await bundle(`/Patient?${query}`);
    for (;;) {
      seen.push(...matches(page));
      const url = next(page);
      if (url === undefined) break;
      await change(r, held, 3);
      page = await bundle(url);
    }
    expect(new Set(seen).size).toBe(seen.length);
    const stayed = [...before.values()].filter((one) => held.get(`Patient/${one.id}`) === one);
    const wanted = expected(stayed, 'Patient', query.includes('missing') ? [['gender:missing', 'false']] : []);
    expect(wanted.filter((id) => !seen.includes(id))).toEqual([]);
  });
});
