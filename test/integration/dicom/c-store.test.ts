/**
 * C-STORE into a real store: one instance is one row, one blob, one job, however often and whatever way it comes.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part04/sect_B.2.3.html
 */

import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DimseServer } from '../../../src/dicom/net/scp.ts';
import { associate, type RequestedAssociation } from '../../../src/dicom/net/scu.ts';
import { readFile } from '../../../src/dicom/part10.ts';
import { newUid } from '../../../src/dicom/uid.ts';
import { string } from '../../../src/dicom/values.ts';
import { receive } from '../../../src/imaging/receive.ts';
import { sweepUnclaimed } from '../../../src/imaging/sweep-unclaimed.ts';
import { FhirError } from '../../../src/shared/errors.ts';
import { silent } from '../../../src/shared/logger.ts';
import { listConflicts } from '../../../src/store/dicom/conflicts.ts';
import { findInstance, listInstances, listStudy } from '../../../src/store/dicom/instance.ts';
import { markRead, markTry } from '../../../src/store/dicom/mark-read.ts';
import { addPeer, removePeer } from '../../../src/store/dicom/peers.ts';
import { associateRq, commandPdu, dataPdu, rawPeer } from '../../support/dimse.ts';
import { computedRadiography, explicitLittle, implicitLittle, radiographInstance } from '../../support/radiograph.ts';
import { withReception } from '../../support/reception.ts';

const reception = withReception();
let server: DimseServer;
let association: RequestedAssociation;

const syntaxes = [explicitLittle, implicitLittle, '1.2.840.10008.1.2.1.99', '1.2.840.10008.1.2.2'];
const open = (more: Partial<Parameters<typeof associate>[0]> = {}) =>
  associate({
    host: '127.0.0.1',
    port: server.port,
    calling: 'PACS',
    called: 'LIVEDOC',
    contexts: syntaxes.map((uid) => ({ abstractSyntax: computedRadiography, transferSyntaxes: [uid] })),
    ...more,
  });

beforeAll(async () => {
  server = await reception.listen();
  await addPeer(reception.options.store.db, { aeTitle: 'PACS', host: 'localhost', port: 104, returns: ['sr'] });
  association = await open();
});
afterAll(() => association.release());

/** What the database and the object store hold of an instance. */
async function traces(sopInstance: string) {
  const where = 'WHERE sop_uid = $1';
  const audit = `audit_log WHERE record LIKE '%' || $1 || '%'`;
  return {
    rows: await reception.count(`dicom_instance ${where}`, [sopInstance]),
    conflicts: await reception.count(`dicom_conflict ${where}`, [sopInstance]),
    jobs: await reception.count('livedoc_jobs.jobs WHERE key = $1', [`read-instance:${sopInstance}`]),
    audit: await reception.count(audit, [sopInstance]),
  };
}

describe('an instance', () => {
  it('is a row, a blob that is a DICOM file, an audit record and a job', async () => {
    const instance = radiographInstance();
    expect(await association.store(instance)).toEqual({ status: 0 });
    expect(await traces(instance.sopInstance)).toEqual({ rows: 1, conflicts: 0, jobs: 1, audit: 1 });
    const { db } = reception.options.store;
    const found = await findInstance(db, instance.sopInstance);
    expect(found).toMatchObject({
      state: 'received',
      route: 'DIMSE',
      sender: 'PACS',
      receivedCount: 1,
      modality: 'CR',
    });
    const file = await buffer(await reception.options.blobs.get(found?.blobKey ?? ''));
    expect(file).toHaveLength(found?.size ?? 0);
    expect(string(readFile(file).dataSet, 'PatientID')).toBe('P-1');
    expect(file.subarray(-(instance.bytes[0]?.length ?? 0))).toEqual(instance.bytes[0]);
    expect(await listStudy(db, found?.study ?? '')).toEqual([found]);
    expect(await listInstances(db, { state: 'received', limit: 100 })).toContainEqual(found);
    expect(await reception.files('incoming')).toEqual([]);
  });

  it.each(syntaxes)('comes in %s and is kept in it', async (transferSyntax) => {
    const { deflateRawSync } = await import('node:zlib');
    const instance = radiographInstance({}, transferSyntax);
    const bytes = transferSyntax.endsWith('.99') ? instance.bytes.map((one) => deflateRawSync(one)) : instance.bytes;
    expect(await association.store({ ...instance, bytes })).toEqual({ status: 0 });
    expect(await findInstance(reception.options.store.db, instance.sopInstance)).toMatchObject({ transferSyntax });
  });

  it('that comes again is a success and still one instance with one job', async () => {
    const instance = radiographInstance();
    for (let time = 0; time < 3; time++) expect(await association.store(instance)).toEqual({ status: 0 });
    expect(await traces(instance.sopInstance)).toEqual({ rows: 1, conflicts: 0, jobs: 1, audit: 3 });
    expect(await findInstance(reception.options.store.db, instance.sopInstance)).toMatchObject({ receivedCount: 3 });
  });

  it('that comes many times at once is one instance with one job', async () => {
    const instance = radiographInstance();
    const others = await Promise.all(Array.from({ length: 6 }, () => open()));
    const answers = await Promise.all(others.map((one) => one.store(instance)));
    await Promise.all(others.map((one) => one.release()));
    expect(answers).toEqual(others.map(() => ({ status: 0 })));
    expect(await traces(instance.sopInstance)).toEqual({ rows: 1, conflicts: 0, jobs: 1, audit: 6 });
  });

  it('of a study that arrives over several associations at once is filed with the others', async () => {
    const StudyInstanceUID = newUid();
    const others = await Promise.all(Array.from({ length: 4 }, () => open()));
    const stored = others.flatMap((one) =>
      Array.from({ length: 5 }, () => one.store(radiographInstance({ StudyInstanceUID }))),
    );
    expect((await Promise.all(stored)).every(({ status }) => status === 0)).toBe(true);
    await Promise.all(others.map((one) => one.release()));
    expect(await listStudy(reception.options.store.db, StudyInstanceUID)).toHaveLength(20);
  });

  it('is marked when it was read, once', async () => {
    const { db } = reception.options.store;
    const { sopInstance, ...rest } = radiographInstance();
    await association.store({ sopInstance, ...rest });
    await markTry(db, sopInstance, 'The model was busy.');
    expect(await markRead(db, sopInstance, { state: 'read', report: 'DiagnosticReport/1' })).toBe(true);
    expect(await markRead(db, sopInstance, { state: 'failed', reason: 'again' })).toBe(false);
    expect(await findInstance(db, sopInstance)).toMatchObject({
      state: 'read',
      report: 'DiagnosticReport/1',
      tries: 2,
      reason: null,
    });
  });
});

describe('other content under the same UID', () => {
  it('is kept apart, warned of, audited, and never read; the first stays', async () => {
    const first = radiographInstance();
    const changes = { SOPInstanceUID: first.sopInstance, PatientID: 'P-2' };
    expect(await association.store(first)).toEqual({ status: 0 });
    const before = await findInstance(reception.options.store.db, first.sopInstance);
    const second = radiographInstance(changes);
    for (let time = 0; time < 2; time++)
      expect(await association.store(second)).toMatchObject({
        status: 0xb111,
        comment: expect.stringContaining('kept apart'),
      });
    expect(await findInstance(reception.options.store.db, first.sopInstance)).toEqual(before);
    expect(await traces(first.sopInstance)).toEqual({ rows: 1, conflicts: 1, jobs: 1, audit: 3 });
    const [conflict] = await listConflicts(reception.options.store.db, first.sopInstance);
    expect(conflict).toMatchObject({ receivedCount: 2, sender: 'PACS' });
    const file = readFile(await buffer(await reception.options.blobs.get(conflict?.blobKey ?? '')));
    expect(string(file.dataSet, 'PatientID')).toBe('P-2');
  });
});

describe('what must not be acknowledged', () => {
  const cut = radiographInstance();
  const whole = cut.bytes[0] ?? Buffer.alloc(0);
  it.each<[string, number, Partial<typeof cut>]>([
    ['a truncated data set', 0xc000, { bytes: [whole.subarray(0, -10)] }],
    ['no data set', 0xc000, { bytes: [] }],
    ['no DICOM', 0xc000, { bytes: [Buffer.from('%PDF-1.7 this is no image at all')] }],
    ['another SOP instance than announced', 0xa900, { sopInstance: '1.2.3.4' }],
    ['an instance UID that is none', 0x0117, { sopInstance: '1.2.3/../4' }],
    ['another SOP class than announced', 0xa900, radiographInstance({ SOPClassUID: '1.2.840.10008.5.1.4.1.1.2' })],
    ['no pixel data', 0xc000, radiographInstance({ PixelData: undefined })],
    ['an image without size', 0xc000, radiographInstance({ Rows: 0 })],
    [
      'a patient id that is no text in its character set',
      0xc000,
      radiographInstance({
        SpecificCharacterSet: 'ISO_IR 192',
        PatientID: undefined,
        '00100020': ['LO', Uint8Array.of(0x50, 0xe9, 0x31, 0x32)],
      }),
    ],
    ['no study', 0xc000, radiographInstance({ StudyInstanceUID: '' })],
    ['more than the longest instance', 0xa700, radiographInstance({ PixelData: Buffer.alloc(1_100_000) })],
  ])('%s is refused and leaves nothing', async (_, status, changes) => {
    const before = [
      await reception.files('sha256'),
      await reception.count('dicom_instance'),
      await reception.count('dicom_study'),
    ];
    const instance = { ...cut, ...changes, sopClass: computedRadiography };
    expect(await association.store(instance)).toMatchObject({ status });
    expect([
      await reception.files('sha256'),
      await reception.count('dicom_instance'),
      await reception.count('dicom_study'),
    ]).toEqual(before);
    expect(await reception.files('incoming')).toEqual([]);
    expect(
      await reception.count(`audit_log WHERE record LIKE '%dicom-refused%' AND record LIKE '%' || $1 || '%'`, [
        instance.sopInstance,
      ]),
    ).toBeGreaterThan(0);
  });

  it('an instance that breaks off leaves neither row nor file', async () => {
    const { sopInstance, bytes } = radiographInstance();
    const before = await reception.count('dicom_instance');
    const peer = await rawPeer(server.port);
    peer.send(associateRq());
    await peer.next();
    const command = { field: 0x0001, messageId: 1, sopClass: computedRadiography, sopInstance, hasData: true };
    peer.send(commandPdu(3, command), dataPdu(3, bytes[0] ?? Buffer.alloc(0), false));
    while ((await reception.files('incoming')).length === 0) await sleep(5);
    peer.socket.resetAndDestroy();
    while ((await reception.files('incoming')).length > 0) await sleep(5);
    expect(await reception.count('dicom_instance')).toBe(before);
  });
});

describe('when the database fails', () => {
  it('the sender is told to try again, and a later try succeeds', async () => {
    const { sopInstance, sopClass, transferSyntax, bytes } = radiographInstance();
    const { options } = reception;
    const broken = {
      ...options,
      store: {
        ...options.store,
        transaction: () => Promise.reject(new FhirError('busy', 'The database cannot be reached now.')),
      },
    };
    const sender = { route: 'DIMSE', client: { name: 'PACS' } } as const;
    const announced = { sopClass, sopInstance, transferSyntax };
    const sink = await receive(broken, { sender, announced });
    for (const chunk of bytes) await sink.write(chunk);
    expect(await sink.end()).toMatchObject({ outcome: 'refused', status: { name: 'outOfResources' }, lack: 'busy' });
    expect(await traces(sopInstance)).toMatchObject({ rows: 0, jobs: 0 });
    expect(await association.store({ ...announced, bytes })).toEqual({ status: 0 });
    await sweepUnclaimed({ store: options.store, blobs: options.blobs, log: silent }, -1000);
    const found = await findInstance(options.store.db, sopInstance);
    expect(await options.blobs.head(found?.blobKey ?? '')).toBeDefined();
  });

  it('a blob that no row came to name is swept', async () => {
    const { blobs, store } = reception.options;
    const writer = await blobs.open(10);
    await writer.write(Buffer.from('orphan'));
    const { key } = await writer.hold();
    await sweepUnclaimed({ store, blobs, log: silent }, -1000);
    expect(await blobs.head(key)).toBeUndefined();
    expect(await blobs.unclaimed(-1000)).toEqual([]);
  });
});

describe('the allow-list', () => {
  const rejected = { kind: 'rejected', message: expect.stringContaining('calling-ae-title-not-recognized') };

  it('keeps out titles that are not in it, also in other case, and those from elsewhere', async () => {
    const { db } = reception.options.store;
    await addPeer(db, { aeTitle: 'FAR', host: '192.0.2.1', port: 104, returns: [] });
    for (const calling of ['STRANGER', 'pacs', 'FAR']) await expect(open({ calling })).rejects.toMatchObject(rejected);
    await addPeer(db, { aeTitle: 'FAR', host: '*', port: 104, returns: [] });
    await (await open({ calling: 'FAR' })).release();
    expect(await db.query({ text: 'SELECT ae_title, host FROM dicom_peer ORDER BY 1' })).toEqual([
      { ae_title: 'FAR', host: '*' },
      { ae_title: 'PACS', host: 'localhost' },
    ]);
    expect(await removePeer(db, 'FAR')).toBe(true);
    await expect(open({ calling: 'FAR' })).rejects.toMatchObject(rejected);
  });

  it('takes no title that the standard does not allow', async () => {
    const { db } = reception.options.store;
    for (const aeTitle of ['', 'LONGER THAN SIXTEEN', 'BACK\\SLASH', ' SPACE'])
      await expect(addPeer(db, { aeTitle, host: '*', port: 104, returns: [] })).rejects.toMatchObject({
        kind: 'conflict',
      });
  });
});
