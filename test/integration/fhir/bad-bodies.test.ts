// Bodies that no client should send: each is refused by name over HTTP, and changes nothing.
// https://hl7.org/fhir/R4/json.html, https://hl7.org/fhir/R4/xml.html, https://www.rfc-editor.org/rfc/rfc8259
import { Agent, request as httpRequest } from 'node:http';
import type { OperationOutcome } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withServer } from '../../support/server.ts';

const megabyte = 2 ** 20;
const server = withServer({ limits: { body: megabyte } });
const { request } = server;

/** Everything that a write would leave. */
async function written(): Promise<unknown> {
  const [row] = await server.store.db.query({
    text: 'SELECT (SELECT count(*) FROM resource) AS resources, (SELECT count(*) FROM history) AS versions',
  });
  return row;
}

let before: unknown;
beforeAll(async () => {
  const put = await request('PUT', '/Patient/x', { body: { resourceType: 'Patient', id: 'x', active: true } });
  expect(put.status).toBe(201);
  before = await written();
});
afterAll(async () => expect(await written()).toEqual(before));

const nested = (levels: number, open: string, close: string) => open.repeat(levels) + close.repeat(levels);
const patient = (member: string) => `{"resourceType":"Patient","id":"x",${member}}`;
const xml = (inside: string) => `<Patient xmlns="http://hl7.org/fhir"><id value="x"/>${inside}</Patient>`;
const laughs = `<!DOCTYPE lolz [<!ENTITY a "lol">${Array.from({ length: 9 }, (_, at) => {
  const [name, of] = ['bcdefghij'[at], 'abcdefghi'[at]];
  return `<!ENTITY ${name} "${`&${of};`.repeat(10)}">`;
}).join('')}]>`;

const json: [what: string, body: string | Uint8Array, status: number, said: string][] = [
  ['10,000 levels of arrays', patient(`"extension":${nested(10_000, '[', ']')}`), 400, 'more than 64 levels'],
  ['10,000 levels of objects', patient(`"extension":${nested(10_000, '{"a":', '}')}`), 400, 'more than 64 levels'],
  ['100,000 levels that never end', '['.repeat(100_000), 400, 'more than 64 levels'],
  ['10,000 nested contained resources', patient(nested(10_000, '"contained":[{', '}]')), 400, 'more than 64 levels'],
  ['a name twice', patient('"active":true,"active":false'), 400, 'the name "active" again'],
  ['a name twice, once escaped', patient('"active":true,"\\u0061ctive":false'), 400, 'the name "active" again'],
  ['a name twice, deep inside', patient('"name":[{"family":"A","family":"B"}]'), 400, 'the name "family" again'],
  ['resourceType twice', '{"resourceType":"Patient","resourceType":"Device"}', 400, 'the name "resourceType" again'],
  ['a byte that is no UTF-8', Buffer.from(patient('"language":"\xe9"'), 'latin1'), 400, 'not UTF-8'],
  [
    'an overlong byte sequence',
    Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')]),
    400,
    'not UTF-8',
  ],
  [
    'a surrogate in UTF-8',
    Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]),
    400,
    'not UTF-8',
  ],
  ['UTF-16', Buffer.from(`\ufeff${patient('"active":true')}`, 'utf16le'), 400, 'not UTF-8'],
  ['a byte order mark', `\ufeff${patient('"active":true')}`, 400, 'a byte order mark'],
  ['a lone high surrogate', patient('"language":"\\ud800"'), 400, 'half of a surrogate pair'],
  ['a lone low surrogate', patient('"language":"\\udc00x"'), 400, 'half of a surrogate pair'],
  ['surrogates in the wrong order', patient('"language":"\\udc00\\ud800"'), 400, 'half of a surrogate pair'],
  ['the character U+0000', patient('"language":"\\u0000"'), 400, 'U+0000'],
  ['a control character as it is', patient('"language":"\u0001"'), 400, 'control character'],
  ['NaN', patient('"multipleBirthInteger":NaN'), 400, '"N" where a value should be'],
  ['Infinity', patient('"multipleBirthInteger":-Infinity'), 400, 'where a value should be'],
  ['a number in hexadecimal', patient('"multipleBirthInteger":0x10'), 400, 'where the end of a value should be'],
  ['a number with a leading zero', patient('"multipleBirthInteger":01'), 400, 'where the end of a value should be'],
  ['a number with a plus sign', patient('"multipleBirthInteger":+1'), 400, 'where a value should be'],
  ['a number that ends in a point', patient('"multipleBirthInteger":1.'), 400, 'where the end of a value should be'],
  ['a number without end', patient(`"multipleBirthInteger":1e${'9'.repeat(400)}`), 400, 'a number out of range'],
  ['a number beyond all', patient('"multipleBirthInteger":1e999'), 400, 'a number out of range'],
  ['an integer beyond 32 bits', patient('"multipleBirthInteger":99999999999'), 422, ''],
  ['a single quote', "{'resourceType':'Patient'}", 400, 'where a name in double quotes should be'],
  ['a comma too many', patient('"active":true,'), 400, 'where a name in double quotes should be'],
  ['a comment', patient('"active":true/* */'), 400, 'where'],
  ['two values', `${patient('"active":true')}{}`, 400, 'the end of the text'],
  ['half of it', '{"resourceType":"Patient","id":', 400, 'it ends where'],
  ['nothing', '', 400, 'empty'],
  ['white space', ' \n\t', 400, 'it ends where'],
  ['null', 'null', 400, 'not a JSON object'],
  ['an array', '[]', 400, 'not a JSON object'],
  ['a string', '"Patient"', 400, 'not a JSON object'],
  ['no resourceType', '{"id":"x"}', 400, 'no resourceType'],
  ['a resourceType that is no string', '{"resourceType":["Patient"]}', 400, 'no resourceType'],
  ['a resourceType of everybody', '{"resourceType":"__proto__","id":"x"}', 400, ''],
  ['a prototype', patient('"__proto__":{"active":true}'), 422, ''],
  ['a constructor', patient('"constructor":{"prototype":{}}'), 422, ''],
];

const xmls: typeof json = [
  ['a billion laughs', `${laughs}${xml('<language value="&j;"/>')}`, 400, 'a document type declaration'],
  [
    'a quadratic blow-up',
    `<!DOCTYPE x [<!ENTITY a "${'a'.repeat(50_000)}">]>${xml(`<language value="${'&a;'.repeat(10_000)}"/>`)}`,
    400,
    'a document type declaration',
  ],
  [
    'an external entity',
    `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>${xml('<language value="&a;"/>')}`,
    400,
    'a document type declaration',
  ],
  [
    'an external DTD',
    `<!DOCTYPE Patient SYSTEM "http://127.0.0.1:1/x.dtd">${xml('<active value="true"/>')}`,
    400,
    'a document type declaration',
  ],
  [
    'a parameter entity',
    `<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1:1/"> %a;]>${xml('')}`,
    400,
    'a document type declaration',
  ],
  [
    'a processing instruction',
    `<?xml-stylesheet href="http://127.0.0.1:1/"?>${xml('<active value="true"/>')}`,
    400,
    'a processing instruction',
  ],
  ['an entity of HTML', xml('<language value="&nbsp;"/>'), 400, 'entity'],
  ['10,000 levels', xml(nested(10_000, '<extension url="u">', '</extension>')), 400, 'levels of nesting'],
  [
    '10,000 levels of narrative',
    xml(`<text><div xmlns="http://www.w3.org/1999/xhtml">${nested(10_000, '<b>', '</b>')}</div></text>`),
    400,
    'levels of nesting',
  ],
  [
    '10,000 attributes',
    xml(`<active ${Array.from({ length: 10_000 }, (_, at) => `a${at}=""`).join(' ')}/>`),
    400,
    'attributes',
  ],
  ['another namespace', '<Patient xmlns="urn:other"><id value="x"/></Patient>', 400, 'urn:other'],
  ['no namespace', '<Patient><id value="x"/></Patient>', 400, 'no namespace'],
  ['an unknown element', xml('<colour value="red"/>'), 400, '<colour>'],
  ['an unknown attribute', xml('<active value="true" class="x"/>'), 400, 'the attribute class'],
  ['text between elements', xml('hello'), 400, 'the text "hello"'],
  ['another order', xml('<gender value="male"/><active value="true"/>'), 400, '<active> after <gender>'],
  [
    'a script in a narrative',
    xml('<text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><script>x</script></div></text>'),
    422,
    '',
  ],
  ['a tag that is not closed', xml('<name><family value="A"/>'), 400, 'unexpected close tag'],
  ['a byte that is no UTF-8', Buffer.from(xml('<language value="\xe9"/>'), 'latin1'), 400, 'not UTF-8'],
  [
    'an encoding that it is not in',
    `<?xml version="1.0" encoding="UTF-16"?>${xml('<active value="true"/>')}`,
    400,
    'the encoding UTF-16',
  ],
  ['JSON', patient('"active":true'), 400, 'Malformed XML'],
  ['nothing', '', 400, 'empty'],
];

const targets = [
  ['POST', '/Patient'],
  ['PUT', '/Patient/x'],
  ['POST', ''],
] as const;

async function refused(type: string, body: string | Uint8Array, status: number, said: string): Promise<void> {
  for (const [method, path] of targets) {
    // A resource of its own is no Bundle: that it is invalid can be said only where it may be put.
    const expected = path === '' && status === 422 ? 400 : status;
    const answer = await request(method, path, { body, headers: { 'content-type': type } });
    expect([method, path, answer.status]).toEqual([method, path, expected]);
    const { resourceType, issue } = answer.as<OperationOutcome>();
    expect([resourceType, issue[0]?.severity]).toEqual(['OperationOutcome', expect.stringMatching(/^(error|fatal)$/)]);
    if (expected === status) expect(issue.map(({ diagnostics }) => diagnostics).join()).toContain(said);
  }
  expect(await written()).toEqual(before);
}

describe('JSON with', () => {
  it.each(json)('%s is refused (json.html)', (_what, body, status, said) =>
    refused('application/fhir+json', body, status, said),
  );
});

describe('XML with', () => {
  it.each(xmls)('%s is refused (xml.html)', (_what, body, status, said) =>
    refused('application/fhir+xml', body, status, said),
  );
});

describe('100 MB', () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  afterAll(() => agent.destroy());

  /** Sends `size` bytes over the agent's only connection, with their number announced or not. */
  function send(
    size: number,
    headers: Record<string, string>,
  ): Promise<{ status: number; text: string; port: number | undefined }> {
    return new Promise((resolve, reject) => {
      const all = { authorization: 'Bearer x', 'content-type': 'application/fhir+json', ...headers };
      const sent = httpRequest(`${server.base}/Patient`, { method: 'POST', agent, headers: all }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text, port: sent.socket?.localPort }));
      });
      sent.on('error', reject);
      const chunk = Buffer.alloc(megabyte, ' ');
      const more = (left: number): void => {
        if (left <= 0) sent.end();
        else sent.write(chunk.subarray(0, Math.min(left, megabyte)), () => more(left - megabyte));
      };
      more(size);
    });
  }

  it.each([
    ['announced', { 'content-length': String(100 * megabyte) }],
    ['in chunks', {}],
    ['of XML', { 'content-type': 'application/fhir+xml' }],
  ])('%s are 413, and the connection is good for the next request', async (_what, headers) => {
    const heap = process.memoryUsage().rss;
    const large = await send(100 * megabyte, headers);
    expect(large.status).toBe(413);
    expect((JSON.parse(large.text) as OperationOutcome).issue[0]).toMatchObject({ code: 'too-long' });
    expect(process.memoryUsage().rss - heap).toBeLessThan(80 * megabyte);
    const next = await send(10, {});
    expect([next.status, next.port]).toEqual([400, large.port]);
    expect(await written()).toEqual(before);
  });
});

describe('URLs', () => {
  it('that are too long are 414 (http.html, RFC 9110 15.5.15)', async () => {
    for (const length of [65_537, 100_000]) {
      const answer = await request('GET', `/Patient?name=${'x'.repeat(length)}`);
      expect([answer.status, answer.as<OperationOutcome>().issue[0]?.code]).toEqual([414, 'too-long']);
    }
  });

  it.each([
    '/Patient/%',
    '/Patient/%zz',
    '/Patient/%ff',
    '/Patient/%00',
    '/Patient/..%2f..',
    `/Patient/${'x'.repeat(65)}`,
  ])('like %.40s are refused with an OperationOutcome', async (path) => {
    for (const method of ['GET', 'DELETE']) {
      const answer = await request(method, path);
      // There is no such resource: nothing to delete, and no more is said.
      expect([200, 204, 400, 404]).toContain(answer.status);
      if (answer.status !== 204) expect(answer.as<OperationOutcome>().resourceType).toBe('OperationOutcome');
    }
    const put = await request('PUT', path, { body: { resourceType: 'Patient', id: 'x' } });
    expect([400, 404]).toContain(put.status);
    expect(await written()).toEqual(before);
  });
});
