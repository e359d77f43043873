// https://hl7.org/fhir/R4/http.html#patch
import type { Bundle, Observation, OperationOutcome, Patient } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { withServer } from '../../support/server.ts';

const { request } = withServer();

const json = { 'content-type': 'application/json-patch+json' };
const issue = (answer: { as<T>(): T }) => answer.as<OperationOutcome>().issue[0];
const patchJson = (path: string, operations: unknown, headers: Record<string, string> = {}) =>
  request('PATCH', path, { body: JSON.stringify(operations), headers: { ...json, ...headers } });

const replace = (path: string, value: object) => ({
  resourceType: 'Parameters',
  parameter: [
    {
      name: 'operation',
      part: [
        { name: 'type', valueCode: 'replace' },
        { name: 'path', valueString: path },
        { name: 'value', ...value },
      ],
    },
  ],
});

async function put(id: string, more: object = {}): Promise<void> {
  await request('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient', id, ...more } });
}

describe('patch', () => {
  it('stores what a JSON Patch makes of the resource as its next version', async () => {
    await put('p-1', { gender: 'male' });
    const answer = await patchJson('/Patient/p-1', [{ op: 'replace', path: '/gender', value: 'female' }]);
    expect([answer.status, answer.headers.get('etag')]).toEqual([200, 'W/"2"']);
    expect(answer.as<Patient>()).toMatchObject({ id: 'p-1', gender: 'female', meta: { versionId: '2' } });
    expect((await request('GET', '/Patient?gender=female&_id=p-1')).as<Bundle>().entry?.length).toBe(1);
  });

  it('stores what a FHIRPath Patch makes of it, in JSON and in XML', async () => {
    await put('p-2', { gender: 'male' });
    const answer = await request('PATCH', '/Patient/p-2', { body: replace('Patient.gender', { valueCode: 'female' }) });
    expect([answer.status, answer.as<Patient>().gender]).toEqual([200, 'female']);
    const xml =
      '<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/>' +
      '<part><name value="type"/><valueCode value="delete"/></part>' +
      '<part><name value="path"/><valueString value="Patient.gender"/></part></parameter></Parameters>';
    const again = await request('PATCH', '/Patient/p-2', {
      body: xml,
      headers: { 'content-type': 'application/fhir+xml' },
    });
    expect([again.status, again.headers.get('etag'), again.as<Patient>().gender]).toEqual([200, 'W/"3"', undefined]);
  });

  it('keeps the digits of decimals that it does not touch', async () => {
    const text =
      '{"resourceType":"Observation","id":"p-3","status":"final","code":{"text":"x"},"valueQuantity":{ "value": 1.10 }}';
    await request('PUT', '/Observation/p-3', { body: text });
    const answer = await patchJson('/Observation/p-3', [{ op: 'replace', path: '/status', value: 'amended' }]);
    expect(answer.text).toContain('"valueQuantity":{ "value": 1.10 }');
  });

  it('makes no version when nothing changes', async () => {
    await put('p-4', { active: true });
    const answer = await patchJson('/Patient/p-4', [{ op: 'replace', path: '/active', value: true }]);
    expect([answer.status, answer.headers.get('etag')]).toEqual([200, 'W/"1"']);
  });

  it('answers 422 to a test that fails, and changes nothing', async () => {
    await put('p-5', { active: true });
    const answer = await patchJson('/Patient/p-5', [
      { op: 'replace', path: '/active', value: false },
      { op: 'test', path: '/gender', value: 'male' },
    ]);
    expect([answer.status, issue(answer)?.expression]).toEqual([422, ['Patient.gender']]);
    expect((await request('GET', '/Patient/p-5')).headers.get('etag')).toBe('W/"1"');
  });

  it('validates the result as an update is', async () => {
    await put('p-6');
    const answer = await patchJson('/Patient/p-6', [{ op: 'add', path: '/gender', value: 'x' }]);
    expect([answer.status, issue(answer)?.expression]).toEqual([422, ['Patient.gender']]);
  });

  it.each([
    ['the id', [{ op: 'replace', path: '/id', value: 'other' }]],
    ['the type', [{ op: 'replace', path: '/resourceType', value: 'Person' }]],
    ['everything', [{ op: 'replace', path: '', value: { resourceType: 'Patient', id: 'other' } }]],
    ['everything into nothing', [{ op: 'replace', path: '', value: null }]],
  ])('answers 422 to a change of %s', async (_, operations) => {
    await put('p-7');
    expect((await patchJson('/Patient/p-7', operations)).status).toBe(422);
  });

  it('leaves meta.versionId and lastUpdated to the server', async () => {
    await put('p-8');
    const answer = await patchJson('/Patient/p-8', [
      { op: 'replace', path: '/meta/versionId', value: '9' },
      { op: 'add', path: '/active', value: true },
    ]);
    expect(answer.as<Patient>().meta?.versionId).toBe('2');
  });

  it('heeds If-Match', async () => {
    await put('p-9');
    const operations = [{ op: 'add', path: '/active', value: true }];
    expect((await patchJson('/Patient/p-9', operations, { 'if-match': 'W/"2"' })).status).toBe(412);
    expect((await patchJson('/Patient/p-9', operations, { 'if-match': 'W/"1"' })).status).toBe(200);
  });

  it('answers 404 to what never was and 410 to what was deleted', async () => {
    await put('p-10');
    await request('DELETE', '/Patient/p-10');
    expect((await patchJson('/Patient/p-10', [])).status).toBe(410);
    expect((await patchJson('/Patient/p-never', [])).status).toBe(404);
  });

  it('answers 415 to what is no patch, and 400 to a malformed one', async () => {
    await put('p-11');
    const plain = await request('PATCH', '/Patient/p-11', { body: 'x', headers: { 'content-type': 'text/plain' } });
    expect(plain.status).toBe(415);
    const merge = await request('PATCH', '/Patient/p-11', {
      body: '{}',
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    expect(merge.status).toBe(415);
    expect((await patchJson('/Patient/p-11', { op: 'remove' })).status).toBe(400);
    expect((await request('PATCH', '/Patient/p-11', { body: { resourceType: 'Patient', id: 'p-11' } })).status).toBe(
      400,
    );
    const wrong = replace('Patient.', { valueCode: 'x' });
    expect(issue(await request('PATCH', '/Patient/p-11', { body: wrong }))?.expression).toEqual([
      'Parameters.parameter[0].part[1]',
    ]);
  });

  it('answers as Prefer: return asks', async () => {
    await put('p-12');
    const operations = (value: boolean) => [{ op: 'add', path: '/active', value }];
    const minimal = await patchJson('/Patient/p-12', operations(true), { prefer: 'return=minimal' });
    expect([minimal.status, minimal.text]).toEqual([200, '']);
    const outcome = await patchJson('/Patient/p-12', operations(false), { prefer: 'return=OperationOutcome' });
    expect(outcome.as<OperationOutcome>().resourceType).toBe('OperationOutcome');
  });

  it('loses none of many that come at once', async () => {
    await put('p-13', { name: [{ family: 'x' }] });
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, at) =>
        patchJson('/Patient/p-13', [{ op: 'add', path: '/name/-', value: { family: `f${at}` } }]),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(new Array(16).fill(200));
    expect((await request('GET', '/Patient/p-13')).as<Patient>().name?.length).toBe(17);
  });
});

describe('conditional patch', () => {
  const identifier = (value: string) => [{ system: 'http://example.org/p', value }];
  const operations = [{ op: 'add', path: '/active', value: true }];

  it('patches the one match: 200', async () => {
    await put('cp-1', { identifier: identifier('1') });
    const answer = await patchJson('/Patient?identifier=http://example.org/p|1', operations);
    expect([answer.status, answer.as<Patient>()]).toMatchObject([200, { id: 'cp-1', active: true }]);
  });

  it('answers 404 when nothing matches and 412 when several do', async () => {
    for (const id of ['cp-2', 'cp-3']) await put(id, { identifier: identifier('2') });
    expect((await patchJson('/Patient?identifier=http://example.org/p|none', operations)).status).toBe(404);
    expect((await patchJson('/Patient?identifier=http://example.org/p|2', operations)).status).toBe(412);
  });

  it('refuses empty criteria', async () => {
    expect((await patchJson('/Patient', operations)).status).toBe(412);
  });
});

describe('XML Patch', () => {
  const headers = { 'content-type': 'application/xml-patch+xml' };
  const diff = (operations: string) => `<diff xmlns:f="http://hl7.org/fhir">${operations}</diff>`;
  const male = diff('<add sel="f:Patient"><f:gender value="male"/></add>');
  const binary = (operations: string) => ({
    resourceType: 'Binary',
    contentType: headers['content-type'],
    data: Buffer.from(diff(operations)).toString('base64'),
  });

  it('stores what it makes of the resource as its next version', async () => {
    await put('x-1', { birthDate: '1980-01-01' });
    const answer = await request('PATCH', '/Patient/x-1', { body: male, headers });
    expect([answer.status, answer.headers.get('etag')]).toEqual([200, 'W/"2"']);
    expect(answer.as<Patient>()).toMatchObject({ id: 'x-1', gender: 'male', birthDate: '1980-01-01' });
    expect((await request('GET', '/Patient?gender=male&_id=x-1')).as<Bundle>().entry?.length).toBe(1);
  });

  it('takes the media type that RFC 7351 has, with a character set', async () => {
    await put('x-2');
    const body =
      '<?xml version="1.0" encoding="UTF-8"?><p:patch xmlns="http://hl7.org/fhir" xmlns:p="urn:ietf:rfc:7351">' +
      '<p:add sel="Patient"><name><family value="Traoré"/></name></p:add></p:patch>';
    const answer = await request('PATCH', '/Patient/x-2', {
      body,
      headers: { 'content-type': 'application/xml-patch+xml; charset=utf-8' },
    });
    expect([answer.status, answer.as<Patient>().name]).toEqual([200, [{ family: 'Traoré' }]]);
  });

  it('is conditional by criteria and by If-Match', async () => {
    await put('x-3', { identifier: [{ system: 'http://example.org/x', value: '3' }] });
    const path = '/Patient?identifier=http://example.org/x|3';
    const late = await request('PATCH', path, { body: male, headers: { ...headers, 'if-match': 'W/"7"' } });
    expect(late.status).toBe(412);
    expect((await request('PATCH', path, { body: male, headers })).as<Patient>().gender).toBe('male');
  });

  it.each([
    ['a selector that finds nothing', diff('<remove sel="f:Patient/f:gender"/>'), 422, 'unlocated-node'],
    ['what is no XML', '<diff', 400, 'invalid-diff-format'],
    ['a DTD', '<!DOCTYPE diff [<!ENTITY a "b">]><diff/>', 400, 'invalid-diff-format'],
    ['another id', diff('<replace sel="f:Patient/f:id/@value">other</replace>'), 422, 'change the id'],
    ['what breaks a rule', diff('<add sel="f:Patient"><f:gender value="blau"/></add>'), 422, 'gender'],
  ])('refuses %s, and changes nothing', async (_, body, status, said) => {
    await put('x-4');
    const answer = await request('PATCH', '/Patient/x-4', { body, headers });
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(said)]);
    expect((await request('GET', '/Patient/x-4')).headers.get('etag')).toBe('W/"1"');
  });

  it.each(['batch', 'transaction'])('comes as a Binary in a %s', async (type) => {
    await put(`x-5-${type}`);
    const resource = binary('<add sel="f:Patient"><f:active value="true"/></add>');
    const entry = [{ resource, request: { method: 'PATCH', url: `Patient/x-5-${type}` } }];
    const answer = await request('POST', '', { body: { resourceType: 'Bundle', type, entry } });
    expect(answer.as<Bundle>().entry?.[0]?.response?.status).toBe('200 OK');
    expect((await request('GET', `/Patient/x-5-${type}`)).as<Patient>().active).toBe(true);
  });

  it('undoes a transaction when it does not apply, and says which entry', async () => {
    await put('x-6');
    const entry = [
      { resource: { resourceType: 'Patient', id: 'x-7' }, request: { method: 'PUT', url: 'Patient/x-7' } },
      { resource: binary('<remove sel="f:Patient/f:active"/>'), request: { method: 'PATCH', url: 'Patient/x-6' } },
    ];
    const answer = await request('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } });
    expect([answer.status, issue(answer)?.expression?.[0]]).toEqual([422, 'Bundle.entry[1].resource']);
    expect((await request('GET', '/Patient/x-7')).status).toBe(404);
  });
});

describe('references in patches of a transaction', () => {
  const urn = 'urn:uuid:00000000-0000-4000-8000-000000000042';
  const xml = (operations: string) => ({
    contentType: 'application/xml-patch+xml',
    text: `<diff xmlns="http://hl7.org/fhir">${operations}</diff>`,
  });
  const jsonOf = (operations: unknown) => ({
    contentType: 'application/json-patch+json',
    text: JSON.stringify(operations),
  });
  const subject = (reference: string) => `<subject><reference value="${reference}"/></subject>`;

  it.each([
    ['a JSON Patch, as an element', jsonOf([{ op: 'replace', path: '/subject', value: { reference: urn } }])],
    ['a JSON Patch, as a value', jsonOf([{ op: 'replace', path: '/subject/reference', value: urn }])],
    ['an XML Patch, as an element', xml(`<replace sel="Observation/subject">${subject(urn)}</replace>`)],
    ['an XML Patch, as a value', xml(`<replace sel="Observation/subject/reference/@value">${urn}</replace>`)],
  ])('become those to the entries: %s', async (_, { contentType, text }) => {
    await putObservation('r-1');
    const resource = { resourceType: 'Binary', contentType, data: Buffer.from(text).toString('base64') };
    const entry = [
      { resource, request: { method: 'PATCH', url: 'Observation/r-1' } },
      { fullUrl: urn, resource: { resourceType: 'Patient' }, request: { method: 'POST', url: 'Patient' } },
    ];
    const answer = await request('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } });
    expect([answer.status, await subjectOf('r-1')]).toEqual([200, nameOf(answer.as<Bundle>(), 1)]);
  });

  it('become those to the entries: a FHIRPath Patch, as a value', async () => {
    await putObservation('r-2');
    const entry = [
      {
        resource: replace('Observation.subject.reference', { valueString: urn }),
        request: { method: 'PATCH', url: 'Observation/r-2' },
      },
      { fullUrl: urn, resource: { resourceType: 'Patient' }, request: { method: 'POST', url: 'Patient' } },
    ];
    const answer = await request('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } });
    expect([answer.status, await subjectOf('r-2')]).toEqual([200, nameOf(answer.as<Bundle>(), 1)]);
  });

  it.each([
    ['a JSON Patch', (to: string) => jsonOf([{ op: 'replace', path: '/subject', value: { reference: to } }])],
    ['an XML Patch', (to: string) => xml(`<replace sel="Observation/subject">${subject(to)}</replace>`)],
  ])('are found by criteria: %s', async (_, patchTo) => {
    await putObservation('r-3');
    await put('r-4', { identifier: [{ system: 'http://example.org/r', value: '4' }] });
    const run = async (value: string) => {
      const { contentType, text } = patchTo(`Patient?identifier=http://example.org/r|${value}`);
      const resource = { resourceType: 'Binary', contentType, data: Buffer.from(text).toString('base64') };
      const entry = [{ resource, request: { method: 'PATCH', url: 'Observation/r-3' } }];
      return request('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } });
    };
    const none = await run('none');
    expect([none.status, issue(none)?.expression?.[0]]).toEqual([412, 'Bundle.entry[0].resource']);
    expect([(await run('4')).status, await subjectOf('r-3')]).toEqual([200, 'Patient/r-4']);
  });

  async function putObservation(id: string): Promise<void> {
    const body = {
      resourceType: 'Observation',
      id,
      status: 'final',
      code: { text: 'x' },
      subject: { display: 'x', reference: 'Patient/none' },
    };
    await request('PUT', `/Observation/${id}`, { body });
  }

  async function subjectOf(id: string): Promise<string | undefined> {
    return (await request('GET', `/Observation/${id}`)).as<Observation>().subject?.reference;
  }

  function nameOf(bundle: Bundle, at: number): string | undefined {
    return bundle.entry?.[at]?.response?.location?.split('/').slice(-4, -2).join('/');
  }
});

describe('patch in a Bundle', () => {
  const binary = (operations: unknown) => ({
    resourceType: 'Binary',
    contentType: 'application/json-patch+json',
    data: Buffer.from(JSON.stringify(operations)).toString('base64'),
  });

  it.each(['batch', 'transaction'])('takes both kinds in a %s', async (type) => {
    await put(`b-1-${type}`);
    await put(`b-2-${type}`, { gender: 'male' });
    const entry = [
      {
        resource: binary([{ op: 'add', path: '/active', value: true }]),
        request: { method: 'PATCH', url: `Patient/b-1-${type}` },
      },
      {
        resource: replace('Patient.gender', { valueCode: 'female' }),
        request: { method: 'PATCH', url: `Patient/b-2-${type}` },
      },
    ];
    const answer = await request('POST', '', { body: { resourceType: 'Bundle', type, entry } });
    expect(answer.as<Bundle>().entry?.map(({ response }) => response?.status)).toEqual(['200 OK', '200 OK']);
    expect((await request('GET', `/Patient/b-1-${type}`)).as<Patient>().active).toBe(true);
    expect((await request('GET', `/Patient/b-2-${type}`)).as<Patient>().gender).toBe('female');
  });

  it('undoes a transaction when a patch does not apply, and says which', async () => {
    await put('b-3');
    const entry = [
      { resource: { resourceType: 'Patient', id: 'b-4' }, request: { method: 'PUT', url: 'Patient/b-4' } },
      { resource: binary([{ op: 'remove', path: '/active' }]), request: { method: 'PATCH', url: 'Patient/b-3' } },
    ];
    const answer = await request('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } });
    expect([answer.status, issue(answer)?.expression?.[0]]).toEqual([422, 'Bundle.entry[1].resource']);
    expect((await request('GET', '/Patient/b-4')).status).toBe(404);
  });

  it('replaces references to other entries in a patch', async () => {
    await request('PUT', '/Observation/b-5', {
      body: { resourceType: 'Observation', id: 'b-5', status: 'final', code: { text: 'x' } },
    });
    const urn = 'urn:uuid:00000000-0000-4000-8000-000000000009';
    const entry = [
      {
        resource: binary([{ op: 'add', path: '/subject', value: { reference: urn } }]),
        request: { method: 'PATCH', url: 'Observation/b-5' },
      },
      { fullUrl: urn, resource: { resourceType: 'Patient' }, request: { method: 'POST', url: 'Patient' } },
    ];
    const answer = await request('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } });
    const patient = answer.as<Bundle>().entry?.[1]?.response?.location?.split('/').slice(-4, -2).join('/');
    expect((await request('GET', '/Observation/b-5')).as<{ subject: object }>().subject).toEqual({
      reference: patient,
    });
  });
});
