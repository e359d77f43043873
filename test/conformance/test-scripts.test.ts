// Every TestScript of ./test-scripts, run by the engine of test/support/test-script, one test of ours for each of theirs.
// https://hl7.org/fhir/R4/testscript.html
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TestReport, TestScript } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { createValidator } from '../../src/fhir/validation/validator.ts';
import { withServer } from '../support/server.ts';
import { fixtureFiles } from '../support/test-script/files.ts';
import { profileChecker } from '../support/test-script/profiles.ts';
import { failuresIn } from '../support/test-script/report.ts';
import { runScript } from '../support/test-script/run-script.ts';
import { sender } from '../support/test-script/send.ts';

const server = withServer();
const folder = resolve('test/conformance/test-scripts');
const profilesFolder = resolve('fhir-profiles');
const validate = createValidator({ profilesFolder });
const errorsIn = (resource: unknown) => validate(resource).filter(({ severity }) => severity === 'error');

const run = (path: string, script: TestScript): Promise<TestReport> => {
  const fixture = fixtureFiles(script, path, []);
  const engine = {
    bases: [server.base],
    send: sender({ authorization: 'Bearer test' }),
    fixture,
    checkProfile: profileChecker(profilesFolder, fixture),
    variables: {},
    playsOrigins: false,
    fitsIds: false,
    now: () => new Date(),
  };
  return runScript(engine, script);
};

for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
  const path = resolve(folder, file);
  const script = JSON.parse(readFileSync(path, 'utf8')) as TestScript;

  describe(`${file}: ${script.title}`, () => {
    let reported: Promise<TestReport> | undefined;
    const report = () => {
      reported ??= run(path, script);
      return reported;
    };

    it('is a TestScript of R4, makes its fixtures and cleans up', async () => {
      expect(errorsIn(script)).toEqual([]);
      const { setup, teardown, ...rest } = await report();
      expect(failuresIn({ ...rest, test: [], ...(setup ? { setup } : {}), ...(teardown ? { teardown } : {}) })).toEqual(
        [],
      );
      expect(errorsIn(await report())).toEqual([]);
    });

    it.each((script.test ?? []).map(({ name }, place) => [name, place] as const))('%s', async (_, place) => {
      const { test = [], setup, teardown, ...rest } = await report();
      expect(failuresIn({ ...rest, test: test.slice(place, place + 1) })).toEqual([]);
      const results = test[place]?.action?.map(({ operation, assert }) => operation?.result ?? assert?.result);
      expect(results).not.toContain('skip');
    });
  });
}
