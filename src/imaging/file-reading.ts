/** Writes what came of an instance: patient, study, model and reading, audited, and the instance's state, in one transaction. */
import type { ImagingStudy, Patient, Resource } from '@medplum/fhirtypes';
import type { Context } from '../fhir/context.ts';
import { numeroIdentifier } from '../livedoc/numbering.ts';
import { putTogether, type Written } from '../livedoc/put-together.ts';
import { spliceChanges } from '../livedoc/splice-members.ts';
import type { Code, Language } from '../livedoc/terms.ts';
import { type DicomInstance, findInstance } from '../store/dicom/instance.ts';
import { markRead } from '../store/dicom/mark-read.ts';
import { nextNumeroDossier } from '../store/numbering/next-numero-dossier.ts';
import type { Store } from '../store/store.ts';
import { deviceId, deviceOf, type KnownModel, modelCardId, modelCardOf } from './ai-device.ts';
import type { ImageFacts } from './image-facts.ts';
import { imagingStudyId, withInstance } from './imaging-study.ts';
import { inferenceRecord } from './inference-record.ts';
import {
  demographicsDiffer,
  findEncounter,
  findPatient,
  newPatientId,
  patientKey,
  unverifiedPatient,
} from './match-patient.ts';
import type { LookedAt, Reading } from './reading.ts';
import { readingResources, reportId } from './reading-resources.ts';

export interface FilingDeps {
  /** The server's own. */
  readonly context: Context;
  readonly reader: { readonly model: KnownModel };
  /** The threshold's id in the model's description; absent: the model's default. */
  readonly threshold?: string;
  readonly language: Language;
}

type Known = LookedAt & { readonly facts: ImageFacts };

/** Does nothing when the instance has been read meanwhile. */
export async function fileReading(deps: FilingDeps, instance: DicomInstance, looked: Known): Promise<void> {
  const { context } = deps;
  await context.store.transaction(async (store) => {
    const { facts } = looked;
    await store.lock([patientKey(facts), `study ${facts.study}`, `model ${deviceId(deps.reader.model.identity)}`]);
    const now = await findInstance(store.db, instance.sopInstance);
    if (now?.state === 'read' || now?.state === 'rejected') return;
    await file({ ...deps, context: { ...context, store } }, instance, looked);
  });
}

async function file(
  deps: FilingDeps,
  instance: DicomInstance,
  { facts, reading, notes = [], rendering = '' }: Known,
): Promise<void> {
  const { context } = deps;
  const home = await homeOf(deps, facts);
  if (reading.kind === 'no-image') {
    await putTogether(context, home.writes);
    await markRead(context.store.db, instance.sopInstance, { state: 'read', reason: 'no-image' });
    return;
  }
  const of = {
    ...deps,
    ...home,
    facts,
    reading,
    model: deps.reader.model,
    threshold: thresholdOf(deps),
    now: context.now(),
  };
  const id = reportId(of);
  const isNew = (await context.store.resources.read('DiagnosticReport', id)) === undefined;
  const made = isNew ? readingResources(of) : [];
  await putTogether(context, [...home.writes, ...made.map((resource) => ({ resource }))]);
  await context.store.audit.append(
    inferenceRecord({ ...of, notes, rendering, instance, report: `DiagnosticReport/${id}` }),
  );
  await markRead(context.store.db, instance.sopInstance, { ...stateOf(reading), report: `DiagnosticReport/${id}` });
}

function thresholdOf({ threshold, reader }: FilingDeps): string {
  return threshold ?? reader.model.description.defaultThreshold;
}

function stateOf(reading: Exclude<Reading, { kind: 'no-image' }>) {
  if (reading.kind === 'read') return { state: 'read' as const };
  const isFailure = reading.reason === 'not-decodable' || reading.reason.startsWith('reader-');
  return { state: isFailure ? ('failed' as const) : ('rejected' as const), reason: reading.reason };
}

interface Home {
  readonly patient: string;
  readonly encounter?: string;
  readonly tags: readonly Code<'tag'>[];
  readonly writes: readonly Written[];
}

/** Where the reading belongs, and what of that has to be written first. */
async function homeOf(deps: FilingDeps, facts: ImageFacts): Promise<Home> {
  const { store } = deps.context;
  const study = await currentStudy(store, facts);
  const { patient, isNew } = await patientOf(deps, facts, study?.resource);
  const reference = `Patient/${patient.id}`;
  const encounter =
    study?.resource.encounter?.reference ?? (await findEncounter(store, reference, facts.accessionNumber));
  const links = { patient: reference, ...(encounter && { encounter }) };
  const grown = withInstance(study?.resource, facts, links);
  const differs = !isNew && demographicsDiffer(patient, facts);
  return {
    ...links,
    tags: differs ? ['demographics-differ'] : [],
    writes: [...(isNew ? [{ resource: patient }] : []), ...studyWrites(study, grown), ...(await modelWrites(deps))],
  };
}

interface CurrentStudy {
  readonly version: number;
  readonly text: string;
  readonly resource: ImagingStudy;
}

async function currentStudy(store: Store, { study }: ImageFacts): Promise<CurrentStudy | undefined> {
  const found = await store.resources.read('ImagingStudy', imagingStudyId(study));
  if (!found || found.deleted) return undefined;
  return { version: found.version, text: found.body, resource: JSON.parse(found.body) as ImagingStudy };
}

function studyWrites(study: CurrentStudy | undefined, grown: ImagingStudy): Written[] {
  if (!study) return [{ resource: grown }];
  if (grown === study.resource) return [];
  return [{ resource: grown, text: spliceChanges(study.text, study.resource, grown), version: study.version }];
}

/** A study stays with its patient, also after somebody has moved it to another one. */
async function patientOf(
  { context, language }: FilingDeps,
  facts: ImageFacts,
  study: ImagingStudy | undefined,
): Promise<{ patient: Patient; isNew: boolean }> {
  const { store } = context;
  const [, own] = study?.subject?.reference?.match(/^Patient\/([^/]+)$/) ?? [];
  const known = (own ? await existing(store, own) : undefined) ?? (await findPatient(store, facts));
  const found = known ?? (await existing(store, newPatientId(facts)));
  if (found) return { patient: found, isNew: false };
  const numero = await nextNumeroDossier(store.db, context.now().getUTCFullYear());
  return { patient: unverifiedPatient(facts, [numeroIdentifier(numero)], language), isNew: true };
}

async function existing(store: Store, id: string): Promise<Patient | undefined> {
  const version = await store.resources.read('Patient', id);
  return version && !version.deleted ? (JSON.parse(version.body) as Patient) : undefined;
}

/** Device and card of a model are written with its first reading. */
async function modelWrites({ context, reader: { model }, language }: FilingDeps): Promise<Written[]> {
  const targets = [
    { type: 'Device', id: deviceId(model.identity) },
    { type: 'DocumentReference', id: modelCardId(model.identity) },
  ];
  const present = await context.store.resources.readMany(targets);
  const made: Resource[] = [deviceOf(model, language), modelCardOf(model, language)];
  return made.filter((_, at) => present[at] === undefined).map((resource) => ({ resource }));
}
