/** What a physician's word makes of a reading: which resources change, and how. Pure; `validate-prediction.ts` writes them. */
import type { Condition, DiagnosticReport, Extension, Observation, Patient, Reference } from '@medplum/fhirtypes';
import type { ValidationRequest } from '../shared/api/validation.ts';
import { extension, profile, systems } from './canonical.ts';
import type { DiagnosisMeant } from './final-diagnosis.ts';
import { confirmsTuberculosis, diagnosisConcept, diagnosisMeant } from './final-diagnosis.ts';
import { stableId } from './stable-id.ts';
import { type Code, codeIn, type Language } from './terms.ts';
import { reportStatus } from './translations.ts';

export interface Looked {
  /** The reading as the physician saw it. */
  readonly report: DiagnosticReport;
  readonly observation: Observation;
  /** The Condition that an earlier validation proposed. */
  readonly condition?: Condition;
}

export interface Effects {
  readonly report: DiagnosticReport;
  readonly observation: Observation;
  readonly condition?: Condition;
}

/** Whether the report still waits for its first physician, already has one's word, or takes no more. */
export function stage(report: DiagnosticReport): 'preliminary' | 'final' | 'closed' {
  if (report.status === 'registered' || report.status === 'partial' || report.status === 'preliminary') {
    return 'preliminary';
  }
  return report.status === 'cancelled' || report.status === 'entered-in-error' ? 'closed' : 'final';
}

/** The problem with this word on this reading, if there is one: field and sentence. */
export function contradiction(
  { diagnostic_final, validation_status }: ValidationRequest,
  { observation }: Looked,
): readonly [field: string, sentence: string] | undefined {
  const outcome = codeIn('tb-cad-outcome', observation.valueCodeableConcept);
  const meant = diagnostic_final ? diagnosisMeant(diagnostic_final) : undefined;
  if (validation_status !== 'VALIDE' || !outcome || !meant?.code) return undefined;
  const contrary =
    (outcome === 'positive' && meant.code === 'PAS_DE_TUBERCULOSE') ||
    (outcome === 'negative' && confirmsTuberculosis(meant));
  return contrary
    ? ['diagnostic_final', `${diagnostic_final} contradicts the reading (${outcome}): use MODIFIE, not VALIDE.`]
    : undefined;
}

/**
 * The new contents of report and observation, and the Condition to propose or to take back.
 * `reportStatus` has no entry for confirming what is final already: the caller refuses that before.
 */
export function effects(word: ValidationRequest, looked: Looked, physician: string, language: Language): Effects {
  const before = stage(looked.report) === 'preliminary' ? 'preliminary' : 'final';
  const status = reportStatus[word.validation_status][before] ?? 'final';
  const meant = diagnosisOf(word, looked.observation);
  const report = reportAfter(word, looked.report, status, meant, physician, language);
  const observation = observationAfter(word, looked.observation, status);
  const condition = conditionAfter(word, looked, meant, physician, language);
  return { report, observation, ...(condition && { condition }) };
}

/** What the physician says it is: in words, or by agreeing with a positive reading. */
function diagnosisOf(word: ValidationRequest, observation: Observation): DiagnosisMeant | undefined {
  if (word.validation_status === 'REJETE') return undefined;
  if (word.diagnostic_final) return diagnosisMeant(word.diagnostic_final);
  const outcome = codeIn('tb-cad-outcome', observation.valueCodeableConcept);
  return outcome === 'positive' ? { code: 'TUBERCULOSE_PULMONAIRE' } : undefined;
}

type ReportStatus = NonNullable<DiagnosticReport['status']>;

function reportAfter(
  word: ValidationRequest,
  report: DiagnosticReport,
  status: ReportStatus,
  meant: DiagnosisMeant | undefined,
  physician: string,
  language: Language,
): DiagnosticReport {
  const conclusionCode = meant && [diagnosisConcept(meant, language)];
  const replaces = word.validation_status === 'MODIFIE' && conclusionCode;
  const spoken = word.validation_status !== 'REJETE';
  return {
    ...report,
    ...metaAfter(report, spoken),
    ...extensionsAfter(report.extension, word.commentaire),
    status,
    ...(spoken && { resultsInterpreter: [{ reference: physician }] }),
    ...(conclusionCode && { conclusionCode }),
    ...(replaces && { conclusion: conclusionCode?.[0]?.text ?? word.diagnostic_final ?? '' }),
  };
}

/** The values stay the model's; only its status follows, and on agreement they are no longer only an AI's word. */
function observationAfter(word: ValidationRequest, observation: Observation, status: ReportStatus): Observation {
  const followed = status === 'amended' ? 'final' : (status as NonNullable<Observation['status']>);
  return { ...observation, ...metaAfter(observation, word.validation_status === 'VALIDE'), status: followed };
}

function metaAfter(resource: DiagnosticReport | Observation, spoken: boolean): Pick<DiagnosticReport, 'meta'> {
  const { security, ...meta } = resource.meta ?? {};
  const left = (security ?? []).filter((label) => !(spoken && label.code === 'AIAST'));
  return { meta: { ...meta, ...(left.length > 0 && { security: left }) } };
}

const noteUrl = extension('report-note');

function extensionsAfter(
  extensions: readonly Extension[] | undefined,
  commentaire: string | null | undefined,
): { extension?: Extension[] } {
  const added = commentaire ? [{ url: noteUrl, valueAnnotation: { text: commentaire } }] : [];
  const all = [...(extensions ?? []), ...added];
  return all.length > 0 ? { extension: all } : {};
}

/** Never written by the AI alone, and only proposed even then: provisional until somebody works on it. */
function conditionAfter(
  word: ValidationRequest,
  { report, condition }: Looked,
  meant: DiagnosisMeant | undefined,
  physician: string,
  language: Language,
): Condition | undefined {
  if (meant && confirmsTuberculosis(meant)) return proposed(report, meant, physician, language);
  const isOurs = condition?.verificationStatus?.coding?.some((each) => each.code === 'provisional');
  return condition && isOurs ? withdrawn(condition, word.validation_status) : undefined;
}

/** The id of the Condition that a report may propose. */
export const proposedConditionId = (report: DiagnosticReport) => stableId('Condition', report.id ?? '');

function proposed(report: DiagnosticReport, meant: DiagnosisMeant, physician: string, language: Language): Condition {
  const coded = (system: string, code: string) => ({ coding: [{ system, code }] });
  return {
    resourceType: 'Condition',
    id: proposedConditionId(report),
    meta: { profile: [profile('tb-condition')] },
    clinicalStatus: coded(systems.conditionClinical, 'active'),
    verificationStatus: coded(systems.conditionVerification, 'provisional'),
    category: [coded(systems.conditionCategory, 'encounter-diagnosis')],
    code: diagnosisConcept(meant, language),
    subject: (report.subject ?? {}) as Reference<Patient>,
    ...(report.encounter && { encounter: report.encounter }),
    asserter: { reference: physician },
    evidence: [{ detail: [{ reference: `DiagnosticReport/${report.id}` }] }],
  };
}

function withdrawn(condition: Condition, status: Code<'validation-status'>): Condition {
  const { clinicalStatus: _, ...rest } = condition;
  const code = status === 'REJETE' ? 'entered-in-error' : 'refuted';
  const verificationStatus = { coding: [{ system: systems.conditionVerification, code }] };
  // con-5: a Condition entered in error has no clinical status; con-3 asks for one of every other.
  return code === 'entered-in-error'
    ? { ...rest, verificationStatus }
    : {
        ...rest,
        clinicalStatus: { coding: [{ system: systems.conditionClinical, code: 'inactive' }] },
        verificationStatus,
      };
}
