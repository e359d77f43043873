/** A physician's word on a prediction: who may, what it changes, what is kept of it; all in one transaction. */
import type { Condition, DiagnosticReport, Observation } from '@medplum/fhirtypes';
import type { Access } from '../fhir/access.ts';
import type { Context } from '../fhir/context.ts';
import { read } from '../fhir/interactions/read.ts';
import type { Validation, ValidationRequest } from '../shared/api/validation.ts';
import { FhirError } from '../shared/errors.ts';
import { newId } from '../shared/id.ts';
import type { AuditRecord } from '../store/audit/record.ts';
import type { Store } from '../store/store.ts';
import { findValidations } from './find-validations.ts';
import { isPrediction, observationIdOf } from './predictions.ts';
import { putTogether, type Written } from './put-together.ts';
import { sign } from './signature.ts';
import type { SigningKeys } from './signing-keys.ts';
import { spliceChanges } from './splice-members.ts';
import type { Language } from './terms.ts';
import { contradiction, type Effects, effects, proposedConditionId, stage } from './validation-effects.ts';
import { fromFhir, toFhir, validatorOf } from './validations.ts';

export interface ValidationDeps {
  /** The caller's. */
  readonly context: Context;
  /** The server's own: a role may read a prediction and have it validated, but writes none by itself. */
  readonly server: Access;
  readonly keys: SigningKeys;
  readonly language: Language;
}

export interface ValidationAsked {
  readonly id: string;
  readonly word: ValidationRequest;
  /** The version of the report that the physician has seen; absent: the model's own. */
  readonly version?: number;
}

interface Current<T> {
  readonly resource: T;
  readonly text: string;
  readonly version: number;
}

interface Seen {
  readonly report: Current<DiagnosticReport>;
  readonly observation: Current<Observation>;
  readonly condition?: Current<Condition>;
}

/**
 * Throws FhirError: `forbidden`, `notFound`, `conflict` (another physician was first; closed), `precondition` (not the
 * version that was seen), `unprocessable` (the word contradicts the reading). Refusals are audited too.
 */
export async function validatePrediction(deps: ValidationDeps, asked: ValidationAsked): Promise<Validation> {
  const { context } = deps;
  try {
    return await context.store.transaction((store) => validate({ ...deps, context: { ...context, store } }, asked));
  } catch (error) {
    const isClients = error instanceof FhirError && error.status < 500;
    const outcomeText = error instanceof FhirError ? error.message : 'The server failed.';
    await context.store.audit.append(record(deps, asked, { outcome: isClients ? '4' : '8', outcomeText }));
    throw error;
  }
}

async function validate(deps: ValidationDeps, asked: ValidationAsked): Promise<Validation> {
  const { context } = deps;
  const { practitioner } = context.access.caller;
  if (!context.access.mayUse('validation') || practitioner === undefined) {
    throw new FhirError('forbidden', 'Only a physician (MEDECIN) may validate a prediction.');
  }
  // Whoever comes second waits here, and then sees what the first has done.
  await context.store.lock([`validation of ${asked.id}`]);
  const seen = await look(context, asked.id);
  // What is seen in an emergency only is read only: the server's own hand would not be stopped from writing it.
  if (context.access.veil?.hides('u', seen.report.resource)) {
    throw new FhirError('forbidden', 'A closed record is opened to be read, not to be changed.');
  }
  await demandOpen(context.store, seen.report, asked);
  const looked = resourcesOf(seen);
  const [field, sentence] = contradiction(asked.word, looked) ?? [];
  if (field !== undefined) throw new FhirError('unprocessable', sentence ?? '', { expression: [field] });
  const changed = effects(asked.word, looked, practitioner, deps.language);
  const validation: Validation = {
    id: newId(context.now().getTime()),
    prediction_id: asked.id,
    medecin_id: context.access.caller.userId ?? null,
    validation_status: asked.word.validation_status,
    commentaire: asked.word.commentaire ?? null,
    diagnostic_final: asked.word.diagnostic_final ?? null,
    created_at: context.now().toISOString(),
  };
  await write(deps, { validation, seen, changed, practitioner });
  const patients = [seen.report.resource.subject?.reference ?? ''].filter((reference) => reference !== '');
  await context.store.audit.append(record(deps, asked, { outcome: '0', patients, version: seen.report.version }));
  return validation;
}

function resourcesOf({ report, observation, condition }: Seen) {
  return {
    report: report.resource,
    observation: observation.resource,
    ...(condition && { condition: condition.resource }),
  };
}

/** The reading as it is now, if the caller may see it. */
async function look(context: Context, id: string): Promise<Seen> {
  await read(context, { type: 'DiagnosticReport', id });
  const { store } = context;
  const report = await current<DiagnosticReport>(store, 'DiagnosticReport', id);
  const observation =
    report && isPrediction(report.resource)
      ? await current<Observation>(store, 'Observation', observationIdOf(report.resource))
      : undefined;
  if (!report || !observation) throw new FhirError('notFound', `Prediction ${id} is not known.`);
  const condition = await current<Condition>(store, 'Condition', proposedConditionId(report.resource));
  return { report, observation, ...(condition && { condition }) };
}

async function current<T>(store: Store, type: string, id: string): Promise<Current<T> | undefined> {
  const version = await store.resources.read(type, id);
  if (!version || version.deleted) return undefined;
  return { resource: JSON.parse(version.body) as T, text: version.body, version: version.version };
}

/** Without saying which version was seen, a physician speaks on the model's own; whoever knows a final one may correct it. */
async function demandOpen(store: Store, report: Current<DiagnosticReport>, asked: ValidationAsked): Promise<void> {
  const now = stage(report.resource);
  const isSeen = asked.version === undefined ? now === 'preliminary' : asked.version === report.version;
  const isNews = now === 'preliminary' || (now === 'final' && asked.word.validation_status !== 'VALIDE');
  if (isSeen && isNews) return;
  const said = await lastWord(store, asked.id);
  if (asked.version !== undefined && !isSeen) {
    const message = `Prediction ${asked.id} is at version ${report.version}, not ${asked.version}.${said}`;
    throw new FhirError('precondition', message);
  }
  const way = now === 'closed' ? '' : ` To correct it, send If-Match: W/"${report.version}".`;
  throw new FhirError('conflict', `Prediction ${asked.id} is ${report.resource.status} already.${said}${way}`);
}

async function lastWord(store: Store, id: string): Promise<string> {
  const last = (await findValidations(store, id)).at(-1);
  const validation = last && fromFhir(last);
  if (!last || !validation) return '';
  return ` ${validatorOf(last)} gave ${validation.validation_status} at ${validation.created_at}.`;
}

interface Spoken {
  readonly validation: Validation;
  readonly seen: Seen;
  readonly changed: Effects;
  readonly practitioner: string;
}

async function write(deps: ValidationDeps, { validation, seen, changed, practitioner }: Spoken): Promise<void> {
  const { context, server, keys, language } = deps;
  const { caller } = context.access;
  const report = changedText(seen.report, changed.report);
  const signature = await sign({ text: report.text ?? '', who: practitioner, when: context.now() }, keys.current);
  const provenance = toFhir(validation, {
    looked: [versionOf('DiagnosticReport', seen.report), versionOf('Observation', seen.observation)],
    physician: practitioner,
    physicianName: caller.user?.name ?? practitioner,
    signature,
    language,
  });
  const condition: Written[] = !changed.condition
    ? []
    : [seen.condition ? changedText(seen.condition, changed.condition) : { resource: changed.condition }];
  await putTogether({ ...context, access: { ...server, caller } }, [
    report,
    changedText(seen.observation, changed.observation),
    ...condition,
    { resource: provenance },
  ]);
}

function changedText<T extends Written['resource']>(before: Current<T>, after: T): Written {
  return { resource: after, text: spliceChanges(before.text, before.resource, after), version: before.version };
}

function versionOf(type: string, { resource, version }: Current<{ id?: string }>): string {
  return `${type}/${resource.id}/_history/${version}`;
}

function record(
  { context }: ValidationDeps,
  { id, word }: ValidationAsked,
  result: Pick<AuditRecord, 'outcome'> & {
    readonly outcomeText?: string;
    readonly patients?: readonly string[];
    readonly version?: number;
  },
): AuditRecord {
  const { user, client, address, requestId } = context.access.caller;
  const { version, patients = [], ...outcome } = result;
  const history = version === undefined ? '' : `/_history/${version}`;
  return {
    type: 'validation',
    subtype: word.validation_status,
    action: 'U',
    ...outcome,
    recorded: context.now(),
    client,
    ...(user && { user }),
    ...(address !== undefined && { address }),
    ...(requestId !== undefined && { requestId }),
    entities: [
      { reference: `DiagnosticReport/${id}${history}`, detail: { validation_status: word.validation_status } },
    ],
    patients,
  };
}
