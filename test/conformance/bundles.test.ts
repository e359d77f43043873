// https://hl7.org/fhir/R4/http.html#transaction, https://hl7.org/fhir/R4/bundle.html: what public suites ask of batch and transaction
import type { Bundle, BundleEntry, OperationOutcome, Resource } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { withServer } from '../support/server.ts';

const server = withServer();
const { request } = server;

const system = 'http://example.org/fr/patients';
const urn = (digit: number) => `urn:uuid:00000000-0000-4000-8000-0000000000${String(digit).padStart(2, '0')}`;
const patient = (more: object = {}) => ({ resourceType: 'Patient', name: [{ family: 'Diallo' }], ...more });
const known = (value: string, more: object = {}) => patient({ identifier: [{ system, value }], ...more });
const observation = (reference: string, more: object = {}) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'Toux' },
  subject: { reference },
  ...more,
});

interface More {
  readonly fullUrl?: string;
  readonly request?: object;
}

function entry(
  method: string,
  url: string,
  resource?: object,
  { fullUrl, request: conditions }: More = {},
): BundleEntry {
  return {
    ...(fullUrl === undefined ? {} : { fullUrl }),
    ...(resource ? { resource: resource as Resource } : {}),
    request: { method, url, ...conditions } as never,
  };
}

const post = (type: string, entries: readonly BundleEntry[], headers: Record<string, string> = {}) =>
  request('POST', '', { body: { resourceType: 'Bundle', type, entry: entries }, headers });
const run = (...entries: BundleEntry[]) => post('transaction', entries);
const batch = (...entries: BundleEntry[]) => post('batch', entries);
type Answer = Awaited<ReturnType<typeof request>>;
const entriesOf = (answer: Answer) => answer.as<Bundle>().entry ?? [];
const codes = (answer: Answer) => entriesOf(answer).map(({ response }) => Number(response?.status.slice(0, 3)));
const nameAt = (answer: Answer, at: number) =>
  entriesOf(answer)[at]?.response?.location?.split('/').slice(-4, -2).join('/');
const read = async <T>(name: string | undefined) => (await request('GET', `/${name}`)).as<T>();
const issue = (answer: Answer) => answer.as<OperationOutcome>().issue[0];

describe('which Bundles are run', () => {
  it.each(['document', 'message', 'collection', 'searchset', 'history', 'batch-response', 'transaction-response'])(
    'one of type %s, posted to the base, is refused with 400',
    async (type) => {
      const answer = await request('POST', '', { body: { resourceType: 'Bundle', type } });
      expect([answer.status, issue(answer)?.expression]).toEqual([400, ['Bundle.type']]);
    },
  );

  it('one without a type, and what is no Bundle, is refused', async () => {
    expect((await request('POST', '', { body: { resourceType: 'Bundle' } })).status).toBe(400);
    expect((await request('POST', '', { body: { resourceType: 'Parameters' } })).status).toBe(400);
  });

  it.each(['batch', 'transaction'])('an empty one of type %s is answered with an empty one', async (type) => {
    const answer = await request('POST', '', { body: { resourceType: 'Bundle', type } });
    expect([answer.status, answer.as<Bundle>().type, entriesOf(answer)]).toEqual([200, `${type}-response`, []]);
  });

  it('one posted to /Bundle is stored and not run', async () => {
    const body = {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [entry('PUT', 'Patient/stored-only', patient({ id: 'stored-only' }))],
    };
    const answer = await request('POST', '/Bundle', { body });
    expect([answer.status, answer.as<Bundle>().type]).toEqual([201, 'transaction']);
    expect((await request('GET', '/Patient/stored-only')).status).toBe(404);
  });

  it.each(['batch', 'transaction'])('one within a %s is not run', async (type) => {
    const inner = {
      resourceType: 'Bundle',
      type: 'batch',
      entry: [entry('PUT', 'Patient/inner', patient({ id: 'inner' }))],
    };
    const answer = await post(type, [entry('POST', '/', inner)]);
    expect(type === 'batch' ? codes(answer) : [answer.status]).toEqual([400]);
    expect((await request('GET', '/Patient/inner')).status).toBe(404);
  });
});

describe('the URL of an entry', () => {
  it.each(['Patient/url-1', '/Patient/url-1', 'BASE/Patient/url-1'])('may be %s', async (url) => {
    const answer = await run(entry('PUT', url.replace('BASE', server.base), patient({ id: 'url-1' })));
    expect(answer.status).toBe(200);
  });

  it('may end in a slash', async () => {
    expect(codes(await run(entry('POST', 'Patient/', patient())))).toEqual([201]);
    expect(codes(await batch(entry('GET', 'Patient/url-1/')))).toEqual([200]);
  });

  it.each(['http://elsewhere.example/fhir/Patient/url-2', 'Patient/url-2/extra', 'patient/url-2', ''])(
    'may not be %j',
    async (url) => {
      const answer = await run(entry('PUT', url, patient({ id: 'url-2' })));
      expect([400, 422]).toContain(answer.status);
      expect(issue(answer)?.expression?.[0]).toContain('Bundle.entry[0]');
    },
  );
});

describe('entry.response', () => {
  it('of a create has status, location, etag and lastModified, and fullUrl is where it is', async () => {
    const answer = await run(entry('POST', 'Patient', patient({ id: 'ignored' })));
    const [created] = entriesOf(answer);
    const name = nameAt(answer, 0);
    expect(created?.fullUrl).toBe(`${server.base}/${name}`);
    expect(name).not.toBe('Patient/ignored');
    expect(created?.response).toEqual({
      status: '201 Created',
      location: `${server.base}/${name}/_history/1`,
      etag: 'W/"1"',
      lastModified: (await read<Resource>(name)).meta?.lastUpdated,
    });
  });

  it.each(['batch', 'transaction'])(
    'in a %s, by Prefer: nothing, the resource or an OperationOutcome',
    async (type) => {
      const kinds = await Promise.all(
        ['minimal', 'representation', 'OperationOutcome'].map(async (kind) => {
          const [one] = entriesOf(
            await post(type, [entry('POST', 'Patient', patient())], { prefer: `return=${kind}` }),
          );
          return [one?.resource?.resourceType, one?.response?.outcome?.resourceType];
        }),
      );
      expect(kinds).toEqual([
        [undefined, undefined],
        ['Patient', undefined],
        [undefined, 'OperationOutcome'],
      ]);
    },
  );

  it('are in the order of the entries, whatever the order of processing', async () => {
    await request('PUT', '/Patient/order-1', { body: patient({ id: 'order-1' }) });
    await request('PUT', '/Patient/order-2', { body: patient({ id: 'order-2' }) });
    const entries = [
      entry('GET', 'Patient/order-2'),
      entry('HEAD', 'Patient/order-2'),
      entry('PUT', 'Patient/order-2', patient({ id: 'order-2', gender: 'female' })),
      entry('POST', 'Patient', patient()),
      entry('DELETE', 'Patient/order-1'),
      entry('GET', 'Patient?_id=order-1,order-2'),
    ];
    const answer = await run(...entries);
    expect(codes(answer)).toEqual([200, 200, 200, 201, 204, 200]);
    expect(entriesOf(answer)[0]?.resource).toMatchObject({ id: 'order-2', gender: 'female' });
    expect(entriesOf(answer)[1]).toMatchObject({ response: { etag: 'W/"2"' } });
    expect((entriesOf(answer)[5]?.resource as Bundle | undefined)?.entry?.length).toBe(1);
  });
});

describe('the conditions of an entry', () => {
  it('If-Match: 412 for another version, of PUT and DELETE', async () => {
    await request('PUT', '/Patient/cond-1', { body: patient({ id: 'cond-1' }) });
    const late = { request: { ifMatch: 'W/"9"' } };
    const put = entry('PUT', 'Patient/cond-1', patient({ id: 'cond-1', active: true }), late);
    expect((await run(put)).status).toBe(412);
    expect(codes(await batch(put, entry('DELETE', 'Patient/cond-1', undefined, late)))).toEqual([412, 412]);
    expect(codes(await run({ ...put, request: { ...put.request, ifMatch: 'W/"1"' } as never }))).toEqual([200]);
  });

  it('If-None-Match and If-Modified-Since: 304 without the resource', async () => {
    await request('PUT', '/Patient/cond-2', { body: patient({ id: 'cond-2' }) });
    const since = new Date(Date.now() + 60_000).toISOString();
    for (const send of [run, batch]) {
      const answer = await send(
        entry('GET', 'Patient/cond-2', undefined, { request: { ifNoneMatch: 'W/"1"' } }),
        entry('GET', 'Patient/cond-2', undefined, { request: { ifNoneMatch: 'W/"2"' } }),
        entry('GET', 'Patient/cond-2', undefined, { request: { ifModifiedSince: since } }),
      );
      expect(codes(answer)).toEqual([304, 200, 304]);
      expect(entriesOf(answer).map(({ resource }) => resource?.id)).toEqual([undefined, 'cond-2', undefined]);
    }
  });

  it.each([
    ['nothing', 'none', [201]],
    ['one', 'one', [200]],
    ['several', 'two', [412]],
  ])('If-None-Exist that finds %s', async (_, value, expected) => {
    for (const name of ['one', 'two', 'two']) {
      const isThere = name === 'one' && (await request('GET', `/Patient?identifier=${system}|one`)).as<Bundle>().entry;
      if (!isThere) await request('POST', '/Patient', { body: known(name) });
    }
    const one = entry('POST', 'Patient', known(value), { request: { ifNoneExist: `identifier=${system}|${value}` } });
    expect(codes(await batch(one))).toEqual(expected);
  });
});

describe('references between entries', () => {
  it('are resolved in both directions, to oneself, and wherever an address is', async () => {
    const p = urn(1);
    const answer = await run(
      entry('POST', 'Patient', patient({ link: [{ other: { reference: urn(2) }, type: 'seealso' }] }), { fullUrl: p }),
      entry(
        'POST',
        'Patient',
        patient({
          link: [
            { other: { reference: p }, type: 'seealso' },
            { other: { reference: urn(2) }, type: 'seealso' },
          ],
        }),
        { fullUrl: urn(2) },
      ),
      entry('POST', 'Provenance', {
        resourceType: 'Provenance',
        target: [{ reference: p }],
        recorded: '2026-11-23T08:00:00Z',
        agent: [{ who: { reference: urn(2) } }],
        entity: [{ role: 'source', what: { reference: urn(3) } }],
      }),
      entry(
        'POST',
        'DocumentReference',
        {
          resourceType: 'DocumentReference',
          status: 'current',
          subject: { reference: p },
          content: [{ attachment: { contentType: 'application/pdf', url: urn(4) } }],
          extension: [
            { url: 'http://example.org/uri', valueUri: p },
            { url: 'http://example.org/url', valueUrl: p },
            { url: 'http://example.org/ref', valueReference: { reference: p } },
            { url: 'http://example.org/text', valueString: p },
          ],
        },
        { fullUrl: urn(3) },
      ),
      entry(
        'POST',
        'Binary',
        { resourceType: 'Binary', contentType: 'application/pdf', data: 'JVBERg==' },
        { fullUrl: urn(4) },
      ),
      entry('POST', 'QuestionnaireResponse', {
        resourceType: 'QuestionnaireResponse',
        status: 'completed',
        questionnaire: urn(5),
        subject: { reference: p },
      }),
      entry('POST', 'Questionnaire', { resourceType: 'Questionnaire', status: 'active' }, { fullUrl: urn(5) }),
    );
    expect([answer.status, codes(answer)]).toEqual([200, [201, 201, 201, 201, 201, 201, 201]]);
    const [first, second, , document, binary, , questionnaire] = [0, 1, 2, 3, 4, 5, 6].map((at) => nameAt(answer, at));
    expect(await read(first)).toMatchObject({ link: [{ other: { reference: second } }] });
    expect(await read(second)).toMatchObject({
      link: [{ other: { reference: first } }, { other: { reference: second } }],
    });
    expect(await read(nameAt(answer, 2))).toMatchObject({
      target: [{ reference: first }],
      agent: [{ who: { reference: second } }],
      entity: [{ what: { reference: document } }],
    });
    expect(await read(document)).toMatchObject({
      content: [{ attachment: { url: binary } }],
      extension: [
        { valueUri: first },
        { valueUrl: first },
        { valueReference: { reference: first } },
        { valueString: p },
      ],
    });
    expect(await read(nameAt(answer, 5))).toMatchObject({ questionnaire });
  });

  it('to a create under a client id become those to the new id', async () => {
    const answer = await run(
      entry('POST', 'Patient', patient({ id: 'temporary' }), { fullUrl: `${server.base}/Patient/temporary` }),
      entry('POST', 'Observation', observation('Patient/temporary')),
      entry('POST', 'Observation', observation(`${server.base}/Patient/temporary`)),
    );
    for (const at of [1, 2])
      expect(await read(nameAt(answer, at))).toMatchObject({ subject: { reference: nameAt(answer, 0) } });
  });

  it('to contained resources stay', async () => {
    const contained = [{ resourceType: 'Practitioner', id: 'dr', name: [{ family: 'Keïta' }] }];
    const answer = await run(
      entry('POST', 'Observation', observation('Patient/any', { contained, performer: [{ reference: '#dr' }] })),
    );
    expect(await read(nameAt(answer, 0))).toMatchObject({ performer: [{ reference: '#dr' }] });
  });

  it('to no entry are refused in a transaction', async () => {
    const answer = await run(entry('POST', 'Observation', observation(urn(9))));
    expect([answer.status, issue(answer)?.expression]).toEqual([400, ['Bundle.entry[0].resource.subject.reference']]);
  });
});

describe('conditional references', () => {
  const by = (value: string) => `Patient?identifier=${system}|${value}`;

  it('find what the same transaction creates, as they are resolved after the writes', async () => {
    const answer = await run(
      entry('POST', 'Observation', observation(by('ref-1'))),
      entry('POST', 'Patient', known('ref-1')),
    );
    expect([answer.status, await read(nameAt(answer, 0))]).toMatchObject([
      200,
      { subject: { reference: nameAt(answer, 1) } },
    ]);
  });

  it('find what the same transaction updates so, and no longer what it deletes or changes', async () => {
    await request('PUT', '/Patient/ref-2-old', { body: known('ref-2', { id: 'ref-2-old' }) });
    await request('PUT', '/Patient/ref-3-old', { body: known('ref-3', { id: 'ref-3-old' }) });
    const answer = await run(
      entry('DELETE', 'Patient/ref-2-old'),
      entry('PUT', 'Patient/ref-2-new', known('ref-2', { id: 'ref-2-new' })),
      entry('POST', 'Observation', observation(by('ref-2'))),
      entry('PUT', 'Patient/ref-3-old', known('ref-3-b', { id: 'ref-3-old' })),
      entry('POST', 'Observation', observation(by('ref-3-b'))),
    );
    expect(answer.status).toBe(200);
    expect(await read(nameAt(answer, 2))).toMatchObject({ subject: { reference: 'Patient/ref-2-new' } });
    expect(await read(nameAt(answer, 4))).toMatchObject({ subject: { reference: 'Patient/ref-3-old' } });
    const gone = await run(
      entry('DELETE', 'Patient/ref-2-new'),
      entry('POST', 'Observation', observation(by('ref-2'))),
    );
    expect([gone.status, issue(gone)?.expression]).toEqual([412, ['Bundle.entry[1].resource.subject.reference']]);
  });

  it('that find one here and one there are refused with 412', async () => {
    await request('POST', '/Patient', { body: known('ref-4') });
    const answer = await run(
      entry('POST', 'Patient', known('ref-4')),
      entry('POST', 'Observation', observation(by('ref-4'))),
    );
    expect([answer.status, issue(answer)?.code]).toEqual([412, 'multiple-matches']);
  });
});

describe('a batch', () => {
  it('goes on after an entry that is wrong in itself', async () => {
    const answer = await batch(
      entry('POST', 'Patient'),
      entry('DELETE', 'Patient/none', patient()),
      entry('PUT', 'Patient/batch-a', patient({ id: 'other' })),
      entry('PATCH', 'Patient/none', { resourceType: 'Parameters' }),
      entry('GET', 'Unknown/1'),
      entry('POST', 'Patient/$none', { resourceType: 'Parameters' }),
      entry('POST', 'Patient', patient()),
    );
    expect([answer.status, codes(answer)]).toEqual([200, [400, 400, 400, 404, 404, 404, 201]]);
    expect(
      entriesOf(answer)
        .slice(0, 6)
        .map(({ response }) => response?.outcome?.resourceType),
    ).toEqual(Array(6).fill('OperationOutcome'));
  });
});

describe('a transaction', () => {
  it.each([
    ['a POST of another type than its URL', entry('POST', 'Patient', observation('Patient/1')), 400],
    ['an update without an id', entry('PUT', 'Patient/tx-1', patient()), 400],
    ['a version that is not there', entry('GET', 'Patient/tx-1/_history/7'), 404],
    ['a search by what is no parameter', entry('DELETE', 'Patient?colour=x'), 400],
    ['a deletion without criteria', entry('DELETE', 'Patient?'), 412],
    ['an AuditEvent of the client', entry('POST', 'AuditEvent', { resourceType: 'AuditEvent' }), 405],
  ])('with %s changes nothing and says which entry', async (_, wrong, status) => {
    const answer = await run(entry('PUT', 'Patient/tx-undone', patient({ id: 'tx-undone' })), wrong);
    expect([answer.status, issue(answer)?.expression?.[0]]).toEqual([
      status,
      expect.stringMatching(/^Bundle\.entry\[1\]/),
    ]);
    expect((await request('GET', '/Patient/tx-undone')).status).toBe(404);
  });

  it('refuses one resource twice, also by criteria that find it', async () => {
    await request('PUT', '/Patient/twice', { body: known('twice', { id: 'twice' }) });
    const byId = entry('PUT', 'Patient/twice', known('twice', { id: 'twice' }));
    for (const other of [
      byId,
      entry('DELETE', 'Patient/twice'),
      entry('PUT', `Patient?identifier=${system}|twice`, known('twice')),
      entry('DELETE', `Patient?identifier=${system}|twice`),
      entry('PATCH', 'Patient/twice', { resourceType: 'Parameters' }),
    ]) {
      const answer = await run(byId, other);
      expect([answer.status, issue(answer)?.expression]).toEqual([400, ['Bundle.entry[1].request.url']]);
    }
  });
});
