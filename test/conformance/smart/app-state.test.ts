// SMART app state: what an application keeps for a person, a patient, or the hospital.
// https://hl7.org/fhir/smart-app-launch/app-state.html
import type { Basic, Bundle, OperationOutcome } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { withSmartServer } from '../../support/smart-server.ts';

const smart = withSmartServer();
const system = 'https://app.example';
const scope = 'user/Basic.cruds patient/Basic.cruds';
let clientId: string;
let token: string;

/** State about this subject (below the base; none for the application as a whole). */
function state(
  subject: string | undefined,
  value = '{"defaultView":"problem-list"}',
  changes: Partial<Basic> = {},
): Basic {
  return {
    resourceType: 'Basic',
    code: { coding: [{ system, code: 'preferences' }] },
    ...(subject === undefined ? {} : { subject: { reference: `${smart.server.base}/${subject}` } }),
    extension: [{ url: `${system}/preferences`, valueString: value }],
    ...changes,
  };
}

const send = (
  method: string,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
  who = token,
) =>
  smart.server.request(path, who, {
    method,
    headers: { 'content-type': 'application/fhir+json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
const made = async (resource: Basic): Promise<{ resource: Basic; tag: string }> => {
  const response = await send('POST', '/Basic', resource);
  expect(response.status).toBe(201);
  return { resource: (await response.json()) as Basic, tag: response.headers.get('etag') ?? '' };
};
const me = () => `Practitioner/${smart.server.users.MEDECIN.practitionerId}`;
const found = async (query: string, who = token) => {
  const bundle = (await (await smart.server.request(`/Basic?${query}`, who)).json()) as Bundle;
  return (bundle.entry ?? []).map(({ resource }) => resource?.id);
};

beforeAll(async () => {
  const registration = { name: 'App', kind: 'public', redirectUris: [`${system}/callback`], scope } as const;
  ({ clientId } = await smart.server.register(registration));
  token = await smart.server.token({ clientId, scope, context: { patient: 'awa' } });
});

it('is announced', async () => {
  const body = (await (await smart.server.request('/.well-known/smart-configuration')).json()) as {
    capabilities: string[];
  };
  expect(body.capabilities).toContain('smart-app-state');
});

describe('state', () => {
  it('of a person is kept with its code, subject and extensions, and found by both', async () => {
    const { resource, tag } = await made(state(me()));
    expect(resource).toMatchObject({ ...state(me()), id: expect.any(String), meta: { versionId: '1' } });
    expect(tag).toBe('W/"1"');
    const code = encodeURIComponent(`${system}|preferences`);
    const subject = encodeURIComponent(`${smart.server.base}/${me()}`);
    expect(await found(`code=${code}&subject=${subject}`)).toEqual([resource.id]);
    expect(await found(`code=${code}&subject:missing=true`)).toEqual([]);
  });

  it('of the patient in context is kept too, and found with patient/ scopes alone', async () => {
    const { resource } = await made(state('Patient/awa'));
    const narrow = await smart.server.token({ clientId, scope: 'patient/Basic.rs', context: { patient: 'awa' } });
    expect(await found(`code=${system}|&subject=Patient/awa`, narrow)).toEqual([resource.id]);
    const other = await smart.server.token({ clientId, scope: 'patient/Basic.rs', context: { patient: 'elodie' } });
    expect(await found(`code=${system}|`, other)).toEqual([]);
  });

  it('is changed by who knows its version, and only in what it says', async () => {
    const { resource, tag } = await made(state(me(), 'one'));
    const path = `/Basic/${resource.id}`;
    const changed = { ...state(me(), 'two'), id: resource.id };
    const answer = await send('PUT', path, changed, { 'if-match': tag });
    expect([answer.status, answer.headers.get('etag')]).toEqual([200, 'W/"2"']);
    for (const headers of [{}, { 'if-match': '*' }, { 'if-match': tag }]) {
      expect((await send('PUT', path, { ...changed, ...state(me(), 'three'), id: resource.id }, headers)).status).toBe(
        412,
      );
    }
    const match = { 'if-match': 'W/"2"' };
    const others = [
      { ...state('Patient/awa', 'two'), id: resource.id },
      { ...changed, code: { coding: [{ system, code: 'other' }] } },
    ];
    for (const other of others) expect((await send('PUT', path, other, match)).status).toBe(412);
    expect(((await (await smart.server.request(path, token)).json()) as Basic).extension?.[0]?.valueString).toBe('two');
  });

  it('is deleted by who knows its version, and does not come back', async () => {
    const { resource, tag } = await made(state(me()));
    const path = `/Basic/${resource.id}`;
    expect((await send('DELETE', path, undefined)).status).toBe(412);
    expect((await send('DELETE', path, undefined, { 'if-match': 'W/"9"' })).status).toBe(412);
    expect((await send('DELETE', path, undefined, { 'if-match': tag })).status).toBeLessThan(300);
    expect((await send('DELETE', path, undefined, { 'if-match': tag })).status).toBe(412);
    expect((await send('PUT', path, { ...state(me()), id: resource.id }, { 'if-match': tag })).status).toBe(412);
  });

  it.each([
    [
      'two codings',
      () =>
        state(me(), 'x', {
          code: {
            coding: [
              { system, code: 'a' },
              { system, code: 'b' },
            ],
          },
        }),
      422,
    ],
    ['a relative subject', () => state(undefined, 'x', { subject: { reference: me() } }), 422],
    [
      'an extension of another type',
      () => state(me(), 'x', { extension: [{ url: `${system}/x`, valueInteger: 1 }] }),
      422,
    ],
    ['more than 256 KB', () => state(me(), 'x'.repeat(256 * 1024)), 413],
  ])('with %s is refused', async (_what, make, status) => {
    const response = await send('POST', '/Basic', make());
    expect(response.status).toBe(status);
    expect(((await response.json()) as OperationOutcome).resourceType).toBe('OperationOutcome');
  });

  it('of nearly 256 KB is kept', async () => {
    await made(state(me(), 'x'.repeat(255 * 1024)));
  });
});

describe('what is not an application’s to keep', () => {
  it.each([
    [
      'under the codes of another',
      () => state(me(), 'x', { code: { coding: [{ system: 'https://other.example', code: 'a' }] } }),
    ],
    ['under no system', () => state(me(), 'x', { code: { coding: [{ code: 'a' }] } })],
    ['about another person', () => state(`Practitioner/${smart.server.users.PERSONNEL.practitionerId}`)],
    ['about another patient', () => state('Patient/elodie')],
    ['about the application as a whole, unless an administrator does', () => state(undefined)],
  ])('%s is refused', async (_what, make) => {
    expect((await send('POST', '/Basic', make())).status).toBe(403);
  });

  it('of another application or person is not seen', async () => {
    const { resource } = await made(state(me()));
    const { clientId: other } = await smart.server.register({
      name: 'Other',
      kind: 'public',
      redirectUris: ['https://other.example/callback'],
      scope,
    });
    const strangers = [
      await smart.server.token({ clientId: other, scope }),
      await smart.server.token({ clientId, scope, role: 'PERSONNEL' }),
      await smart.server.token({ scope }),
    ];
    for (const stranger of strangers) {
      const response = await smart.server.request(`/Basic/${resource.id}`, stranger);
      expect([403, 404]).toContain(response.status);
      const search = await smart.server.request(`/Basic?_id=${resource.id}`, stranger);
      const body = (await search.json()) as Bundle;
      expect(body.entry ?? []).toEqual([]);
    }
  });

  it('for the hospital is written by an administrator and read by all who use the application', async () => {
    const administrator = await smart.server.token({ clientId, scope, role: 'ADMINISTRATEUR' });
    const response = await send('POST', '/Basic', state(undefined, 'for all'), {}, administrator);
    expect(response.status).toBe(201);
    const { id } = (await response.json()) as Basic;
    expect(await found(`code=${system}|preferences&subject:missing=true`)).toEqual([id]);
  });
});
