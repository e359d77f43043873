/** Reads predictions with what belongs to them, as far as the caller may see. */
import type {
  Bundle,
  Device,
  DiagnosticReport,
  Observation,
  Provenance,
  Resource,
  ServiceRequest,
} from '@medplum/fhirtypes';
import type { Context } from '../fhir/context.ts';
import { read } from '../fhir/interactions/read.ts';
import { search } from '../fhir/interactions/search.ts';
import type { Reply } from '../fhir/reply.ts';
import type { Prediction } from '../shared/api/prediction.ts';
import type { Validation } from '../shared/api/validation.ts';
import { FhirError } from '../shared/errors.ts';
import { codeSystem } from './canonical.ts';
import { findValidations } from './find-validations.ts';
import { fromFhir, isPrediction, observationIdOf, proposalIdOf } from './predictions.ts';
import { idOf } from './references.ts';
import { fromFhir as validationOf } from './validations.ts';

export interface PredictionFilter {
  readonly patient_id?: string | undefined;
  readonly consultation_id?: string | undefined;
  readonly limit: number;
}

/** An answer and the FHIR reply that it was made of, for the audit. */
export interface Found<T> {
  readonly value: T;
  readonly reply: Reply;
  /** The version of the report. */
  readonly version?: number;
}

/** Throws FhirError `forbidden`, `notFound` or `gone`. */
export async function findPrediction(context: Context, id: string): Promise<Found<Prediction>> {
  const reply = await read(context, { type: 'DiagnosticReport', id });
  const report = JSON.parse(reply.text ?? '{}') as DiagnosticReport;
  const [value] = isPrediction(report) ? await rows(context, [report]) : [];
  if (!value) throw new FhirError('notFound', `Prediction ${id} is not known.`);
  return { value, reply, ...(reply.version && { version: reply.version.version }) };
}

/** Newest first. */
export async function findPredictions(context: Context, filter: PredictionFilter): Promise<Found<Prediction[]>> {
  const params = new URLSearchParams({
    code: `${codeSystem('tb-cad')}|classification`,
    _count: String(filter.limit),
    _sort: '-issued',
    ...(filter.patient_id !== undefined && { subject: `Patient/${filter.patient_id}` }),
    ...(filter.consultation_id !== undefined && { encounter: `Encounter/${filter.consultation_id}` }),
  });
  const reply = await search(context, { type: 'DiagnosticReport', params, strict: true });
  const bundle = JSON.parse(reply.text ?? '{}') as Bundle<DiagnosticReport>;
  const reports = (bundle.entry ?? []).flatMap(({ resource }) => (resource ? [resource] : []));
  return { value: await rows(context, reports.filter(isPrediction)), reply };
}

/** The physicians' words on a prediction that the caller may see, oldest first. */
export async function findValidationsOf(context: Context, id: string): Promise<Found<Validation[]>> {
  const { reply } = await findPrediction(context, id);
  const found = (await findValidations(context.store, id)).filter((each) => context.access.mayTouch('r', each));
  const value = found.map((each: Provenance) => validationOf(each)).filter((each) => each !== undefined);
  return { value, reply };
}

async function rows(context: Context, reports: readonly DiagnosticReport[]): Promise<Prediction[]> {
  const observations = await all<Observation>(
    context,
    reports.map((report) => ['Observation', observationIdOf(report)]),
  );
  const proposals = await all<ServiceRequest>(
    context,
    reports.map((report) => ['ServiceRequest', proposalIdOf(report)]),
  );
  const devices = await all<Device>(
    context,
    observations.map((each) => ['Device', idOf(each?.device) ?? '']),
  );
  return reports.flatMap((report, at) => {
    const [observation, proposal, device] = [observations[at], proposals[at], devices[at]];
    if (!observation) return [];
    return [fromFhir({ report, observation, ...(proposal && { proposal }), ...(device && { device }) })];
  });
}

/** What is there and the caller may see, in the order that was asked. */
async function all<T extends Resource>(
  { store, access }: Context,
  names: readonly (readonly [type: string, id: string])[],
): Promise<(T | undefined)[]> {
  const versions = await store.resources.readMany(names.map(([type, id]) => ({ type, id })));
  return versions.map((version) => {
    if (!version || version.deleted) return undefined;
    const resource = JSON.parse(version.body) as T;
    return access.mayTouch('r', resource) ? resource : undefined;
  });
}
