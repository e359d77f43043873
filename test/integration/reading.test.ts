/** From what the model says to FHIR: one transaction, once, whoever asks at the same time. livedoc-mapping: predictions. */
import type {
  Binary,
  DiagnosticReport,
  ImagingStudy,
  Media,
  Observation,
  Patient,
  Provenance,
  Resource,
  ServiceRequest,
} from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { type FilingDeps, fileReading } from '../../src/imaging/file-reading.ts';
import type { ImageFacts } from '../../src/imaging/image-facts.ts';
import { readInstance } from '../../src/imaging/read-instance.ts';
import { ReaderCrash } from '../../src/imaging/reader.ts';
import type { LookedAt } from '../../src/imaging/reading.ts';
import { sid } from '../../src/livedoc/canonical.ts';
import { fileInstance } from '../../src/store/dicom/file-instance.ts';
import { type DicomInstance, findInstance } from '../../src/store/dicom/instance.ts';
import type { Store } from '../../src/store/store.ts';
import { aContext, aModel, aReading, someFacts } from '../support/a-reading.ts';
import { withStore } from '../support/store.ts';

const database = withStore();
let last = 0;

/** UIDs that no other test of this file has. */
function freshFacts(given: Partial<ImageFacts> = {}): ImageFacts {
  const study = `1.2.3.${++last}`;
  const patient = { ...someFacts().patient, id: `P${last}`, issuer: 'CHU' };
  return someFacts({ study, series: `${study}.1`, instance: `${study}.1.1`, patient, ...given });
}

async function received(store: Store, facts: ImageFacts): Promise<DicomInstance> {
  await fileInstance(store.db, {
    sopInstance: facts.instance,
    study: facts.study,
    series: facts.series,
    modality: facts.modality,
    sopClass: facts.sopClass,
    transferSyntax: '1.2.840.10008.1.2.1',
    digest: 'd',
    blobKey: 'sha256/aa/bb/aabb',
    size: 1,
    route: 'DIMSE',
    sender: 'CR1',
    receivedAt: new Date(),
  });
  return (await findInstance(store.db, facts.instance)) as DicomInstance;
}

const deps = (store: Store): FilingDeps => ({
  context: aContext(store),
  reader: { model: aModel },
  language: 'fr',
});

async function readAndFile(looked: LookedAt & { facts?: ImageFacts }): Promise<DicomInstance> {
  const { store } = database;
  const facts = looked.facts ?? someFacts();
  const instance = await received(store, facts);
  await fileReading(deps(store), instance, { ...looked, facts });
  return (await findInstance(store.db, facts.instance)) as DicomInstance;
}

async function resource<T extends Resource>(reference: string | null | undefined): Promise<T> {
  const [type = '', id = ''] = (reference ?? '').split('/');
  const version = await database.store.resources.read(type, id);
  return JSON.parse(version?.body ?? 'null') as T;
}

async function patientsWith(value: string): Promise<Patient[]> {
  const where = [{ kind: 'token' as const, param: 'Patient.identifier', any: [{ code: value }] }];
  const page = await database.store.search({ type: 'Patient', where, sort: [], count: 10, total: 'none' });
  return page.versions.map(({ body }) => JSON.parse(body) as Patient);
}

describe('a positive reading', () => {
  it('becomes a preliminary report asserted by an AI, with everything that belongs to it', async () => {
    const facts = freshFacts();
    const instance = await readAndFile(aReading({}, facts));
    expect(instance).toMatchObject({ state: 'read', tries: 1 });
    const report = await resource<DiagnosticReport>(instance.report);
    expect(report).toMatchObject({ status: 'preliminary', meta: { security: [{ code: 'AIAST' }] } });
    expect(report.conclusion).toContain('évocateur de tuberculose pulmonaire');
    expect(report.conclusionCode).toBeUndefined();

    const observation = await resource<Observation>(report.result?.[0]?.reference);
    expect(observation).toMatchObject({ status: 'preliminary', interpretation: [{ coding: [{ code: 'POS' }] }] });
    const proposal = await resource<ServiceRequest>(report.extension?.[0]?.valueReference?.reference);
    expect(proposal).toMatchObject({ intent: 'proposal', status: 'draft' });
    const study = await resource<ImagingStudy>(report.imagingStudy?.[0]?.reference);
    expect(study).toMatchObject({ numberOfSeries: 1, numberOfInstances: 1, modality: [{ code: 'DX' }] });
    const media = await resource<Media>(report.media?.[0]?.link?.reference);
    const binary = await resource<Binary>(media.content?.url);
    expect(Buffer.from(binary.data ?? '', 'base64')).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47]));
    expect((await resource<Resource>(observation.device?.reference)).resourceType).toBe('Device');
  });

  it('has a Provenance of the model on the first versions', async () => {
    const { report } = await readAndFile(aReading({}, freshFacts()));
    const id = report?.split('/')[1] ?? '';
    const where = [{ kind: 'reference' as const, param: 'Provenance.target', any: [{ type: 'DiagnosticReport', id }] }];
    const page = await database.store.search({ type: 'Provenance', where, sort: [], count: 10, total: 'none' });
    const provenance = JSON.parse(page.versions[0]?.body ?? 'null') as Provenance;
    expect(provenance.target?.[0]?.reference).toBe(`DiagnosticReport/${id}/_history/1`);
    expect(provenance.agent?.[0]?.who?.reference).toMatch(/^Device\//);
  });

  it('is audited as an inference with model, threshold and outcome', async () => {
    const facts = freshFacts();
    await readAndFile(aReading({}, facts));
    const rows = await database.store.db.query<{ record: string }>({
      text: `SELECT record FROM audit_log WHERE record LIKE $1`,
      values: [`%"inference"%${facts.instance}%`],
    });
    expect(rows).toHaveLength(1);
    expect(rows[0]?.record).toContain(aModel.identity.sha256);
  });
});

describe('a reading that is filed again', () => {
  it('changes nothing', async () => {
    const facts = freshFacts();
    const before = await readAndFile(aReading({}, facts));
    // As after kill -9 between commit and the end of the job, but with the instance's row lost too.
    await database.store.db.query({
      text: `UPDATE dicom_instance SET state = 'received', report = NULL WHERE sop_uid = $1`,
      values: [facts.instance],
    });
    const again = await readAndFile(aReading({}, facts));
    expect(again.report).toBe(before.report);
    const report = await database.store.resources.read('DiagnosticReport', before.report?.split('/')[1] ?? '');
    expect(report?.version).toBe(1);
  });

  it('at the same time by two workers is one report of one patient in one study', async () => {
    const facts = freshFacts();
    const second = { ...facts, instance: `${facts.instance}.2`, instanceNumber: 2 };
    const instances = await Promise.all([facts, second].map((each) => received(database.store, each)));
    const work = [facts, second, facts, second].map((each, at) =>
      fileReading(deps(database.store), instances[at % 2] as DicomInstance, {
        ...aReading({}, each),
        facts: each,
      }),
    );
    await Promise.all(work);
    expect(await patientsWith(facts.patient.id ?? '')).toHaveLength(1);
    const [one, two] = await Promise.all([facts, second].map((each) => findInstance(database.store.db, each.instance)));
    expect(one?.report).not.toBe(two?.report);
    const report = await resource<DiagnosticReport>(one?.report);
    const study = await resource<ImagingStudy>(report.imagingStudy?.[0]?.reference);
    expect(study).toMatchObject({ numberOfInstances: 2, numberOfSeries: 1, meta: { versionId: '2' } });
  });
});

describe('the patient', () => {
  it('is made as unverified, with the issuer’s identifier and a number of ours', async () => {
    const facts = freshFacts();
    await readAndFile(aReading({}, facts));
    const [patient] = await patientsWith(facts.patient.id ?? '');
    expect(patient?.meta?.tag?.[0]?.code).toBe('unverified');
    expect(patient?.identifier?.[0]?.system).toBe(sid('dicom-issuer/CHU'));
    expect(patient?.identifier?.[1]?.value).toMatch(/^\d{4}-\d{6}$/);
  });

  it('with the record number of the image is used, and a contradicting birth date is said', async () => {
    const first = freshFacts();
    await readAndFile(aReading({}, first));
    const [known] = await patientsWith(first.patient.id ?? '');
    const numero = known?.identifier?.find(({ system }) => system === sid('numero-dossier'))?.value ?? '';
    const facts = freshFacts({ patient: { id: numero, birthDate: '1999-01-01' } });
    const { report } = await readAndFile(aReading({}, facts));
    const written = await resource<DiagnosticReport>(report);
    expect(written.subject?.reference).toBe(`Patient/${known?.id}`);
    expect(written.meta?.tag?.[0]?.code).toBe('demographics-differ');
  });

  it('is never taken by name alone', async () => {
    const first = freshFacts();
    const second = freshFacts();
    const one = await resource<DiagnosticReport>((await readAndFile(aReading({}, first))).report);
    const two = await resource<DiagnosticReport>((await readAndFile(aReading({}, second))).report);
    expect(first.patient.name).toEqual(second.patient.name);
    expect(two.subject?.reference).not.toBe(one.subject?.reference);
  });
});

describe('an image that is not read', () => {
  it('by the quality gate has no value, never a negative one, and says why', async () => {
    const facts = freshFacts();
    const reading = { kind: 'not-read', reason: 'lateral-view', detail: 'LL', warnings: [] } as const;
    const instance = await readAndFile({ facts, reading });
    expect(instance).toMatchObject({ state: 'rejected', reason: 'lateral-view' });
    const report = await resource<DiagnosticReport>(instance.report);
    expect(report.conclusion).toContain('Aucune conclusion');
    const observation = await resource<Observation>(report.result?.[0]?.reference);
    expect(observation.valueCodeableConcept).toBeUndefined();
    expect(observation.interpretation).toBeUndefined();
    expect(observation.dataAbsentReason?.coding?.[0]?.code).toBe('not-performed');
  });

  it('because it is of another modality has one report for its whole series', async () => {
    const facts = freshFacts({ modality: 'CT' });
    const second = { ...facts, instance: `${facts.instance}.2` };
    const reading = { kind: 'not-read', reason: 'not-cr-dx', detail: 'CT', warnings: [] } as const;
    const one = await readAndFile({ facts, reading });
    const two = await readAndFile({ facts: second, reading });
    expect(two.report).toBe(one.report);
    expect(two.state).toBe('rejected');
  });

  it('because it breaks the reading process is given up after three tries, with a report that says so', async () => {
    const facts = freshFacts();
    await received(database.store, facts);
    let tries = 0;
    const reader = {
      model: aModel,
      read: () => {
        tries += 1;
        const crash = new ReaderCrash('reader-memory', 'too much');
        crash.facts = facts;
        return Promise.reject(crash);
      },
    };
    const handle = readInstance({ ...deps(database.store), reader });
    const payload = { instance: facts.instance };
    const { signal } = new AbortController();
    await expect(handle(payload, signal)).rejects.toThrow('too much');
    await expect(handle(payload, signal)).rejects.toThrow('too much');
    await handle(payload, signal);
    await handle(payload, signal);
    expect(tries).toBe(3);
    const instance = await findInstance(database.store.db, facts.instance);
    expect(instance).toMatchObject({ state: 'failed', reason: 'reader-memory' });
    const report = await resource<DiagnosticReport>(instance?.report);
    const observation = await resource<Observation>(report.result?.[0]?.reference);
    expect(observation.dataAbsentReason?.coding?.[0]?.code).toBe('error');
    expect(report.subject?.reference).toBe(`Patient/${(await patientsWith(facts.patient.id ?? ''))[0]?.id}`);
  });
});
