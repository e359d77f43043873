// The engine that runs TestScripts judges strictly: https://hl7.org/fhir/R4/testscript.html, https://hl7.org/fhir/R4/testing.html
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import type { TestReport, TestScript, TestScriptSetupActionAssert } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failuresIn } from '../support/test-script/report.ts';
import { runScript } from '../support/test-script/run-script.ts';
import { sender } from '../support/test-script/send.ts';

const patient = {
  resourceType: 'Patient',
  id: 'awa',
  active: true,
  name: [{ family: 'Traoré', given: ['Awa', 'Fanta'] }, { family: 'Koné' }],
  multipleBirthInteger: 2,
};
const page = { resourceType: 'Bundle', type: 'searchset', total: 3, entry: [{ resource: patient }] };
const seen: { method: string; url: string; body: string; headers: Record<string, unknown> }[] = [];
let server: Server;

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { method = '', url = '' } = request;
  if (url.endsWith('/nothing')) response.writeHead(204).end();
  else if (url.endsWith('/gone')) response.writeHead(410, { 'content-type': 'text/plain' }).end('gone');
  else {
    const isCreate = method === 'POST' && url === '/Patient';
    const location = isCreate ? { location: '/Patient/new/_history/1' } : {};
    const headers = { 'content-type': 'application/fhir+json; charset=utf-8', etag: 'W/"3"', ...location };
    response.writeHead(isCreate ? 201 : 200, headers).end(JSON.stringify(url.endsWith('/Bundle') ? page : patient));
  }
}

beforeAll(async () => {
  server = createServer((request, response) => {
    void text(request).then((body) => {
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

type Actions = NonNullable<NonNullable<TestScript['setup']>['action']>;
/** A variable's place in a text. */
const of = (name: string) => `$\{${name}}`;
const shell = { resourceType: 'TestScript', url: 'urn:example', name: 'one', status: 'draft' } as const;
const read = { operation: { type: { code: 'read' }, resource: 'Patient', params: '/awa', encodeRequestUrl: true } };

function run(script: Partial<TestScript>, variables: Record<string, string> = {}): Promise<TestReport> {
  return runScript(
    {
      bases: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`],
      send: sender({}),
      fixture: (reference) =>
        reference === 'Patient/awa' ? Promise.resolve(JSON.stringify(patient)) : Promise.reject(new Error('no file')),
      checkProfile: () => Promise.resolve(['Patient.name: wrong']),
      variables,
      playsOrigins: false,
      fitsIds: false,
      now: () => new Date('2026-11-23T00:00:00Z'),
    },
    { ...shell, ...script },
  );
}

/** The result of one assertion after a read. */
async function judge(assertion: object, more: Partial<TestScript> = {}, operation: object = read): Promise<string> {
  const action = [operation, { assert: { warningOnly: false, ...assertion } }] as Actions;
  const report = await run({ ...more, test: [{ action }] });
  return String(report.test?.[0]?.action?.[1]?.assert?.result);
}

const fixture = [{ id: 'awa', autocreate: false, autodelete: false, resource: { reference: 'Patient/awa' } }];

describe('an assertion', () => {
  const rows: readonly [object, string][] = [
    [{ response: 'okay' }, 'pass'],
    [{ response: 'created' }, 'fail'],
    [{ response: 'teapot' }, 'error'],
    [{ response: 'created', operator: 'notEquals' }, 'pass'],
    [{ responseCode: '200,201', operator: 'in' }, 'pass'],
    [{ responseCode: '200,201', operator: 'notIn' }, 'fail'],
    [{ responseCode: '100', operator: 'greaterThan' }, 'pass'],
    [{ responseCode: '100', operator: 'lessThan' }, 'fail'],
    [{ contentType: 'json' }, 'pass'],
    [{ contentType: 'application/fhir+json' }, 'pass'],
    [{ contentType: 'xml' }, 'fail'],
    [{ headerField: 'ETag', value: 'W/"3"' }, 'pass'],
    [{ headerField: 'ETag', operator: 'notEmpty' }, 'pass'],
    [{ headerField: 'Location', operator: 'empty' }, 'pass'],
    [{ headerField: 'Location', operator: 'notEmpty' }, 'fail'],
    [{ headerField: 'ETag' }, 'error'],
    [{ headerField: 'Accept', direction: 'request', operator: 'contains', value: 'json' }, 'pass'],
    [{ headerField: 'Accept', direction: 'request', operator: 'notContains', value: 'json' }, 'fail'],
    [{ expression: 'Patient.active' }, 'pass'],
    [{ expression: 'Patient.name.count() = 3' }, 'fail'],
    [{ expression: 'Patient.name.count() = 2', operator: 'eval' }, 'pass'],
    [{ expression: 'Patient.name.family', operator: 'eval' }, 'fail'],
    [{ expression: 'Patient.name.first().family', value: 'Traoré' }, 'pass'],
    [{ expression: 'Patient.name.family', value: 'Traoré' }, 'error'],
    [{ expression: 'Patient.name.family', operator: 'notEmpty' }, 'pass'],
    [{ expression: 'Patient.photo', operator: 'empty' }, 'pass'],
    [{ expression: 'Patient.multipleBirth', operator: 'greaterThan', value: '10' }, 'fail'],
    [{ expression: 'Patient.name.first().family', operator: 'greaterThan', value: '10' }, 'error'],
    [{ expression: 'Patient.name.unheardOf()' }, 'error'],
    [{ path: 'fhir:Patient/fhir:name/fhir:family/@value', value: 'Traoré' }, 'pass'],
    [{ path: 'count(/Patient/name)', value: '2' }, 'pass'],
    [{ path: 'Patient/id', value: 'awa' }, 'pass'],
    [{ path: '$.name[1].family', value: 'Koné' }, 'pass'],
    [{ path: '.name[1].family', value: 'Traoré' }, 'fail'],
    [{ path: '$.Patient.name[1].family', value: 'Koné' }, 'pass'],
    [{ path: '$.name[', value: 'x' }, 'error'],
    [{ compareToSourceId: 'awa', compareToSourceExpression: 'Patient.name.first().family' }, 'pass'],
    [{ path: '$.id', compareToSourceId: 'awa', compareToSourcePath: 'Patient/name/family' }, 'fail'],
    [{ path: '$.id', compareToSourceId: 'nobody', compareToSourcePath: 'Patient/id' }, 'error'],
    [{ minimumId: 'awa' }, 'pass'],
    [{ navigationLinks: true }, 'fail'],
    [{ requestMethod: 'get' }, 'pass'],
    [{ requestMethod: 'post' }, 'fail'],
    [{ requestURL: '/Patient/awa', operator: 'contains' }, 'pass'],
    [{ resource: 'Patient' }, 'pass'],
    [{ resource: 'Bundle' }, 'fail'],
    [{ sourceId: 'awa', resource: 'Patient' }, 'pass'],
    [{ sourceId: 'nobody', resource: 'Patient' }, 'error'],
    [{ validateProfileId: 'base' }, 'fail'],
    [{ validateProfileId: 'other' }, 'error'],
    [{ expression: 'Patient.id', value: `${of('unheardOf')}` }, 'error'],
    [{ warningOnly: true, response: 'created' }, 'warning'],
    // What the engine cannot judge never passes.
    [{}, 'error'],
    [{ response: 'okay', resource: 'Patient' }, 'error'],
    [{ response: 'okay', operator: 'manualEvaluate' }, 'error'],
    [{ defaultManualCompletion: 'pass' }, 'error'],
    [{ response: 'okay', modifierExtension: [{ url: 'urn:x', valueBoolean: true }] }, 'error'],
    [{ extension: [{ url: 'urn:rule', valueString: 'rule' }] }, 'error'],
  ];
  it.each(rows)('%j: %s', async (assertion, result) => {
    expect(await judge(assertion, { fixture, profile: [{ id: 'base', reference: 'urn:base' }] })).toBe(result);
  });

  it('about a resource fails where there is none', async () => {
    for (const assertion of [
      { expression: 'true' },
      { path: '$.id', value: 'x' },
      { resource: 'Patient' },
      { minimumId: 'awa' },
    ]) {
      for (const params of ['/nothing', '/gone']) {
        const operation = { operation: { ...read.operation, params } };
        expect([assertion, params, await judge(assertion, { fixture }, operation)]).toEqual([
          assertion,
          params,
          expect.stringMatching(/fail|error/),
        ]);
      }
    }
  });

  it('of a minimum holds when an entry of a Bundle has it all', async () => {
    const operation = { operation: { ...read.operation, params: '/Bundle' } };
    expect(await judge({ minimumId: 'awa' }, { fixture }, operation)).toBe('pass');
  });

  it('of links fails for a Bundle that has less than its total, and no next', async () => {
    const operation = { operation: { ...read.operation, params: '/Bundle' } };
    expect(await judge({ navigationLinks: true }, {}, operation)).toBe('fail');
    expect(await judge({ navigationLinks: false }, {}, operation)).toBe('pass');
  });
});

describe('a run', () => {
  const passes = { assert: { response: 'okay', warningOnly: false } } as { assert: TestScriptSetupActionAssert };
  const fails = { assert: { response: 'gone', warningOnly: false } } as { assert: TestScriptSetupActionAssert };
  const resultsOf = (report: TestReport) =>
    report.test?.map(({ action }) => action?.map((one) => one.operation?.result ?? one.assert?.result));

  it('ends a test at what fails, and goes on with the next one', async () => {
    const report = await run({ test: [{ action: [read, fails, passes] }, { action: [read, passes] }] });
    expect(resultsOf(report)).toEqual([
      ['pass', 'fail', 'skip'],
      ['pass', 'pass'],
    ]);
    expect(report).toMatchObject({
      result: 'fail',
      score: 50,
      status: 'completed',
      issued: '2026-11-23T00:00:00.000Z',
    });
    expect(failuresIn(report)).toHaveLength(1);
  });

  it('does no test when setup fails, but teardown', async () => {
    const report = await run({
      setup: { action: [read, fails] },
      test: [{ action: [read] }],
      teardown: { action: [read] },
    });
    expect(resultsOf(report)).toEqual([['skip']]);
    expect(report).toMatchObject({ result: 'fail', score: 0, status: 'stopped' });
    expect(report.teardown?.action?.[0]?.operation?.result).toBe('pass');
  });

  it('does nothing when a fixture is missing', async () => {
    const report = await run({
      fixture: [{ id: 'x', autocreate: true, autodelete: false, resource: { reference: 'Patient/unknown' } }],
      test: [{ action: [read, passes] }],
    });
    expect(failuresIn(report)).toEqual(['setup: error: Fixture x: Error: no file']);
  });

  it.each([
    ['an unknown code', { operation: { type: { code: 'teleport' }, resource: 'Patient', encodeRequestUrl: true } }],
    ['an unknown element', { operation: { ...read.operation, retries: 3 } }],
    ['another client as origin', { operation: { ...read.operation, origin: 1 } }],
    ['an unknown destination', { operation: { ...read.operation, destination: 7 } }],
    ['an operation and an assertion at once', { ...read, ...passes }],
    ['neither', {}],
  ])('cannot do an action with %s', async (_, action) => {
    const report = await run({ test: [{ action: [action] as Actions }] });
    expect(failuresIn(report)).toEqual([expect.stringMatching(/: error: /)]);
    expect(report.result).toBe('fail');
  });

  it('creates fixtures before, deletes them after where the server put them, and aims at them', async () => {
    seen.length = 0;
    const { id: _, ...nameless } = patient;
    const report = await run({
      contained: [nameless as never],
      fixture: [{ ...fixture[0], autocreate: true, autodelete: true }],
      test: [
        {
          action: [
            { operation: { type: { code: 'create' }, resource: 'Patient', sourceId: 'awa', encodeRequestUrl: true } },
            { operation: { type: { code: 'vread' }, targetId: 'awa', encodeRequestUrl: true } },
            { operation: { type: { code: 'everything' }, targetId: 'awa', encodeRequestUrl: true } },
          ],
        },
      ],
    });
    expect(failuresIn(report)).toEqual([]);
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'PUT /Patient/awa',
      'POST /Patient',
      'GET /Patient/new/_history/1',
      'GET /Patient/new/$everything',
      'DELETE /Patient/new',
    ]);
  });

  it('replaces variables by what a user gave, a source, and a default, and encodes the URL once', async () => {
    seen.length = 0;
    const report = await run(
      {
        variable: [
          { name: 'family', expression: 'Patient.name.first().family' },
          { name: 'tag', headerField: 'ETag', sourceId: 'answer' },
          { name: 'city', defaultValue: 'Bamako' },
          { name: 'mine', defaultValue: 'x' },
          { name: 'many', expression: 'Patient.name.family' },
        ],
        test: [
          {
            action: [
              { operation: { ...read.operation, responseId: 'answer' } },
              {
                operation: {
                  type: { code: 'search' },
                  resource: 'Patient',
                  params: `?family=${of('family')}&city=${of('city')}&mine=${of('mine')}&x=a%20b`,
                  requestHeader: [{ field: 'If-None-Match', value: `${of('tag')}` }],
                  encodeRequestUrl: true,
                },
              },
              {
                operation: {
                  ...read.operation,
                  method: 'post',
                  type: { code: 'search' },
                  params: `?family=${of('family')}`,
                },
              },
              { operation: { ...read.operation, params: `/${of('many')}` } },
            ],
          },
        ],
      },
      { mine: 'ours' },
    );
    expect(seen[1]).toMatchObject({
      url: '/Patient?family=Traor%C3%A9&city=Bamako&mine=ours&x=a%20b',
      headers: { 'if-none-match': 'W/"3"' },
    });
    expect(seen[2]).toMatchObject({ method: 'POST', url: '/Patient/_search', body: 'family=Traor%C3%A9' });
    expect(failuresIn(report)).toEqual(['test: error: Error: The variable many gives 2 values, not one.']);
  });

  it('takes nothing but a TestScript', async () => {
    await expect(runScript({} as never, { resourceType: 'TestPlan' })).rejects.toThrow('A TestScript is wanted');
  });
});

describe('npm run testscript', () => {
  const command = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['--import', 'tsx', 'test/support/test-script/cli.ts', ...args]);

  it('says what passed and what failed, writes the TestReport, and ends with 1 when something failed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'testscript-'));
    const file = join(folder, 'one.json');
    const fails = { assert: { response: 'gone', warningOnly: false } };
    const tests = [{ name: 'reads', action: [read, fails] }];
    await writeFile(file, JSON.stringify({ ...shell, id: 'one', test: tests }));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const ended = await command('--base', base, '--token', 'secret', '--report', folder, file).catch((error) => error);
    expect(ended).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^fail 0 % .*one.json\n {2}reads: fail: found "200"/),
    });
    expect(seen.at(-1)).toMatchObject({ url: '/Patient/awa', headers: { authorization: 'Bearer secret' } });
    const report = JSON.parse(await readFile(join(folder, 'TestReport-one.json'), 'utf8')) as TestReport;
    expect(report).toMatchObject({ resourceType: 'TestReport', result: 'fail', score: 0 });
    await rm(folder, { recursive: true });
  });

  it('explains itself without arguments', async () => {
    const ended = await command().catch((error) => error);
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining('--base URL') });
  });
});
