// 9.23 fine-grained scopes: searches give the earlier result filtered, reads outside are refused. Tests named by Inferno's ids.
// http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#finer-grained-resource-constraints-using-search-parameters
import type { Bundle, Condition, Observation, Resource } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { withSmartServer } from '../../support/smart-server.ts';

const smart = withSmartServer();
const context = { patient: 'awa' };

const observationCategory = 'http://terminology.hl7.org/CodeSystem/observation-category';
const conditionCategory = 'http://terminology.hl7.org/CodeSystem/condition-category';
const usCore = 'http://hl7.org/fhir/us/core/CodeSystem';

const observations = [
  [observationCategory, 'laboratory'],
  [observationCategory, 'vital-signs'],
  [observationCategory, 'social-history'],
  [observationCategory, 'survey'],
  [`${usCore}/us-core-category`, 'sdoh'],
  [`${usCore}/us-core-observation-category`, 'clinical-test'],
] as const;
const conditions = [
  [conditionCategory, 'encounter-diagnosis'],
  [conditionCategory, 'problem-list-item'],
  [`${usCore}/condition-category`, 'health-concern'],
] as const;

const granular = [
  ...observations.map((category) => ['Observation', ...category] as const),
  ...conditions.map((category) => ['Condition', ...category] as const),
];

type Clinical = Observation | Condition;

function resourceOf(type: string, patient: string, system: string, code: string): Resource {
  const common = {
    id: `${patient}-${code}`,
    category: [{ coding: [{ system, code }] }],
    code: { coding: [{ system: 'http://loinc.org', code: `1-${code.length}` }] },
    subject: { reference: `Patient/${patient}` },
  };
  if (type === 'Condition') return { resourceType: 'Condition', ...common };
  return { resourceType: 'Observation', status: 'final', effectiveDateTime: '2026-01-02', ...common };
}

beforeAll(async () => {
  for (const patient of ['awa', 'elodie']) {
    for (const [type, system, code] of granular) await smart.server.put(resourceOf(type, patient, system, code));
  }
  // Of two categories, and of none.
  const [[lab], [vital]] = observations;
  const both = resourceOf('Observation', 'awa', lab, 'laboratory') as Observation;
  const category = [...(both.category ?? []), { coding: [{ system: vital, code: 'vital-signs' }] }];
  await smart.server.put({ ...both, id: 'awa-both', category });
  const { category: _, ...none } = both;
  await smart.server.put({ ...none, id: 'awa-none' });
}, 60_000);

const searchesOf = (type: string) => [
  `${type}?patient=awa`,
  `${type}?patient=Patient/awa&_total=accurate`,
  `${type}?patient=awa&category=laboratory,vital-signs,survey,encounter-diagnosis`,
  `${type}?patient=awa&code=http://loinc.org|1-10`,
  ...(type === 'Observation' ? [`${type}?patient=awa&status=final&date=ge2025-01-01`] : []),
  `${type}?_sort=-_lastUpdated&_count=50`,
];

async function search(path: string, token: string, isPost = false): Promise<readonly Clinical[]> {
  const [type = '', query = ''] = path.split('?');
  const answer = isPost
    ? await smart.server.request(`/${type}/_search`, token, { method: 'POST', body: new URLSearchParams(query) })
    : await smart.server.request(`/${path}`, token);
  expect([path, answer.status]).toEqual([path, 200]);
  const bundle = (await answer.json()) as Bundle<Clinical>;
  const found = (bundle.entry ?? []).flatMap(({ resource }) => (resource ? [resource] : []));
  if (bundle.total !== undefined) expect([path, bundle.total]).toEqual([path, found.length]);
  return found;
}

const has = (resource: Clinical, system: string, code: string) =>
  (resource.category ?? []).some(({ coding = [] }) => coding.some((one) => one.system === system && one.code === code));
const names = (all: readonly Clinical[]) => all.map(({ id }) => id).sort();

/** A read outside: 4xx, with the same answer as for what is not there. */
async function demandClosed(type: string, id: string, token: string): Promise<void> {
  const outside = await smart.server.request(`/${type}/${id}`, token);
  const nowhere = await smart.server.request(`/${type}/nobody`, token);
  expect([id, outside.status]).toEqual([id, nowhere.status]);
  expect(outside.status).toBeGreaterThanOrEqual(400);
  const bare = (text: string, name: string) => text.replaceAll(name, '').replaceAll(/"[0-9a-f-]{36}"/g, '');
  expect(bare(await outside.text(), id)).toBe(bare(await nowhere.text(), 'nobody'));
}

describe.each(granular)('9.23 patient/%s.rs?category=%s|%s', (type, system, code) => {
  it('us_core granular_scope_search: searches give what the wide scope gave, filtered', async () => {
    const wide = await smart.server.token({ scope: `patient/${type}.rs`, context });
    const narrow = await smart.server.token({ scope: `patient/${type}.rs?category=${system}|${code}`, context });
    for (const path of searchesOf(type)) {
      const expected = names((await search(path, wide)).filter((one) => has(one, system, code)));
      expect([path, names(await search(path, narrow))]).toEqual([path, expected]);
      expect([path, names(await search(path, narrow, true))]).toEqual([path, expected]);
    }
    expect(await search(`${type}?patient=elodie`, narrow)).toEqual([]);
  });

  it('us_core granular_scope_read: reads inside are 200, outside they are not, whatever is there', async () => {
    const narrow = await smart.server.token({ scope: `patient/${type}.rs?category=${system}|${code}`, context });
    for (const [other, , category] of granular) {
      if (other !== type) continue;
      if (category !== code) await demandClosed(type, `awa-${category}`, narrow);
      else expect((await smart.server.request(`/${type}/awa-${category}`, narrow)).status).toBe(200);
      await demandClosed(type, `elodie-${category}`, narrow);
    }
  });
});

describe('several granular scopes of a type', () => {
  const [[lab], [vital]] = observations;
  const scope = [
    `patient/Observation.rs?category=${lab}|laboratory`,
    `patient/Observation.rs?category=${vital}|vital-signs`,
    `patient/Observation.s?category=${observationCategory}|survey`,
  ].join(' ');

  it('are a union: what any of them gives, each once', async () => {
    const token = await smart.server.token({ scope, context });
    expect(names(await search('Observation?patient=awa', token))).toEqual([
      'awa-both',
      'awa-laboratory',
      'awa-pulse',
      'awa-survey',
      'awa-vital-signs',
    ]);
  });

  it('are enforced letter by letter: a survey is found and not read', async () => {
    const token = await smart.server.token({ scope, context });
    const statuses = ['awa-laboratory', 'awa-vital-signs', 'awa-both', 'awa-survey', 'awa-none'].map(
      async (id) => (await smart.server.request(`/Observation/${id}`, token)).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 200, 200, 404, 404]);
  });

  it('stay with the role: the union with a scope of the user is what both give', async () => {
    const token = await smart.server.token({
      scope: `${scope} user/Observation.rs?code=http://loinc.org|1-4`,
      context,
    });
    expect(names(await search('Observation?category=sdoh', token))).toEqual(['awa-sdoh', 'elodie-sdoh']);
  });
});

describe('parameters of granular scopes', () => {
  it.each([
    ['code=http://loinc.org|1-6', ['awa-survey']],
    ['status=amended', []],
    ['category=survey,sdoh', ['awa-sdoh', 'awa-survey']],
    [`category=${observationCategory}|survey&code=1-6`, ['awa-survey']],
    [`category=${observationCategory}|survey&code=1-7`, []],
    ['_id=awa-sdoh', ['awa-sdoh']],
  ])('?%s is judged', async (query, expected) => {
    const token = await smart.server.token({ scope: `patient/Observation.rs?${query}`, context });
    expect(names(await search('Observation', token))).toEqual(expected);
  });

  it.each(['category:in=http://example.org/vs', 'date=ge2020', 'subject.name=x', '_has:Provenance:target:agent=x'])(
    '?%s cannot be judged, so it gives nothing',
    async (query) => {
      const token = await smart.server.token({ scope: 'openid' });
      expect((await smart.server.request('/Observation', token)).status).toBe(403);
      const app = { name: 'X', kind: 'public', redirectUris: ['https://app.example/'] } as const;
      const scope = `user/Observation.rs?${query}`;
      await expect(smart.server.register({ ...app, scope })).rejects.toThrow(/is not a scope of this server/);
    },
  );
});
