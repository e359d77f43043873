// https://hl7.org/fhir/R4/search.html#conformance: the self link says what was used, so that it asks the same again.
import { describe, expect, it } from 'vitest';
import { systemAccess } from '../../../../src/auth/system-access.ts';
import { parseSearch } from '../../../../src/fhir/search/parse.ts';
import { type Random, random } from '../../../support/random.ts';

const searcher = { access: systemAccess('test'), base: 'http://here/fhir', now: new Date('2026-01-01T00:00:00Z') };

const texts = [
  'peter',
  'é',
  'a\\,b',
  'a\\|b',
  'a\\$b',
  'a\\\\',
  'a b',
  'a+b',
  'a%b',
  'a&b=c',
  'http://x/y?z=1#f',
  '"',
  "'",
  '😀',
  'x,y',
];
const pieces: readonly ((r: Random) => readonly [string, string])[] = [
  (r) => [r.pick(['name', 'name:exact', 'name:contains', 'family', 'address-city']), r.pick(texts)],
  (r) => [
    r.pick(['identifier', 'identifier:not', 'gender']),
    r.pick(['http://s|1', '|1', 'http://s|', 'x\\|y', 'a,b']),
  ],
  (r) => [
    'birthdate',
    r.pick(['', 'ge', 'lt', 'ap', 'ne']) + r.pick(['2020', '2020-02-29', '2020-01-01T10:00:00+01:00']),
  ],
  (r) => [
    r.pick(['organization', 'organization:Organization', 'general-practitioner']),
    r.pick(['Organization/1', '1', 'http://x/Organization/1', 'http://here/fhir/Organization/1']),
  ],
  (r) => [
    r.pick([
      'organization.name',
      'general-practitioner:Practitioner.family:exact',
      'link.name',
      'organization.partof.name',
    ]),
    r.pick(texts),
  ],
  (r) => [
    r.pick(['_has:Observation:patient:code', '_has:Observation:patient:_has:Provenance:target:agent']),
    r.pick(['1', 'http://s|1'].slice(0, 1)),
  ],
  (r) => [r.pick(['name:missing', 'birthdate:missing', '_id:missing']), r.pick(['true', 'false'])],
  (r) => [
    '_filter',
    r.pick([
      'name co "a b"',
      'gender eq male or (birthdate ge 2020 and not (name pr true))',
      'organization.name eq "x,y"',
    ]),
  ],
  (r) => [r.pick(['_include', '_include:iterate']), r.pick(['Patient:organization', 'Patient:*', '*'])],
  (r) => ['_revinclude', r.pick(['Observation:patient', 'Observation:*', '*'])],
  (r) => [r.pick(['_tag', '_security']), r.pick(['http://s|1', '1'])],
  (r) => ['_list', r.pick(['1', 'a-b.c'])],
  (r) => [r.pick(['nmae', '_nothing', 'x.y']), r.pick(texts)],
];
const once: readonly ((r: Random) => readonly [string, string])[] = [
  (r) => ['_count', String(r.below(50))],
  (r) => ['_sort', r.pick(['name', '-birthdate,_id', '_lastUpdated', '-_id'])],
  (r) => ['_total', r.pick(['none', 'accurate'])],
  (r) => ['_summary', r.pick(['false', 'count', 'true'])],
];

describe('a search URL', () => {
  it.each(Array.from({ length: 300 }, (_, seed) => seed))(
    'printed as it was understood means the same (seed %i)',
    (seed) => {
      const r = random(seed);
      const params = new URLSearchParams();
      for (let at = 0; at < r.below(6); at += 1) params.append(...(r.pick(pieces)(r) as [string, string]));
      for (const make of once) if (r.chance(0.3)) params.append(...(make(r) as [string, string]));
      const first = parseSearch(searcher, { type: 'Patient', params });
      const again = parseSearch(searcher, {
        type: 'Patient',
        params: new URLSearchParams(first.used.toString()),
        strict: true,
      });
      expect(again).toEqual({ ...first, warnings: [] });
      expect(again.used.toString()).toBe(first.used.toString());
      const ignored = [...params].filter(([name]) => /^(nmae|_nothing|x\.y)$/.test(name));
      expect(first.warnings).toHaveLength(ignored.length);
      expect([...first.used]).toHaveLength([...params].length - ignored.length);
    },
  );
});
