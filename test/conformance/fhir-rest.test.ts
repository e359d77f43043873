// https://hl7.org/fhir/R4/http.html#capabilities: the server does what its CapabilityStatement says, for every type
import type { Bundle, CapabilityStatement, OperationOutcome } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { withServer } from '../support/server.ts';

const server = withServer();
type Rest = NonNullable<CapabilityStatement['rest']>[number];
let rest: Rest;

beforeAll(async () => {
  const statement = (await server.request('GET', '/metadata')).as<CapabilityStatement>();
  rest = statement.rest?.[0] as Rest;
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

  it('of the system are all there', async () => {
    for (const { code } of rest.interaction ?? []) {
      const answer = await server.request('POST', '', { body: { resourceType: 'Bundle', type: code } });
      expect([code, answer.status, answer.as<Bundle>().type]).toEqual([code, 200, `${code}-response`]);
    }
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

describe('search parameters', () => {
  it('are all searchable, with strict handling, and say so in the self link', async () => {
    const all = types().flatMap(({ type = '', searchParam = [] }) =>
      searchParam.map(({ name = '', type: kind = '' }) => ({ type, name, value: examples[kind] ?? kind })),
    );
    expect(all.length).toBeGreaterThan(1500);
    const wrong = await problems(all, async ({ type, name, value }) => {
      const given = name === '_id' ? 'x' : value;
      const path = `/${type}?${new URLSearchParams({ [name]: given, _count: '1' })}`;
      const answer = await server.request('GET', path, { headers: { prefer: 'handling=strict' } });
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
});
