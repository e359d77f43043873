// The TestScripts among R4's own examples, run by the engine of test/support/test-script against this server.
// https://hl7.org/fhir/R4/testscript-examples.html
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { TestReport, TestScript } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { withServer } from '../support/server.ts';
import { fixtureFiles } from '../support/test-script/files.ts';
import { profileChecker } from '../support/test-script/profiles.ts';
import { failuresIn } from '../support/test-script/report.ts';
import { runScript } from '../support/test-script/run-script.ts';
import { sender } from '../support/test-script/send.ts';

const server = withServer();
const examples = resolve('node_modules/hl7.fhir.r4.examples');
const example = async (name: string): Promise<unknown> =>
  JSON.parse(await readFile(resolve(examples, `${name}.json`), 'utf8'));

/** What a user of these scripts is asked to give: a person who is on the server. */
const variables = { PatientSearchFamilyName: 'Chalmers', PatientSearchGivenName: 'Peter' };

async function run(name: string): Promise<TestReport> {
  const script = (await example(`TestScript-${name}`)) as TestScript;
  const fixture = fixtureFiles(script, resolve(examples, 'x.json'), [examples]);
  const engine = {
    bases: [server.base, server.base],
    send: sender({ authorization: 'Bearer test' }),
    fixture,
    checkProfile: profileChecker(resolve('fhir-profiles'), fixture),
    variables,
    playsOrigins: true,
    fitsIds: true,
    now: () => new Date(),
  };
  return runScript(engine, script);
}

const putPatient = async () => server.request('PUT', '/Patient/example', { body: await example('Patient-example') });

describe('the official TestScripts', () => {
  it.each(['example', 'example-history', 'example-update', 'example-search'])('testscript-%s passes', async (name) => {
    const report = await run(`testscript-${name}`);
    expect(failuresIn(report)).toEqual([]);
    expect(report).toMatchObject({ result: 'pass', status: 'completed', score: 100 });
  });

  it('testscript-example-multisystem passes, with the engine as the client and this server as both destinations', async () => {
    await putPatient();
    expect(failuresIn(await run('testscript-example-multisystem'))).toEqual([]);
  });

  // R004 is of an older FHIR: R4's ids may have capitals (https://hl7.org/fhir/R4/datatypes.html#id).
  it('testscript-example-readtest passes but for R004, which wants 400 for an id with capitals', async () => {
    await putPatient();
    const report = await run('testscript-example-readtest');
    expect(failuresIn(report)).toEqual([
      expect.stringMatching(/^Sprinkler Read Test R004: fail: .*found "404", asked: equals "400", after GET /),
    ]);
    expect(report.score).toBe(75);
  });
});
