/**
 * Consultations as FHIR and back: Encounter, an Observation for each vital sign, the physician's notes as ClinicalImpression.
 * https://hl7.org/fhir/R4/encounter.html
 */
import type { ClinicalImpression, Encounter, Observation } from '@medplum/fhirtypes';
import type { ConsultationRow } from '../shared/api/consultation.ts';
import { profile, systems } from './canonical.ts';
import { idOf } from './references.ts';
import { stableId } from './stable-id.ts';
import { type Code, coding, type Language } from './terms.ts';
import { consultationStatus, encounterStatus } from './translations.ts';
import { fromFhir as vitalSignsFromFhir, toFhir as vitalSignsToFhir } from './vital-signs.ts';

export interface ConsultationLinks {
  /** `Practitioner/...` of `medecin_id`. */
  readonly physician?: string;
  /** By which a PACS names the consultation that asked for an image. */
  readonly accession?: string;
  /** Symptoms that are coded beside their text. */
  readonly symptoms?: readonly Code<'tb-symptom'>[];
  readonly ended?: string;
  readonly language: Language;
}

export interface ConsultationResources {
  readonly encounter: Encounter;
  readonly vitalSigns: readonly Observation[];
  readonly notes?: ClinicalImpression;
}

/** `created_at` and `updated_at` are the store's and not written. */
export function toFhir(row: ConsultationRow, links: ConsultationLinks): ConsultationResources {
  const encounter = encounterOf(row, links);
  const of = {
    encounter: `Encounter/${row.id}`,
    patient: `Patient/${row.patient_id}`,
    measured: row.date_consultation ?? '',
  };
  return {
    encounter,
    vitalSigns: row.date_consultation ? vitalSignsToFhir(row.constantes_vitales, of) : [],
    ...(row.notes_medecin && { notes: notesOf(row, row.notes_medecin, links) }),
  };
}

function encounterOf(row: ConsultationRow, links: ConsultationLinks): Encounter {
  const { physician, accession, symptoms = [], ended, language } = links;
  const reason = {
    ...(symptoms.length > 0 && { coding: symptoms.map((code) => coding('tb-symptom', code, language)) }),
    ...(row.symptomes && { text: row.symptomes }),
  };
  const attends = { coding: [{ system: systems.participation, code: 'ATND', display: 'attender' }] };
  return {
    resourceType: 'Encounter',
    id: row.id,
    meta: { profile: [profile('encounter')] },
    ...(accession && {
      identifier: [{ type: { coding: [{ system: systems.identifierType, code: 'ACSN' }] }, value: accession }],
    }),
    status: encounterStatus[row.status],
    class: { system: systems.act, code: 'AMB', display: 'ambulatory' },
    subject: { reference: `Patient/${row.patient_id}` },
    ...(physician && { participant: [{ type: [attends], individual: { reference: physician } }] }),
    ...(row.date_consultation && { period: { start: row.date_consultation, ...(ended && { end: ended }) } }),
    ...(Object.keys(reason).length > 0 && { reasonCode: [reason] }),
  };
}

function notesOf(row: ConsultationRow, summary: string, { physician }: ConsultationLinks): ClinicalImpression {
  return {
    resourceType: 'ClinicalImpression',
    id: stableId('notes', row.id),
    status: 'completed',
    subject: { reference: `Patient/${row.patient_id}` },
    encounter: { reference: `Encounter/${row.id}` },
    ...(row.date_consultation && { date: row.date_consultation }),
    ...(physician && { assessor: { reference: physician } }),
    summary,
  };
}

/** `medecin_id` is the Practitioner's id; `created` is meta.lastUpdated of the first version. */
export function fromFhir(
  { encounter, vitalSigns, notes }: ConsultationResources,
  created: string | null,
): ConsultationRow {
  const attending = encounter.participant?.find((each) =>
    each.type?.some(({ coding: codes }) => codes?.some(({ code }) => code === 'ATND')),
  );
  return {
    id: encounter.id ?? '',
    patient_id: idOf(encounter.subject) ?? '',
    medecin_id: idOf(attending?.individual),
    date_consultation: encounter.period?.start ?? null,
    symptomes: encounter.reasonCode?.[0]?.text ?? null,
    constantes_vitales: vitalSignsFromFhir(vitalSigns),
    notes_medecin: notes?.summary ?? null,
    status: consultationStatus[encounter.status ?? 'unknown'],
    created_at: created,
    updated_at: encounter.meta?.lastUpdated ?? null,
  };
}
