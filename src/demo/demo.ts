/** `npm run demo`: a small hospital, a chest X-ray pushed as a PACS does, the report that comes out, and how a physician answers. */
import { join, resolve } from 'node:path';
import type { Bundle } from '@medplum/fhirtypes';
import { loadConfig } from '../config.ts';
import { type Instance, instanceOf } from '../dicom/net/instance-file.ts';
import { readPhantomStatistics } from '../imaging/phantom-statistics.ts';
import { root } from '../open-parts.ts';
import { untilSignal } from '../run-server.ts';
import { type Running, serve } from '../serve.ts';
import { createLogger } from '../shared/logger.ts';
import { findInstance } from '../store/dicom/instance.ts';
import { makeFilm } from './film.ts';
import { type Hospital, openHospital, pacsTitle, redirectUri } from './hospital.ts';
import { type Progress, progressOn } from './progress.ts';
import { filesOf, openFiles, type Pushed, push } from './push.ts';
import { reportLines } from './report-text.ts';
import { signIn } from './sign-in.ts';

export interface DemoOptions {
  /** A DICOM file, or a folder of them; absent: a film that we make. */
  readonly study?: string;
  /** End after the report instead of waiting for Ctrl-C. */
  readonly once: boolean;
}

/** The film's random numbers: any seed shows a chest, this one's lesions are large enough to be seen from afar. */
const seed = 7;
/** Pixels a side of the film, a common detector's. */
const filmSize = 2048;
/** Files of one association, so that a large folder does not hold as many open. */
const filesAtOnce = 64;
/** Longest wait for one reading, milliseconds. */
const patience = 180_000;
const pollMilliseconds = 50;

/** Reading, and the update that a validation is. */
const scope = 'openid fhirUser user/*.rs user/DiagnosticReport.u';

/** Only this machine reaches the demonstration, unless the environment says otherwise. */
const quiet = { LIVEDOC_HTTP_HOST: '127.0.0.1', LIVEDOC_DIMSE_HOST: '127.0.0.1', LIVEDOC_LOG: 'warn' };

async function* instances(study: string | undefined, hospital: Hospital): AsyncGenerator<readonly Instance[]> {
  if (study === undefined) {
    const statistics = await readPhantomStatistics(join(root, 'models', 'chest-phantom'));
    const { patient, accession } = hospital.film;
    const film = {
      statistics,
      patient,
      accession,
      taken: new Date(),
      seed,
      lesions: 'tuberculosis',
      size: filmSize,
    } as const;
    yield [instanceOf(makeFilm(film))];
    return;
  }
  const paths = await filesOf(study);
  for (let from = 0; from < paths.length; from += filesAtOnce) yield openFiles(paths.slice(from, from + filesAtOnce));
}

interface Read extends Pushed {
  /** `DiagnosticReport/...`; absent for an object without an image. */
  readonly report: string | undefined;
  /** From the C-STORE response until the report could be read. */
  readonly milliseconds: number;
}

async function reading({ parts }: Running, pushed: Pushed): Promise<Read> {
  for (const begin = Date.now(); Date.now() - begin < patience; ) {
    const found = await findInstance(parts.store.db, pushed.sopInstance);
    if (found && found.state !== 'received') {
      return {
        ...pushed,
        report: found.report ?? undefined,
        milliseconds: (found.readAt?.getTime() ?? Date.now()) - pushed.at,
      };
    }
    await new Promise((done) => setTimeout(done, pollMilliseconds));
  }
  throw new Error(`The image ${pushed.sopInstance} was not read within ${patience / 1000} s.`);
}

async function fetchReport(server: string, token: string, report: string): Promise<Bundle> {
  const id = report.split('/')[1] ?? '';
  const query = `_id=${id}&_include=DiagnosticReport:result&_include=DiagnosticReport:subject&_include:iterate=Observation:device`;
  const response = await fetch(`${server}/fhir/DiagnosticReport?${query}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (!response.ok) throw new Error(`Reading the report failed: ${response.status} ${await response.text()}`);
  return (await response.json()) as Bundle;
}

function sayReport(progress: Progress, read: Read, bundle: Bundle): void {
  progress.say();
  for (const [name, value] of reportLines(bundle)) progress.say(`  ${name.padEnd(15)} ${value}`);
  progress.say(`  ${'Time'.padEnd(15)} ${read.milliseconds} ms from the C-STORE response to the report`);
}

function sayWhatNext(
  progress: Progress,
  server: string,
  hospital: Hospital,
  token: string,
  report: string | undefined,
): void {
  const id = report?.split('/')[1];
  if (id) {
    progress.say();
    progress.say('Read it as FHIR (the token holds for five minutes):');
    progress.say(`  curl -H 'Authorization: Bearer ${token}' ${server}/fhir/DiagnosticReport/${id}`);
    progress.say('A physician confirms it (VALIDE), corrects it (MODIFIE) or withdraws it (REJETE):');
    progress.say(`  curl -X POST -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' \\`);
    progress.say(
      `    -d '{"validation_status":"VALIDE","commentaire":"Vu"}' ${server}/api/predictions/${id}/validations`,
    );
  }
  const lines = [
    ['FHIR', `${server}/fhir/metadata`],
    ['SMART', `${server}/fhir/.well-known/smart-configuration`],
    ['OpenID', `${server}/oidc/.well-known/openid-configuration`],
    ['JSON API', `${server}/api/openapi.json`],
    ['Pages', `${server}/launcher, /account, /break-the-glass`],
    ['Health', `${server}/readyz`],
    ['Physician', `${hospital.physician.email}, password ${hospital.physician.password}`],
    ['Reception', `${hospital.staff.email}, password ${hospital.staff.password}`],
  ] as const;
  progress.say();
  for (const [name, value] of lines) progress.say(`${name.padEnd(10)} ${value}`);
}

async function story(running: Running, options: DemoOptions, dataDir: string, progress: Progress): Promise<void> {
  const server = running.publicUrl;
  const hospital = await progress.step('The demo hospital: accounts, patients, consultations, a PACS', () =>
    openHospital(running, dataDir),
  );
  const read: Read[] = [];
  for await (const batch of instances(options.study, hospital)) {
    const destination = { host: '127.0.0.1', port: running.dimsePort, calling: pacsTitle, called: running.aeTitle };
    const name = `${pacsTitle} pushes ${batch.length} image${batch.length > 1 ? 's' : ''} over DIMSE to port ${running.dimsePort}`;
    const pushed = await progress.step(name, () => push(destination, batch));
    for (const refused of pushed.filter(({ status }) => status !== 0)) {
      progress.say(`  ${refused.sopInstance}: status ${refused.status.toString(16)} ${refused.comment ?? ''}`);
    }
    const accepted = pushed.filter(({ status }) => status === 0);
    for (const one of accepted) read.push(await progress.step('The network reads it', () => reading(running, one)));
  }
  const { access_token: token } = await progress.step(
    `${hospital.physician.email} signs in (OpenID Connect, PKCE)`,
    () => signIn({ server, clientId: hospital.clientId, redirectUri, scope, ...hospital.physician }),
  );
  for (const one of read) if (one.report) sayReport(progress, one, await fetchReport(server, token, one.report));
  if (read.every(({ report }) => !report)) progress.say('\nNo image was read.');
  sayWhatNext(progress, server, hospital, token, read.find(({ report }) => report)?.report);
}

/** Runs the demonstration; resolves when it has been stopped and everything is closed. */
export async function demo(env: NodeJS.ProcessEnv, options: DemoOptions): Promise<void> {
  const config = loadConfig({ ...quiet, ...env });
  const progress = progressOn(process.stdout);
  const stopped = untilSignal();
  progress.say('LIVEDOC: a chest X-ray pushed by a PACS comes out as a FHIR report\n');
  const running = await progress.step('PostgreSQL, server and model', () =>
    serve(config, createLogger(config.LIVEDOC_LOG)),
  );
  try {
    const told = story(running, options, resolve(config.LIVEDOC_DATA_DIR), progress);
    // After Ctrl-C the story may break off anywhere; then nobody asks how it ended.
    told.catch(() => undefined);
    const isStopped = await Promise.race([told.then(() => false), stopped.then(() => true)]);
    if (isStopped || options.once) return;
    progress.say('\nThe server is running; Ctrl-C stops it.');
    await stopped;
  } finally {
    await progress.step('Everything is stopped', () => running.close());
  }
}
