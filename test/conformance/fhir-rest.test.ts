// https://hl7.org/fhir/R4/http.html#capabilities: the server does what its CapabilityStatement says, for every type
import { resolve } from 'node:path';
import type { Bundle, CapabilityStatement, OperationOutcome } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemAccess } from '../../src/auth/system-access.ts';
import { publishDefinitions, publishedDefinitions } from '../../src/fhir/operations/published.ts';
import { operations } from '../../src/fhir/operations/table.ts';
import { r4Parameters } from '../../src/fhir/search/parameters.ts';
import { createValidator } from '../../src/fhir/validation/validator.ts';
import { silent } from '../../src/shared/logger.ts';
import { withServer } from '../support/server.ts';

const server = withServer();
type Rest = NonNullable<CapabilityStatement['rest']>[number];
let rest: Rest;

const statement = async () => (await server.request('GET', '/metadata')).as<CapabilityStatement>();

beforeAll(async () => {
  rest = (await statement()).rest?.[0] as Rest;
});

/** Runs work for all, some at a time, and gives what it said about those that failed. */
async function problems<T>(all: readonly T[], work: (one: T) => Promise<string | undefined>): Promise<string[]> {
  const found: string[] = [];
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < all.length; at = next++) {
      const problem = await work(all[at] as T);
      if (problem !== undefined) found.push(problem);
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return found;
}

const types = () => rest.resource ?? [];
const claims = (type: string, code: string) =>
  types().some((one) => one.type === type && one.interaction?.some((interaction) => interaction.code === code));

/** One resource for each compartment. */
const focals = [
  { resourceType: 'Patient' },
  { resourceType: 'Device' },
  { resourceType: 'Practitioner' },
  { resourceType: 'Encounter', status: 'planned', class: { code: 'AMB' } },
  { resourceType: 'RelatedPerson', patient: { reference: 'Patient/focal' } },
];

describe('interactions', () => {
  const calls: [code: string, method: string, path: string, done: number[]][] = [
    ['read', 'GET', '/none', [404]],
    ['vread', 'GET', '/none/_history/1', [404]],
    ['history-instance', 'GET', '/none/_history', [404]],
    ['search-type', 'GET', '', [200]],
    // The body is of another type or under another id, so that nothing is written.
    ['create', 'POST', '', [400]],
    ['update', 'PUT', '/none', [400]],
    ['delete', 'DELETE', '/none', [204]],
    ['patch', 'PATCH', '/none', [400]],
    ['history-type', 'GET', '/_history', [200]],
  ];

  it.each(calls)('%s is there for the types that claim it, and for no other', async (code, method, path, done) => {
    const wrong = await problems(types(), async ({ type = '' }) => {
      const body = method === 'GET' || method === 'DELETE' ? undefined : { resourceType: 'Nothing' };
      const { status } = await server.request(method, `/${type}${path}`, { body });
      const isDone = done.includes(status);
      return isDone === claims(type as string, code) ? undefined : `${code} ${type}: ${status}`;
    });
    expect(wrong).toEqual([]);
  });

  const ofSystem: Readonly<Record<string, readonly [method: string, path: string, type: string]>> = {
    transaction: ['POST', '', 'transaction-response'],
    batch: ['POST', '', 'batch-response'],
    'history-system': ['GET', '/_history', 'history'],
    'search-system': ['GET', '?_type=Patient', 'searchset'],
  };

  it('of the system are all there', async () => {
    for (const { code = '' } of rest.interaction ?? []) {
      const [method, path, type] = ofSystem[code] ?? ['GET', `/${code}`, code];
      const body = method === 'POST' ? { resourceType: 'Bundle', type: code } : undefined;
      const answer = await server.request(method, path, { body });
      expect([code, answer.status, answer.as<Bundle>().type]).toEqual([code, 200, type]);
    }
    expect(rest.interaction?.map(({ code }) => code).toSorted()).toEqual(Object.keys(ofSystem).toSorted());
  });

  it('with conditions are there where they are claimed', async () => {
    const wrong = await problems(types(), async (one) => {
      const query = `/${one.type}?_id=none`;
      const put = await server.request('PUT', query, { body: { resourceType: 'Nothing' } });
      const create = await server.request('POST', `/${one.type}`, {
        body: { resourceType: 'Nothing' },
        headers: { 'if-none-exist': '_id=none' },
      });
      const remove = await server.request('DELETE', query);
      const found = {
        conditionalCreate: create.status === 400,
        conditionalUpdate: put.status === 400,
        conditionalDelete: remove.status < 300 || remove.status === 404,
      };
      const claimed = {
        conditionalCreate: one.conditionalCreate,
        conditionalUpdate: one.conditionalUpdate,
        conditionalDelete: one.conditionalDelete !== 'not-supported',
      };
      return JSON.stringify(found) === JSON.stringify(claimed) ? undefined : `${one.type} ${JSON.stringify(found)}`;
    });
    expect(wrong).toEqual([]);
  });

  it('of compartments are there', async () => {
    expect(rest.compartment?.length).toBe(5);
    for (const focal of focals) {
      const body = { id: 'focal', ...focal };
      expect((await server.request('PUT', `/${focal.resourceType}/focal`, { body })).status).toBe(201);
    }
    for (const url of rest.compartment ?? []) {
      const name = url.slice(url.lastIndexOf('/') + 1);
      const type = name.charAt(0).toUpperCase() + name.slice(1);
      expect([url, (await server.request('GET', `/${type}/focal/Observation`)).status]).toEqual([url, 200]);
    }
  });
});

describe('formats', () => {
  it('are all written', async () => {
    const { format = [] } = await statement();
    expect(format.length).toBeGreaterThan(1);
    for (const one of format) {
      const answer = await server.request('GET', `/Patient?_format=${encodeURIComponent(one)}`);
      expect([one, answer.status]).toEqual([one, 200]);
    }
    expect((await server.request('GET', '/Patient?_format=ttl')).status).toBe(406);
  });

  it('of patches are all read', async () => {
    const { patchFormat = [] } = await statement();
    for (const one of patchFormat.filter((each) => each.includes('/'))) {
      const headers = { 'content-type': one };
      const { status } = await server.request('PATCH', '/Patient/none', {
        body: one.includes('xml') ? '<x/>' : '[]',
        headers,
      });
      expect([one, [400, 404, 422].includes(status)]).toEqual([one, true]);
    }
    const headers = { 'content-type': 'application/merge-patch+json' };
    expect((await server.request('PATCH', '/Patient/none', { body: '{}', headers })).status).toBe(415);
  });
});

describe('operations', () => {
  const standing = new Map(operations.map(({ definition }) => [definition.url ?? '', definition]));
  /** Whether there is an operation at a path: an error of its own is an answer too, but nothing says there is nothing. */
  const isThere = async (path: string) => {
    const { status, text } = await server.request('POST', path, { body: { resourceType: 'Parameters' } });
    return !(status === 404 && text.includes('There is nothing at')) && status !== 405;
  };

  it('are there at each level of their definitions, and at no other', async () => {
    const claimed = [
      ...(rest.operation ?? []).map((one) => ({ ...one, type: '' })),
      ...types().flatMap(({ type = '', operation = [] }) => operation.map((one) => ({ ...one, type: type as string }))),
    ];
    // Of those for any type a few types are enough.
    const sample = claimed.filter(({ type, definition = '' }) => {
      const named: readonly string[] = standing.get(definition)?.resource ?? [];
      return !named.includes('Resource') || ['', 'Patient', 'Basic', 'AuditEvent'].includes(type);
    });
    const levels = (name: string, type: string) => [...claimed].filter((one) => one.name === name && one.type === type);
    const wrong = await problems(sample, async ({ name = '', type }) => {
      const definitions = levels(name, type).map(({ definition = '' }) => standing.get(definition));
      const wanted = {
        system: type === '' && definitions.some((one) => one?.system),
        type: type !== '' && definitions.some((one) => one?.type),
        instance: type !== '' && definitions.some((one) => one?.instance),
      };
      const found = {
        system: type === '' && (await isThere(`/$${name}`)),
        type: type !== '' && (await isThere(`/${type}/$${name}`)),
        instance: type !== '' && (await isThere(`/${type}/none/$${name}`)),
      };
      return JSON.stringify(found) === JSON.stringify(wanted) ? undefined : `${type} $${name} ${JSON.stringify(found)}`;
    });
    expect(wrong).toEqual([]);
    expect(new Set(claimed.map(({ definition }) => definition))).toEqual(new Set(standing.keys()));
  });

  it('that are not claimed are not there', async () => {
    for (const path of ['/$nothing', '/Patient/$nothing', '/Patient/1/$nothing', '/Observation/$everything']) {
      const answer = await server.request('GET', path);
      const [issue] = answer.as<OperationOutcome>().issue;
      expect([path, answer.status, issue?.code]).toEqual([path, 404, 'not-supported']);
    }
  });

  it('are served as OperationDefinitions, valid ones, found by name, code and url', async () => {
    const validate = createValidator({ profilesFolder: resolve('fhir-profiles') });
    const access = systemAccess('test');
    const context = { store: server.store, access, validate, now: () => new Date(), base: server.base, log: silent };
    await publishDefinitions(context, operations);
    // Once is enough.
    await publishDefinitions(context, operations);
    for (const definition of publishedDefinitions(operations)) {
      const errors = validate(definition).filter(({ severity }) => severity === 'error');
      expect([definition.url, errors]).toEqual([definition.url, []]);
      const read = await server.request('GET', `/OperationDefinition/${definition.id}`);
      expect([definition.url, read.status, read.headers.get('etag')]).toEqual([definition.url, 200, 'W/"1"']);
      const query = new URLSearchParams({
        code: definition.code ?? '',
        name: definition.name ?? '',
        url: definition.url ?? '',
      });
      const found = await server.request('GET', `/OperationDefinition?${query}`);
      expect(found.as<Bundle>().entry?.map(({ resource }) => resource?.id)).toEqual([definition.id]);
    }
  });
});

describe('the statement', () => {
  it('is valid by R4 itself, in each mode', async () => {
    const validate = createValidator({ profilesFolder: resolve('fhir-profiles') });
    for (const mode of ['full', 'normative', 'terminology']) {
      const answer = await server.request('GET', `/metadata?mode=${mode}`);
      expect([mode, answer.status]).toEqual([mode, 200]);
      const errors = validate(answer.as<CapabilityStatement>()).filter(({ severity }) => severity === 'error');
      expect([mode, errors]).toEqual([mode, []]);
    }
    const normative = (await server.request('GET', '/metadata?mode=normative')).as<CapabilityStatement>();
    expect(normative.rest?.[0]?.resource?.some(({ type }) => type === 'Task')).toBe(false);
    expect(
      (await server.request('GET', '/metadata?mode=terminology')).as<{ resourceType: string }>().resourceType,
    ).toBe('TerminologyCapabilities');
    expect((await server.request('GET', '/metadata?mode=nothing')).status).toBe(400);
  });

  it('is not sent again to those who have it (If-None-Match)', async () => {
    const first = await server.request('GET', '/metadata');
    const etag = first.headers.get('etag') ?? '';
    const again = await server.request('GET', '/metadata', { headers: { 'if-none-match': etag } });
    expect([again.status, again.text]).toEqual([304, '']);
    expect((await server.request('GET', '/metadata', { headers: { 'if-none-match': '"x"' } })).status).toBe(200);
  });
});

const examples: Readonly<Record<string, string>> = {
  number: 'gt5',
  date: 'ge2020-01-01',
  string: 'x',
  token: 'http://s|c',
  reference: 'Patient/1',
  quantity: '5||mg',
  uri: 'http://x',
};

/** Of a composite the examples of its components. */
function exampleOf(type: string, name: string, kind: string): string {
  if (name === '_id') return 'x';
  if (name === 'near') return '48.1|2.1|1|km';
  if (kind !== 'composite') return examples[kind] ?? 'x';
  const components = r4Parameters.parameter(type, name)?.components ?? [];
  const kinds = new Map(r4Parameters.parameters(type).map((one) => [one.url, one.type]));
  return components.map(({ url }) => examples[kinds.get(url) ?? ''] ?? 'x').join('$');
}

/** Full text follows writes in the background; until it has, searches by it say so. */
async function answered(path: string) {
  for (let tries = 0; ; tries += 1) {
    const answer = await server.request('GET', path, { headers: { prefer: 'handling=strict' } });
    if (answer.status !== 503 || tries === 50) return answer;
    await new Promise((resolved) => setTimeout(resolved, 200));
  }
}

describe('search parameters', () => {
  it('are all searchable, with strict handling, and say so in the self link', async () => {
    const all = types().flatMap(({ type = '', searchParam = [] }) =>
      searchParam.map(({ name = '', type: kind = '' }) => ({ type, name, value: exampleOf(type, name, kind) })),
    );
    expect(all.length).toBeGreaterThan(1500);
    const wrong = await problems(all, async ({ type, name, value }) => {
      const path = `/${type}?${new URLSearchParams({ [name]: value, _count: '1' })}`;
      const answer = await answered(path);
      if (answer.status !== 200)
        return `${path}: ${answer.status} ${answer.as<OperationOutcome>().issue?.[0]?.diagnostics}`;
      const self = answer.as<Bundle>().link?.[0]?.url;
      return self === `${server.base}${path}` ? undefined : `${path}: ${self}`;
    });
    expect(wrong).toEqual([]);
  });

  it('that are not claimed are refused with strict handling', async () => {
    const wrong = await problems(types(), async ({ type = '', searchParam = [] }) => {
      for (const name of ['_text', '_content', '_filter', 'near', 'nothing']) {
        if (searchParam.some((one) => one.name === name)) continue;
        const answer = await server.request('GET', `/${type}?${name}=x`, { headers: { prefer: 'handling=strict' } });
        if (answer.status !== 400) return `${type}?${name}: ${answer.status}`;
      }
      return undefined;
    });
    expect(wrong).toEqual([]);
  });

  it('that are references can be included', async () => {
    const all = types().flatMap(({ type = '', searchInclude = [] }) => searchInclude.map((value) => ({ type, value })));
    const wrong = await problems(all, async ({ type, value }) => {
      const answer = await server.request('GET', `/${type}?_include=${value}`, {
        headers: { prefer: 'handling=strict' },
      });
      return answer.status === 200 ? undefined : `${type}?_include=${value}: ${answer.status}`;
    });
    expect(wrong).toEqual([]);
  });

  it('that point at a type can be included with it', async () => {
    const all = types().flatMap(({ type = '', searchRevInclude = [] }) =>
      searchRevInclude.slice(0, 6).map((value) => ({ type, value })),
    );
    expect(all.length).toBeGreaterThan(100);
    const wrong = await problems(all, async ({ type, value }) => {
      const { status } = await answered(`/${type}?_revinclude=${value}`);
      return status === 200 ? undefined : `${type}?_revinclude=${value}: ${status}`;
    });
    expect(wrong).toEqual([]);
  });

  it('of all types are there', async () => {
    const values: Readonly<Record<string, string>> = {
      _filter: '_id eq x',
      '_has:Observation:subject:_id': 'x',
      _list: 'x',
    };
    for (const [name, value] of Object.entries(values)) {
      const { status } = await answered(`/Patient?${new URLSearchParams({ [name]: value })}`);
      expect([name, status]).toEqual([name, 200]);
    }
    const claimed = rest.searchParam?.map(({ name }) => name).toSorted();
    expect(claimed).toEqual(['_filter', '_has', '_list', '_type']);
  });
});
