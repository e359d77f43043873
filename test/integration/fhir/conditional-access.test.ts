// What a caller with limits can write by criteria, and what it can learn by trying.
// http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html, https://hl7.org/fhir/R4/http.html#ccreate
import type { Bundle, Observation } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { accessOf } from '../../../src/auth/access.ts';
import { systemAccess } from '../../../src/auth/system-access.ts';
import { createIntegrity } from '../../../src/fhir/integrity/integrity.ts';
import { extract } from '../../../src/fhir/search/extract.ts';
import { withServer } from '../../support/server.ts';

/** The token is the scope itself, its spaces as `+`; `all` is the server's own access. */
const server = withServer({
  integrity: createIntegrity({ own: 'https://example.org/', modes: { '*': 'enforce' } }),
  authenticate: ({ authorization = '' }) => {
    const scope = authorization.slice('Bearer '.length).replaceAll('+', ' ');
    const access = scope === 'all' ? systemAccess('test') : accessOf({ client: { name: 'app' } }, scope, extract);
    return Promise.resolve(access);
  },
});

const as =
  (scope: string) =>
  (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    server.request(method, path, { body, headers: { authorization: `Bearer ${scope}`, ...headers } });
const all = as('all');

const system = 'http://example.org/ca';
const observation = (value: string, code: string, more: object = {}) => ({
  resourceType: 'Observation',
  status: 'final',
  identifier: [{ system, value }],
  code: { coding: [{ system: 'http://loinc.org', code }] },
  ...more,
});
const criteria = (value: string) => `identifier=${system}|${value}`;
const patch = { 'content-type': 'application/json-patch+json' };
const total = async (value: string) =>
  (await all('GET', `/Observation?${criteria(value)}&_summary=count`)).as<Bundle>().total;

beforeAll(async () => {
  await all('PUT', '/Observation/seen', observation('seen', 'A', { id: 'seen' }));
  await all('PUT', '/Observation/hidden', observation('hidden', 'B', { id: 'hidden' }));
});

describe('without the permission to search', () => {
  const blind = as('system/Observation.cud');

  it('nothing can be written by criteria: 403', async () => {
    const body = observation('seen', 'A');
    const answers = [
      await blind('POST', '/Observation', body, { 'if-none-exist': criteria('seen') }),
      await blind('PUT', `/Observation?${criteria('seen')}`, body),
      await blind('PATCH', `/Observation?${criteria('seen')}`, '[]', patch),
      await blind('DELETE', `/Observation?${criteria('seen')}`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    expect(await total('seen')).toBe(1);
  });

  it('a conditional create does not show what it finds to who may not read it', async () => {
    const searching = as('system/Observation.cs');
    const answer = await searching('POST', '/Observation', observation('seen', 'A'), {
      'if-none-exist': criteria('seen'),
    });
    expect([answer.status, answer.text]).toEqual([200, '']);
  });
});

describe('what is out of reach', () => {
  const narrow = as('system/Observation.cruds?code=http://loinc.org|A');

  it('does not count: it is neither found, nor changed, nor deleted', async () => {
    const created = await narrow('POST', '/Observation', observation('hidden', 'A'), {
      'if-none-exist': criteria('hidden'),
    });
    expect(created.status).toBe(201);
    const { id } = created.as<Observation>();
    expect((await narrow('DELETE', `/Observation?${criteria('hidden')}`)).status).toBe(204);
    expect((await narrow('PATCH', `/Observation?${criteria('hidden')}`, '[]', patch)).status).toBe(404);
    expect((await all('GET', '/Observation/hidden')).headers.get('etag')).toBe('W/"1"');
    expect((await all('GET', `/Observation/${id}`)).status).toBe(410);
  });

  it('answers a patch as what never was', async () => {
    const [there, never] = [
      await narrow('PATCH', '/Observation/hidden', '[]', patch),
      await narrow('PATCH', '/Observation/never1', '[]', patch),
    ];
    expect([there.status, there.text.replaceAll('hidden', '')]).toEqual([404, never.text.replaceAll('never1', '')]);
  });

  it('cannot be patched into or out of', async () => {
    const out = '[{"op":"replace","path":"/code/coding/0/code","value":"B"}]';
    expect((await narrow('PATCH', '/Observation/seen', out, patch)).status).toBe(403);
    expect((await all('GET', '/Observation/seen')).headers.get('etag')).toBe('W/"1"');
  });

  it('is not named when it keeps something from being deleted', async () => {
    await all('PUT', '/Observation/part', observation('part', 'A', { id: 'part' }));
    await all('PUT', '/Observation/whole', {
      ...observation('whole', 'B', { id: 'whole' }),
      hasMember: [{ reference: 'Observation/part' }],
    });
    const answer = await narrow('DELETE', '/Observation/part');
    expect([answer.status, answer.text.includes('whole')]).toEqual([409, false]);
    expect((await all('DELETE', '/Observation/part')).text).toContain('Observation/whole');
  });
});
