/** The whole line: a film pushed over DIMSE is read, a backend finds the report as FHIR, a physician has the last word. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bundle, DiagnosticReport, Media, Resource } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFilm } from '../../src/demo/film.ts';
import { push } from '../../src/demo/push.ts';
import { signIn } from '../../src/demo/sign-in.ts';
import { instanceOf } from '../../src/dicom/net/instance-file.ts';
import { readPhantomStatistics } from '../../src/imaging/phantom-statistics.ts';
import { backendClient } from '../support/backend-client.ts';
import { type LiveServer, livedoc, startLiveServer } from '../support/live-server.ts';

const redirectUri = 'http://localhost:9/callback';
const password = 'Thorax-de-face-2026';
const patient = { id: 'É-4711', issuer: 'CHU', name: 'Dupré-Sauvage^Zoé', birthDate: '1980-05-06', sex: 'F' } as const;

let folder: string;
let server: LiveServer;
let backend: () => Promise<string>;
let clientId: string;

/** `livedoc user add` with the password on standard input. */
async function addUser(email: string, role: string): Promise<void> {
  const args = ['dist/cli.js', 'user', 'add', '--email', email, '--role', role, '--nom', 'Essai', '--prenom', role];
  const adding = execFile(process.execPath, [...args, '--password-stdin'], { env: { ...server.env } });
  adding.stdin?.end(`${password}\n`);
  const code = await new Promise((resolve) => adding.once('exit', resolve));
  if (code !== 0) throw new Error(`user add ended with ${code}`);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livedoc-line-'));
  server = await startLiveServer({ LIVEDOC_DATA_DIR: folder, LIVEDOC_LOG: 'warn' });
  await livedoc(server.env, 'pacs', 'add', '--ae-title', 'CR1', '--host', '127.0.0.1', '--port', '104');
  backend = await backendClient(server, 'system/*.cruds');
  const added = await livedoc(
    server.env,
    ...['client', 'add', '--name', 'app', '--public', '--redirect-uri', redirectUri],
    ...['--scope', 'openid fhirUser user/*.cruds', '--json'],
  );
  clientId = (JSON.parse(added) as { client_id: string }).client_id;
  await addUser('medecin@chu.test', 'MEDECIN');
  await addUser('personnel@chu.test', 'PERSONNEL');
});

afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function tokenOf(email: string): Promise<string> {
  const who = { server: server.origin, clientId, redirectUri, scope: 'openid fhirUser user/*.cruds', email, password };
  return (await signIn(who)).access_token;
}

async function call(token: string, path: string, body?: unknown): Promise<{ status: number; json: unknown }> {
  const response = await fetch(`${server.origin}${path}`, {
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  return { status: response.status, json: await response.json() };
}

async function found<T extends Resource>(query: string): Promise<T[]> {
  const { status, json } = await call(await backend(), `/fhir/${query}`);
  expect(status).toBe(200);
  return ((json as Bundle<T>).entry ?? []).flatMap(({ resource }) => (resource ? [resource] : []));
}

describe('a chest film pushed by a modality', { timeout: 120_000 }, () => {
  let report: DiagnosticReport;

  it('is a preliminary report of its patient that an EHR finds by search', async () => {
    const statistics = await readPhantomStatistics('models/chest-phantom');
    const taken = new Date('2026-11-20T08:30:00Z');
    const film = makeFilm({ statistics, patient, accession: 'A1', taken, seed: 7, lesions: 'tuberculosis', size: 512 });
    const destination = { host: '127.0.0.1', port: server.dimsePort, calling: 'CR1', called: 'LIVEDOC' };
    const [pushed] = await push(destination, [instanceOf(film)]);
    expect(pushed?.status).toBe(0);
    const query = `DiagnosticReport?patient.identifier=${encodeURIComponent(patient.id)}`;
    await expect.poll(async () => (await found(query)).length, { timeout: 60_000, interval: 200 }).toBe(1);
    [report] = (await found<DiagnosticReport>(query)) as [DiagnosticReport];
    expect(report).toMatchObject({ status: 'preliminary', effectiveDateTime: '2026-11-20T08:30:00+00:00' });
    expect(report.meta?.security?.[0]?.code).toBe('AIAST');
  });

  it('has a heat map that opens as a picture', async () => {
    const id = report.media?.[0]?.link?.reference?.split('/')[1];
    const [media] = await found<Media>(`Media?_id=${id}`);
    const headers = { authorization: `Bearer ${await backend()}` };
    const response = await fetch(`${server.origin}/fhir/${media?.content?.url}`, { headers });
    expect(response.headers.get('content-type')).toBe('image/png');
    const picture = Buffer.from(await response.arrayBuffer());
    expect(picture.subarray(1, 4).toString()).toBe('PNG');
  });

  it('is not validated by staff, and by a physician once', async () => {
    const path = `/api/predictions/${report.id}/validations`;
    const word = { validation_status: 'VALIDE', commentaire: 'Vu.' };
    expect((await call(await tokenOf('personnel@chu.test'), path, word)).status).toBe(403);
    const physician = await tokenOf('medecin@chu.test');
    expect(await call(physician, path, word)).toMatchObject({ status: 201, json: { prediction_id: report.id } });
    expect(await call(physician, path, word)).toMatchObject({ status: 409, json: { code: 'conflict' } });
    const [final] = await found<DiagnosticReport>(`DiagnosticReport?_id=${report.id}`);
    expect(final).toMatchObject({ status: 'final' });
    const { json } = await call(physician, path);
    expect(json).toMatchObject([{ validation_status: 'VALIDE', commentaire: 'Vu.' }]);
  });

  it('comes back with the columns of the data model', async () => {
    const physician = await tokenOf('medecin@chu.test');
    const { json } = await call(physician, `/api/predictions/${report.id}`);
    expect(json).toMatchObject({ id: report.id, outcome: 'positive', prediction: 1, status: 'final' });
    const patientId = report.subject?.reference?.split('/')[1];
    const list = await call(physician, `/api/predictions?patient_id=${patientId}`);
    expect(list.json).toEqual([json]);
  });
});
