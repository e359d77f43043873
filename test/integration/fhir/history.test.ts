// https://hl7.org/fhir/R4/http.html#history
import type { Bundle, OperationOutcome } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { accessOf } from '../../../src/auth/access.ts';
import { systemAccess } from '../../../src/auth/system-access.ts';
import { extract } from '../../../src/fhir/search/extract.ts';
import { withServer } from '../../support/server.ts';

/** The token is the scope itself, its spaces as `+`; `test` is the server's own access. */
const server = withServer({
  authenticate: ({ authorization = '' }) => {
    const scope = authorization.slice('Bearer '.length).replaceAll('+', ' ');
    const access = scope === 'test' ? systemAccess('test') : accessOf({ client: { name: 'app' } }, scope, extract);
    return Promise.resolve(access);
  },
});
const { request } = server;

async function bundle(path: string, scope = 'test'): Promise<Bundle> {
  const answer = await request('GET', path, { headers: { authorization: `Bearer ${scope}` } });
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`);
  return answer.as<Bundle>();
}

/** `Type/id/version`, newest first as they come; `-` before a deletion. */
const versionsOf = ({ entry = [] }: Bundle) =>
  entry.map(({ fullUrl = '', resource, response }) => {
    const name = `${fullUrl.split('/').slice(-2).join('/')}/${/"(\d+)"/.exec(response?.etag ?? '')?.[1]}`;
    return resource ? name : `-${name}`;
  });
const link = ({ link: links }: Bundle, relation: string) => links?.find((one) => one.relation === relation)?.url;

/** The page and all that its links of the relation lead to. */
async function follow(page: Bundle, relation: string): Promise<Bundle[]> {
  const url = link(page, relation);
  return url === undefined ? [page] : [page, ...(await follow(await bundle(url), relation))];
}

const put = (type: string, id: string, rest: object = {}) =>
  request('PUT', `/${type}/${id}`, { body: { resourceType: type, id, ...rest } });
const code = (value: string) => ({ code: { coding: [{ code: value }] } });

const times: string[] = [];
const tick = async () => {
  await new Promise((done) => setTimeout(done, 5));
  times.push(new Date().toISOString());
  await new Promise((done) => setTimeout(done, 5));
};

beforeAll(async () => {
  await put('Patient', 'a', { gender: 'male' });
  await put('Basic', 'x', code('open'));
  await tick(); // 0
  await put('Patient', 'a', { gender: 'female' });
  await put('Basic', 'y', code('hidden'));
  await tick(); // 1
  await request('DELETE', '/Basic/y');
  await put('Basic', 'x', code('hidden'));
  await tick(); // 2
  await put('Basic', 'x', code('open'));
  await put('Patient', 'b');
});

const all = [
  'Patient/b/1',
  'Basic/x/3',
  'Basic/x/2',
  '-Basic/y/2',
  'Basic/y/1',
  'Patient/a/2',
  'Basic/x/1',
  'Patient/a/1',
];
const basics = all.filter((name) => name.includes('Basic'));

/** What is followed in order waits for older transactions, also those of others on the same PostgreSQL. */
const settled = () =>
  vi.waitFor(async () => expect((await bundle('/_history?_sort=_lastUpdated')).entry).toHaveLength(all.length), {
    timeout: 20_000,
    interval: 100,
  });

describe('history of a type and of the system', () => {
  it('has every version, newest first, with request and response', async () => {
    expect(versionsOf(await bundle('/Basic/_history'))).toEqual(basics);
    const system = await bundle('/_history');
    expect([versionsOf(system), system.total, system.type]).toEqual([all, 8, 'history']);
    expect(system.entry?.map(({ request: { method, url } = {}, response }) => [method, url, response?.status])).toEqual(
      [
        ['PUT', 'Patient/b', '201 Created'],
        ['PUT', 'Basic/x', '200 OK'],
        ['PUT', 'Basic/x', '200 OK'],
        ['DELETE', 'Basic/y', '204 No Content'],
        ['PUT', 'Basic/y', '201 Created'],
        ['PUT', 'Patient/a', '200 OK'],
        ['PUT', 'Basic/x', '201 Created'],
        ['PUT', 'Patient/a', '201 Created'],
      ],
    );
    expect(link(system, 'self')).toBe(`${server.base}/_history`);
  });

  it('comes oldest first with _sort=_lastUpdated', async () => {
    await settled();
    expect(versionsOf(await bundle('/_history?_sort=_lastUpdated'))).toEqual([...all].reverse());
    expect(versionsOf(await bundle('/Basic/x/_history?_sort=_lastUpdated'))).toEqual([
      'Basic/x/1',
      'Basic/x/2',
      'Basic/x/3',
    ]);
  });

  it('begins with _since', async () => {
    await settled();
    expect(versionsOf(await bundle(`/_history?_since=${times[1]}`))).toEqual(all.slice(0, 4));
    expect(versionsOf(await bundle(`/Basic/_history?_since=${times[2]}`))).toEqual(['Basic/x/3']);
    expect(versionsOf(await bundle(`/Basic/x/_history?_since=${times[1]}`))).toEqual(['Basic/x/3', 'Basic/x/2']);
    expect((await bundle('/_history?_since=2100-01-01T00:00:00Z')).entry).toBeUndefined();
  });

  it('has with _at what was current at that time', async () => {
    expect(versionsOf(await bundle(`/_history?_at=${times[0]}`))).toEqual(['Basic/x/1', 'Patient/a/1']);
    expect(versionsOf(await bundle(`/_history?_at=${times[1]}`))).toEqual(['Basic/y/1', 'Patient/a/2', 'Basic/x/1']);
    expect(versionsOf(await bundle(`/Basic/_history?_at=${times[2]}`))).toEqual(['Basic/x/2']);
    expect(versionsOf(await bundle(`/Basic/x/_history?_at=${times[2]}`))).toEqual(['Basic/x/2']);
    const year = new Date().getUTCFullYear();
    expect(versionsOf(await bundle(`/_history?_at=${year}`))).toEqual(all);
    expect((await bundle(`/_history?_at=${year - 1}`)).entry).toBeUndefined();
  });

  it('counts alone with _count=0', async () => {
    const counted = await bundle('/Basic/_history?_count=0');
    expect([counted.total, counted.entry]).toEqual([5, undefined]);
    expect((await bundle('/Basic/_history?_total=none')).total).toBeUndefined();
  });

  it.each(['/_history', '/Basic/_history', '/_history?_sort=_lastUpdated', '/Basic/x/_history'])(
    'pages %s to the end and back, and repeats nothing while others write',
    async (path) => {
      const from = `${path}${path.includes('?') ? '&' : '?'}_count=`;
      const whole = versionsOf(await bundle(`${from}1000`));
      const first = await bundle(`${from}2`);
      if (!path.includes('_sort')) await put('Basic', 'x', code('open'));
      const forward = await follow(first, 'next');
      expect(forward.flatMap(versionsOf)).toEqual(whole);
      const back = await follow(forward.at(-1) as Bundle, 'previous');
      const before = forward.slice(0, -1).flatMap(versionsOf);
      expect(back.slice(1).reverse().flatMap(versionsOf).slice(-before.length)).toEqual(before);
      const begin = await bundle(link(back.at(-1) as Bundle, 'first') ?? '');
      expect(link(begin, 'previous')).toBeUndefined();
    },
  );

  it.each(['_count=-1', '_count=x', '_since=yesterday', '_at=x', '_sort=name', '_count=1&_count=2', '_page=x'])(
    'refuses %s',
    async (query) => {
      const answer = await request('GET', `/_history?${query}`);
      expect([answer.status, answer.as<OperationOutcome>().issue[0]?.severity]).toEqual([400, 'error']);
    },
  );

  it('ignores the unknown, and refuses it with Prefer: handling=strict', async () => {
    expect(link(await bundle('/Basic/_history?nmae=x&_count=1'), 'self')).toBe(
      `${server.base}/Basic/_history?_count=1`,
    );
    const headers = { prefer: 'handling=strict', authorization: 'Bearer test' };
    expect((await request('GET', '/Basic/_history?nmae=x', { headers })).status).toBe(400);
  });

  it('is for GET only, and answers HEAD', async () => {
    expect((await request('POST', '/_history', { body: {} })).status).toBe(405);
    expect((await request('HEAD', '/_history')).status).toBe(200);
  });
});

describe('history for a caller with limits', () => {
  const narrow = 'system/Basic.r?code=open';

  it('leaves out versions that said something else, deletions of them too, and counts nothing', async () => {
    const seen = await bundle('/Basic/_history?_count=1000', narrow);
    expect(versionsOf(seen).filter((name) => /x\/[123]$|y/.test(name))).toEqual(['Basic/x/3', 'Basic/x/1']);
    expect(seen.total).toBeUndefined();
    expect(versionsOf(await bundle('/_history?_sort=_lastUpdated&_count=2', narrow))).toEqual([
      'Basic/x/1',
      'Basic/x/3',
    ]);
    const instance = await bundle('/Basic/x/_history?_count=1000', narrow);
    expect(versionsOf(instance).slice(-2)).toEqual(['Basic/x/3', 'Basic/x/1']);
    expect(instance.total).toBeUndefined();
  });

  it('fills its pages past what is hidden', async () => {
    const first = await bundle('/Basic/_history?_sort=_lastUpdated&_count=1', narrow);
    expect(versionsOf(first)).toEqual(['Basic/x/1']);
    expect(versionsOf(await bundle(link(first, 'next') ?? '', narrow))).toEqual(['Basic/x/3']);
  });

  it('has no types that it may not read', async () => {
    expect(versionsOf(await bundle('/_history', 'system/Patient.r')).every((name) => name.includes('Patient'))).toBe(
      true,
    );
    const { status } = await request('GET', '/Patient/_history', { headers: { authorization: `Bearer ${narrow}` } });
    expect(status).toBe(403);
    const none = await request('GET', '/_history', { headers: { authorization: 'Bearer system/Basic.s' } });
    expect(none.status).toBe(403);
  });
});
