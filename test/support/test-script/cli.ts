/** `npm run testscript -- --base URL [--token T] FILES`: runs TestScripts against any server. See docs/testscript.md. */
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { TestScript } from '@medplum/fhirtypes';
import { fixtureFiles, readResource } from './files.ts';
import { profileChecker } from './profiles.ts';
import { failuresIn } from './report.ts';
import { runScript } from './run-script.ts';
import { sender } from './send.ts';

const usage = `npm run testscript -- --base URL [options] FILE...
  --base URL          a FHIR server's base; several for scripts with several destinations, in their order
  --token TOKEN       sent as a bearer token
  --header "N: V"     sent with every request; may be repeated
  --fixtures FOLDER   where Type-id.json and other fixtures are, besides the script's own folder; may be repeated
  --variable N=V      a value of a variable; may be repeated
  --fit-ids           bodies of updates get the id of their URL
  --play-origins      send what the script wants other clients to send
  --report FOLDER     writes a TestReport for each script`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    base: { type: 'string', multiple: true },
    token: { type: 'string' },
    header: { type: 'string', multiple: true, default: [] },
    fixtures: { type: 'string', multiple: true, default: [] },
    variable: { type: 'string', multiple: true, default: [] },
    'fit-ids': { type: 'boolean', default: false },
    'play-origins': { type: 'boolean', default: false },
    report: { type: 'string' },
  },
});

/** Texts such as `name=value` as an object. */
function pairs(texts: readonly string[], separator: string): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf(separator);
      return at === -1 ? [text, ''] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
    }),
  );
}

/** Runs one file; gives whether all of it passed. */
async function run(file: string): Promise<boolean> {
  const script = JSON.parse(await readResource(file)) as TestScript;
  const fixture = fixtureFiles(script, file, values.fixtures);
  const report = await runScript(
    {
      bases: (values.base ?? []).map((base) => base.replace(/\/$/, '')),
      send: sender({
        ...pairs(values.header, ':'),
        ...(values.token === undefined ? {} : { authorization: `Bearer ${values.token}` }),
      }),
      fixture,
      checkProfile: profileChecker(resolve('fhir-profiles'), fixture),
      variables: pairs(values.variable, '='),
      playsOrigins: values['play-origins'],
      fitsIds: values['fit-ids'],
      now: () => new Date(),
    },
    script,
  );
  console.log(
    [`${report.result} ${report.score} % ${file}`, ...failuresIn(report).map((line) => `  ${line}`)].join('\n'),
  );
  if (values.report !== undefined) {
    await writeFile(join(values.report, `TestReport-${script.id}.json`), JSON.stringify(report, null, 2));
  }
  return report.result === 'pass';
}

if (!values.base || positionals.length === 0) {
  console.error(usage);
  process.exitCode = 2;
} else {
  let hasFailed = false;
  for (const file of positionals) hasFailed = !(await run(file)) || hasFailed;
  process.exitCode = hasFailed ? 1 : 0;
}
