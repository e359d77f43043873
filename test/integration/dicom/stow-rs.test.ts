/** STOW-RS over HTTP. https://dicom.nema.org/medical/dicom/current/output/chtml/part18/sect_10.5.html */
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type NextFunction, type Request, type Response } from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newUid } from '../../../src/dicom/uid.ts';
import type { Access } from '../../../src/fhir/access.ts';
import { type DicomwebOptions, dicomweb } from '../../../src/http/dicomweb/stow-rs.ts';
import { problemReply } from '../../../src/http/errors.ts';
import { FhirError } from '../../../src/shared/errors.ts';
import { findInstance } from '../../../src/store/dicom/instance.ts';
import { radiographFile } from '../../support/radiograph.ts';
import { withReception } from '../../support/reception.ts';

const reception = withReception();
let server: Server;
let port: number;

/** Who calls, by bearer token. */
function access(submits: boolean): Access {
  return {
    caller: { client: { name: 'Gateway' }, address: '192.0.2.7', requestId: 'r-1' },
    may: () => false,
    mayTouch: () => false,
    mayName: () => false,
    restrict: () => [],
    mayUse: (feature) => submits && feature === 'submit',
  };
}

const authenticate: DicomwebOptions['authenticate'] = async ({ headers }) => {
  if (!headers.authorization) throw new FhirError('unauthenticated', 'No bearer token.');
  return access(headers.authorization === 'Bearer good');
};

async function serve(options: Partial<DicomwebOptions['receive']> = {}): Promise<Server> {
  const app = express();
  const receive = { ...reception.options, ...options };
  app.use('/dicomweb', dicomweb({ authenticate, receive, base: 'http://localhost:8080/dicomweb' }));
  app.use((error: unknown, { headers: sent }: Request, response: Response, _next: NextFunction) => {
    const { status, headers, text } = problemReply(error, sent.authorization || undefined, 'r-1');
    response.status(status).set(headers).type('application/problem+json').send(text);
  });
  const made = createServer(app).listen(0, '127.0.0.1');
  await once(made, 'listening');
  return made;
}

beforeAll(async () => {
  server = await serve();
  port = (server.address() as AddressInfo).port;
});
afterAll(() => void server.close());

const related = (boundary: string) => `multipart/related; type="application/dicom"; boundary=${boundary}`;
const part = (file: Buffer, boundary: string) =>
  Buffer.concat([Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`), file, Buffer.from('\r\n')]);
const multi = (files: readonly Buffer[], boundary = 'x') =>
  Buffer.concat([...files.map((file) => part(file, boundary)), Buffer.from(`--${boundary}--\r\n`)]);

interface Sent {
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly to?: number;
}

async function post(body: Buffer, { path = '/studies', headers = {}, to = port }: Sent = {}) {
  const response = await fetch(`http://127.0.0.1:${to}/dicomweb${path}`, {
    method: 'POST',
    headers: { authorization: 'Bearer good', 'content-type': related('x'), ...headers },
    body: new Uint8Array(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}

const uids = () => ({ SOPInstanceUID: newUid(), StudyInstanceUID: newUid(), SeriesInstanceUID: newUid() });
const reasons = (body: { '00081198'?: { Value: Record<string, { Value: unknown[] }>[] } }) =>
  (body['00081198']?.Value ?? []).map((item) => item['00081197']?.Value[0]);

describe('a request', () => {
  it('with one instance is stored, and answered as the standard says', async () => {
    const ids = uids();
    const { status, headers, body } = await post(multi([radiographFile(ids)]));
    expect(status).toBe(200);
    expect(headers.get('content-type')).toContain('application/dicom+json');
    const study = `http://localhost:8080/dicomweb/studies/${ids.StudyInstanceUID}`;
    expect(body).toEqual({
      '00081190': { vr: 'UR', Value: [study] },
      '00081199': {
        vr: 'SQ',
        Value: [
          {
            '00081150': { vr: 'UI', Value: ['1.2.840.10008.5.1.4.1.1.1'] },
            '00081155': { vr: 'UI', Value: [ids.SOPInstanceUID] },
            '00081190': {
              vr: 'UR',
              Value: [`${study}/series/${ids.SeriesInstanceUID}/instances/${ids.SOPInstanceUID}`],
            },
          },
        ],
      },
    });
    const found = await findInstance(reception.options.store.db, ids.SOPInstanceUID);
    expect(found).toMatchObject({ route: 'STOW-RS', sender: 'Gateway', state: 'received' });
    expect(await reception.count('livedoc_jobs.jobs WHERE key = $1', [`read-instance:${ids.SOPInstanceUID}`])).toBe(1);
  });

  it.each([
    ['with a quoted boundary', multi([radiographFile()], 'a b'), { 'content-type': related('"a b"') }],
    [
      'with preamble and epilogue',
      Buffer.concat([Buffer.from('hello\r\n'), multi([radiographFile()]), Buffer.from('bye')]),
      {},
    ],
    ['with one instance and no multipart', radiographFile(), { 'content-type': 'application/dicom' }],
  ])('%s is stored', async (_, body, headers) => {
    expect(await post(body, { headers })).toMatchObject({ status: 200 });
  });

  it('that comes in chunks of a few bytes is stored', async () => {
    const sent = request({
      port,
      path: '/dicomweb/studies',
      method: 'POST',
      headers: { authorization: 'Bearer good', 'content-type': related('x') },
    });
    const body = multi([radiographFile(), radiographFile()]);
    for (let at = 0; at < body.length; at += 13) sent.write(body.subarray(at, at + 13));
    sent.end();
    const [response] = await once(sent, 'response');
    expect(response.statusCode).toBe(200);
    response.resume();
  });

  it('with the same instance as C-STORE would send it finds it stored', async () => {
    const ids = uids();
    await post(multi([radiographFile(ids)]));
    const other = radiographFile(ids, { meta: { SourceApplicationEntityTitle: 'ELSEWHERE' } });
    expect(await post(multi([other]))).toMatchObject({ status: 200 });
    expect(await findInstance(reception.options.store.db, ids.SOPInstanceUID)).toMatchObject({ receivedCount: 2 });
  });
});

describe('instances that are not stored', () => {
  it('are told with their reasons, beside those that are', async () => {
    const known = uids();
    await post(multi([radiographFile(known)]));
    const files = [
      radiographFile(),
      radiographFile({ ...known, PatientID: 'P-9' }),
      radiographFile({ SOPClassUID: '1.2.840.10008.5.1.4.1.1.2' }),
      radiographFile({}, { transferSyntax: '1.2.840.10008.1.2.4.100' }),
      radiographFile().subarray(0, -10),
      Buffer.from('no DICOM'),
      radiographFile({ PixelData: Buffer.alloc(1_100_000) }),
    ];
    const { status, body } = await post(multi(files));
    expect(status).toBe(202);
    expect(reasons(body)).toEqual([0x0111, 0x0122, 0xc122, 0xc000, 0xc000, 0xa700]);
    expect(body['00081199'].Value).toHaveLength(1);
    expect(await reception.files('incoming')).toEqual([]);
  });

  it('all of them, are a conflict', async () => {
    expect(await post(multi([radiographFile({ PixelData: undefined })]))).toMatchObject({ status: 409 });
  });

  it('belong to another study than the path says', async () => {
    const ids = uids();
    expect(await post(multi([radiographFile(ids)]), { path: `/studies/${ids.StudyInstanceUID}` })).toMatchObject({
      status: 200,
    });
    const { status, body } = await post(multi([radiographFile()]), { path: `/studies/${ids.StudyInstanceUID}` });
    expect([status, reasons(body)]).toEqual([409, [0xa901]]);
  });

  it.each([
    ['full', 507, new FhirError('full', 'Full.')],
    ['tooLarge', 413, new FhirError('tooLarge', 'Large.')],
  ])('for lack of room (%s) are answered %i', async (_, status, error) => {
    const blobs = { ...reception.options.blobs, open: () => Promise.reject(error) };
    const full = await serve({ blobs });
    expect(await post(multi([radiographFile()]), { to: (full.address() as AddressInfo).port })).toMatchObject({
      status,
    });
    full.close();
  });

  it('because the database is away may be sent again', async () => {
    const store = { ...reception.options.store, transaction: () => Promise.reject(new FhirError('busy', 'Away.')) };
    const away = await serve({ store });
    const { status, headers, body } = await post(multi([radiographFile()]), {
      to: (away.address() as AddressInfo).port,
    });
    expect([status, headers.get('retry-after'), reasons(body)]).toEqual([503, '10', [0xa700]]);
    away.close();
  });
});

describe('a request that is none', () => {
  it.each<[string, number, Buffer, Sent]>([
    ['no token', 401, multi([]), { headers: { authorization: '' } }],
    ['an access that may not submit', 403, multi([]), { headers: { authorization: 'Bearer other' } }],
    ['another type', 415, Buffer.from('{}'), { headers: { 'content-type': 'application/json' } }],
    [
      'metadata and bulk data',
      415,
      multi([]),
      { headers: { 'content-type': 'multipart/related; type="application/dicom+json"; boundary=x' } },
    ],
    ['a compressed body', 415, multi([]), { headers: { 'content-encoding': 'gzip' } }],
    ['a wish for XML', 406, multi([]), { headers: { accept: 'application/dicom+xml' } }],
    ['no boundary', 400, multi([]), { headers: { 'content-type': 'multipart/related; type="application/dicom"' } }],
    ['no instance', 400, multi([]), {}],
    ['no end', 400, multi([radiographFile()]).subarray(0, -20), {}],
  ])('with %s is answered %i', async (_, status, body, sent) => {
    const before = await reception.count('dicom_instance');
    const answer = await post(body, sent);
    expect(answer).toMatchObject({ status, body: { status } });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.headers.get('connection')).toBe('close');
    if (status === 401) expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(await reception.count('dicom_instance')).toBe(before);
    expect(await reception.files('incoming')).toEqual([]);
  });

  it('that breaks off after an instance says what was stored', async () => {
    const { status, body } = await post(multi([radiographFile(), radiographFile()]).subarray(0, -20));
    expect(status).toBe(400);
    expect(body['00081199'].Value).toHaveLength(1);
  });

  it('whose sender goes away leaves nothing', async () => {
    const before = await reception.count('dicom_instance');
    const headers = { authorization: 'Bearer good', 'content-type': related('x') };
    const sent = request({ port, path: '/dicomweb/studies', method: 'POST', headers });
    sent.on('error', () => undefined);
    sent.write(part(radiographFile(), 'x').subarray(0, -20));
    while ((await reception.files('incoming')).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    sent.destroy();
    while ((await reception.files('incoming')).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await reception.count('dicom_instance')).toBe(before);
  });
});
