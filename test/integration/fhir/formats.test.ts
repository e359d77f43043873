// https://hl7.org/fhir/R4/http.html#mime-type: JSON, XML and lines, in and out
import { deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import type { Bundle, CapabilityStatement, OperationOutcome, Patient } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { fromXml } from '../../../src/fhir/xml/read.ts';
import { withServer } from '../../support/server.ts';

const megabyte = 2 ** 20;
const server = withServer({ limits: { body: megabyte } });
const { request } = server;

const fhirXml = { 'content-type': 'application/fhir+xml', accept: 'application/fhir+xml' };
const ns = 'xmlns="http://hl7.org/fhir"';
const xhtml = '<div xmlns="http://www.w3.org/1999/xhtml"><p>x &amp; y<br /></p></div>';
const observation = `<Observation ${ns}><text><status value="generated"/>${xhtml}</text><status value="final"/><code><text value="a&#10;b"/></code><valueQuantity><value value="1.10"/></valueQuantity></Observation>`;
const asJson = async (xml: string) => JSON.parse(await fromXml(xml)) as unknown;

describe('XML', () => {
  it('is taken, kept to the letter, and given (http.html#mime-type)', async () => {
    const created = await request('POST', '/Observation', { body: observation, headers: fhirXml });
    expect([created.status, created.headers.get('content-type')]).toEqual([201, 'application/fhir+xml; charset=utf-8']);
    const id = /<id value="([^"]+)"/.exec(created.text)?.[1];
    const json = await request('GET', `/Observation/${id}`);
    expect(json.text).toContain('"value":1.10');
    expect(json.as<{ text: { div: string } }>().text.div).toBe(xhtml);
    const xml = await request('GET', `/Observation/${id}?_format=xml`);
    expect(xml.text).toContain(observation.slice(observation.indexOf('<text>')));
    expect(await asJson(xml.text)).toEqual(JSON.parse(json.text));
    const vread = await request('GET', `/Observation/${id}/_history/1`, { headers: { accept: 'text/xml' } });
    expect([vread.headers.get('content-type'), vread.text]).toEqual(['text/xml; charset=utf-8', xml.text]);
  });

  it('is taken for updates and transactions, and given for Bundles', async () => {
    const patient = (gender: string) => `<Patient ${ns}><id value="x"/><gender value="${gender}"/></Patient>`;
    expect((await request('PUT', '/Patient/x', { body: patient('male'), headers: fhirXml })).status).toBe(201);
    const transaction = `<Bundle ${ns}><type value="transaction"/><entry><resource>${patient('female').replace(` ${ns}`, '')}</resource>
      <request><method value="PUT"/><url value="Patient/x"/></request></entry></Bundle>`;
    const done = await request('POST', '', { body: transaction, headers: fhirXml });
    expect([done.status, await asJson(done.text)]).toMatchObject([200, { type: 'transaction-response' }]);
    const found = await request('GET', '/Patient?_id=x', { headers: { accept: 'application/fhir+xml' } });
    expect(await asJson(found.text)).toMatchObject({ entry: [{ resource: { gender: 'female' } }] });
    const form = new URLSearchParams({ _id: 'x', _format: 'xml' });
    const posted = await request('POST', '/Patient/_search', { body: form });
    expect(posted.headers.get('content-type')).toBe('application/fhir+xml; charset=utf-8');
  });

  it('is what errors are in, when it is asked for (http.html#Status-Codes)', async () => {
    const missing = await request('GET', '/Patient/none', { headers: { accept: 'application/fhir+xml' } });
    expect([missing.status, await asJson(missing.text)]).toMatchObject([
      404,
      { resourceType: 'OperationOutcome', issue: [{ code: 'not-found' }] },
    ]);
    const nobody = await fetch(`${server.base}/Patient/x?_format=xml`);
    expect([nobody.status, await asJson(await nobody.text())]).toMatchObject([401, { issue: [{ code: 'login' }] }]);
    const bad = await request('POST', '/Patient', { body: `<Patient ${ns}><colour/></Patient>`, headers: fhirXml });
    expect([bad.status, await asJson(bad.text)]).toMatchObject([400, { issue: [{ expression: ['Patient'] }] }]);
    const invalid = `<Patient ${ns}><gender value="blue"/></Patient>`;
    const refused = await request('POST', '/Patient', { body: invalid, headers: { ...fhirXml, accept: '*/*' } });
    expect([refused.status, refused.as<OperationOutcome>().issue[0]?.expression]).toEqual([422, ['Patient.gender']]);
  });

  it('is said to be there by the CapabilityStatement, which is XML itself when asked (capabilitystatement.html)', async () => {
    const statement = (await request('GET', '/metadata')).as<CapabilityStatement>();
    expect(statement.format).toEqual(['json', 'application/fhir+json', 'xml', 'application/fhir+xml']);
    const xml = await request('GET', '/metadata', { headers: { accept: 'application/fhir+xml' } });
    expect(await asJson(xml.text)).toEqual(statement);
  });
});

describe('Accept', () => {
  it.each([
    ['application/fhir+xml;q=0.5, application/fhir+json;q=0.4', 'application/fhir+xml'],
    ['application/xml, application/json', 'application/xml'],
    ['application/xml;q=0.9, */*;q=0.95', 'application/fhir+json'],
    ['text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8', 'application/xml'],
    ['text/*', 'text/json'],
    ['application/*, application/fhir+json;q=0, application/json;q=0', 'application/fhir+xml'],
    ['application/fhir+xml; fhirVersion=4.0', 'application/fhir+xml'],
    ['application/fhir+xml; fhirVersion=5.0, application/fhir+json; fhirVersion=4.0', 'application/fhir+json'],
  ])('%s is answered with %s (RFC 9110, 12.5.1)', async (accept, type) => {
    const answer = await request('GET', '/Patient?_count=1', { headers: { accept } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, `${type}; charset=utf-8`]);
  });

  it('of any length is cheap to refuse and to take', async () => {
    const accept = Array.from({ length: 5000 }, () => 'text/x, */*;q=0.1').join();
    const started = performance.now();
    expect((await request('GET', '/Patient?_count=1', { headers: { accept } })).status).toBe(200);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it.each(['xml', 'application/xml', 'text/xml', 'application/fhir%2Bxml', 'application/fhir+xml;fhirVersion=4.0'])(
    'is overruled by _format=%s (http.html#parameters)',
    async (format) => {
      const answer = await request('GET', `/Patient?_count=1&_format=${format}`, { headers: { accept: 'text/html' } });
      expect(answer.headers.get('content-type')).toMatch(/xml; charset=utf-8$/);
    },
  );

  it.each(['html', 'ttl', 'text/html', 'application/fhir+json;fhirVersion=3.0', ''])(
    'is 406 for _format=%s',
    async (format) => {
      const answer = await request('GET', `/Patient?_format=${format}`);
      expect([answer.status, answer.as<OperationOutcome>().issue[0]?.code]).toEqual([406, 'not-supported']);
    },
  );
});

describe('_pretty', () => {
  it('indents JSON and XML and loses nothing (http.html#pretty)', async () => {
    const body =
      '{"resourceType":"Observation","status":"final","code":{"text":"{\\"a\\":[1 ]}"},"valueQuantity":{"value":1.50}}';
    const { id } = (await request('POST', '/Observation', { body })).as<Patient>();
    const plain = await request('GET', `/Observation/${id}`);
    const pretty = await request('GET', `/Observation/${id}?_pretty=true`);
    expect(pretty.text).toContain('  "valueQuantity": {\n    "value": 1.50\n  }\n}\n');
    expect(JSON.parse(pretty.text)).toEqual(JSON.parse(plain.text));
    const xml = await request('GET', `/Observation/${id}?_pretty=true&_format=xml`);
    expect(xml.text).toContain('\n  <valueQuantity>\n    <value value="1.50"/>\n  </valueQuantity>\n</Observation>\n');
    expect((await request('GET', '/Patient/none?_pretty=true')).text).toContain('\n  "issue": [\n');
  });
});

describe('lines', () => {
  beforeAll(async () => {
    for (const id of ['l1', 'l2', 'l3']) {
      const body = `{"resourceType" : "Device",\n "id": "${id}"\n}`;
      expect((await request('PUT', `/Device/${id}`, { body })).status).toBe(201);
    }
  });

  it('give one resource each of a search, and the next page in a header (ndjson)', async () => {
    const headers = { accept: 'application/fhir+ndjson' };
    const first = await request('GET', '/Device?_count=2&_sort=_id', { headers });
    expect(first.headers.get('content-type')).toBe('application/fhir+ndjson; charset=utf-8');
    expect(
      first.text
        .split('\n')
        .filter(Boolean)
        .map((line) => (JSON.parse(line) as Patient).id),
    ).toEqual(['l1', 'l2']);
    const next = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] as string;
    const second = await request('GET', next, { headers });
    expect(
      second.text
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as Patient).id),
    ).toEqual(['l3']);
    expect((await request('GET', '/Device?_id=none', { headers })).text).toBe('');
    expect((await request('GET', '/Device/l1/_history', { headers })).text.match(/\n/g)).toHaveLength(1);
    expect((await request('GET', '/Device/l1', { headers })).text.match(/\n/g)).toHaveLength(1);
  });

  it('are no format of errors', async () => {
    const missing = await request('GET', '/Device/none?_format=ndjson');
    expect([missing.status, missing.headers.get('content-type')]).toEqual([
      404,
      'application/fhir+json; charset=utf-8',
    ]);
  });
});

describe('page links', () => {
  it('keep _format, _pretty, _summary and _elements (search.html#paging)', async () => {
    for (const id of ['p1', 'p2'])
      await request('PUT', `/Group/${id}`, {
        body: { resourceType: 'Group', id, type: 'person', actual: true, name: 'n' },
      });
    const first = await request('GET', '/Group?_count=1&_format=xml&_elements=type');
    const bundle = (await asJson(first.text)) as Bundle;
    const next = bundle.link?.find(({ relation }) => relation === 'next')?.url as string;
    const second = await request('GET', next);
    expect(second.headers.get('content-type')).toBe('application/fhir+xml; charset=utf-8');
    expect(second.text).toContain('SUBSETTED');
    expect(second.text).not.toContain('<name');
  });
});

describe('HEAD', () => {
  it('has the headers of GET and no body, everywhere (http.html#head)', async () => {
    await request('PUT', '/Patient/h', { body: { resourceType: 'Patient', id: 'h' } });
    for (const path of [
      '/Patient/h',
      '/Patient/h/_history/1',
      '/Patient/h/_history',
      '/Patient?_id=h',
      '/metadata',
      '/Patient/none',
    ]) {
      const [get, head] = [await request('GET', path), await request('HEAD', path)];
      expect([path, head.status, head.text]).toEqual([path, get.status, '']);
      for (const name of ['content-type', 'etag', 'last-modified']) {
        expect([path, head.headers.get(name)]).toEqual([path, get.headers.get(name)]);
      }
    }
    const headers = { 'if-none-match': 'W/"1"' };
    expect((await request('HEAD', '/Patient/h', { headers })).status).toBe(304);
  });
});

describe('packed', () => {
  const patient = '{"resourceType":"Patient"}';
  it('bodies are unpacked (RFC 9110, 8.4)', async () => {
    for (const [encoding, body] of [
      ['gzip', gzipSync(patient)],
      ['deflate', deflateSync(patient)],
    ] as const) {
      const answer = await request('POST', '/Patient', { body, headers: { 'content-encoding': encoding } });
      expect([encoding, answer.status]).toEqual([encoding, 201]);
    }
    const broken = await request('POST', '/Patient', { body: patient, headers: { 'content-encoding': 'gzip' } });
    expect(broken.status).toBe(400);
  });

  it('bodies that unpack to more than the limit are 413', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * megabyte, ' '));
    expect(bomb.length).toBeLessThan(megabyte);
    const answer = await request('POST', '/Patient', { body: bomb, headers: { 'content-encoding': 'gzip' } });
    expect([answer.status, answer.as<OperationOutcome>().issue[0]?.code]).toEqual([413, 'too-long']);
  });

  it('answers are for who can unpack them and only when they are large', async () => {
    const raw = async (path: string, encoding: string) =>
      fetch(`${server.base}${path}`, { headers: { authorization: 'Bearer x', 'accept-encoding': encoding } });
    expect((await raw('/metadata', 'gzip')).headers.get('content-encoding')).toBe('gzip');
    expect((await raw('/metadata', 'gzip')).headers.get('vary')).toContain('Accept-Encoding');
    expect((await raw('/metadata', 'gzip;q=0, deflate')).headers.get('content-encoding')).toBe('deflate');
    expect((await raw('/metadata', 'identity')).headers.get('content-encoding')).toBeNull();
    expect((await raw('/Patient?_count=1', 'gzip')).headers.get('content-encoding')).toBeNull();
    expect(await (await raw('/metadata', 'gzip')).json()).toEqual(await (await raw('/metadata', 'identity')).json());
    expect(gunzipSync(gzipSync('x')).toString()).toBe('x');
  });
});

describe('Binary', () => {
  const bytes = Buffer.from([0, 1, 2, 255, 254]);
  const sent = { 'content-type': 'application/pdf', 'x-security-context': 'Patient/p' };

  it('is taken as what it is, and given so (binary.html#rest)', async () => {
    const created = await request('POST', '/Binary', { body: bytes, headers: sent });
    expect([created.status, created.as()]).toMatchObject([
      201,
      { contentType: 'application/pdf', data: bytes.toString('base64'), securityContext: { reference: 'Patient/p' } },
    ]);
    const { id } = created.as<Patient>();
    for (const [path, accept] of [
      [`/Binary/${id}`, '*/*'],
      [`/Binary/${id}`, 'application/pdf'],
      [`/Binary/${id}/_history/1`, 'image/*'],
    ]) {
      const headers = { authorization: 'Bearer x', accept: accept as string };
      const raw = await fetch(`${server.base}${path}`, { headers });
      expect([raw.status, raw.headers.get('content-type'), Buffer.from(await raw.arrayBuffer())]).toEqual([
        200,
        'application/pdf',
        bytes,
      ]);
      expect(raw.headers.get('x-security-context')).toBe('Patient/p');
      expect(raw.headers.get('content-security-policy')).toContain('sandbox');
      expect(raw.headers.get('x-content-type-options')).toBe('nosniff');
      expect(raw.headers.get('etag')).toBe('W/"1"');
    }
  });

  it('is a resource for who asks for FHIR by name', async () => {
    const { id } = (await request('POST', '/Binary', { body: bytes, headers: sent })).as<Patient>();
    const json = await request('GET', `/Binary/${id}`, { headers: { accept: 'application/fhir+json' } });
    expect(json.as()).toMatchObject({ resourceType: 'Binary', contentType: 'application/pdf' });
    expect((await request('GET', `/Binary/${id}?_format=xml`)).text).toContain(
      '<contentType value="application/pdf"/>',
    );
    const both = await request('GET', `/Binary/${id}`, {
      headers: { accept: 'application/fhir+xml;q=0.5, application/pdf' },
    });
    expect(both.headers.get('content-type')).toBe('application/pdf');
  });

  it('is replaced by other bytes, and put in by FHIR too', async () => {
    const put = await request('PUT', '/Binary/b', {
      body: 'hello',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    });
    expect(put.status).toBe(201);
    expect((await request('GET', '/Binary/b')).text).toBe('hello');
    const body = {
      resourceType: 'Binary',
      id: 'b',
      contentType: 'text/html',
      data: Buffer.from('<script>').toString('base64'),
    };
    expect((await request('PUT', '/Binary/b', { body })).status).toBe(200);
    const html = await request('GET', '/Binary/b');
    expect([html.headers.get('content-type'), html.text]).toEqual(['text/html', '<script>']);
    expect(html.headers.get('content-security-policy')).toContain('sandbox');
  });

  it('in JSON that is no Binary is content, and too much is 413', async () => {
    const json = { 'content-type': 'application/json' };
    expect((await request('PUT', '/Binary/j', { body: '{"a":1.0}', headers: json })).status).toBe(201);
    expect((await request('GET', '/Binary/j')).text).toBe('{"a":1.0}');
    const large = await request('POST', '/Binary', { body: Buffer.alloc(2 * megabyte), headers: sent });
    expect(large.status).toBe(413);
    expect((await request('POST', '/Binary', { body: bytes, headers: { 'content-type': 'nonsense' } })).status).toBe(
      415,
    );
  });
});
