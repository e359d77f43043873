/**
 * How LIVEDOC's words become those of FHIR and back; `fhir-profiles/ConceptMap-*.json` publish the same (tested).
 * https://hl7.org/fhir/R4/conceptmap.html
 */
import type { DiagnosticReport, Encounter, Patient } from '@medplum/fhirtypes';
import type { Code } from './terms.ts';

type EncounterStatus = NonNullable<Encounter['status']>;
type ReportStatus = NonNullable<DiagnosticReport['status']>;

export const genderOfSexe = { M: 'male', F: 'female' } as const satisfies Record<
  Code<'sexe'>,
  NonNullable<Patient['gender']>
>;

/** Genders that the data model has no word for are kept in FHIR and shown as null. */
export const sexeOfGender = { male: 'M', female: 'F', other: null, unknown: null } as const;

export const encounterStatus = {
  EN_ATTENTE: 'arrived',
  EN_COURS: 'in-progress',
  TERMINEE: 'finished',
  ANNULEE: 'cancelled',
} as const satisfies Record<Code<'consultation-status'>, EncounterStatus>;

export const consultationStatus = {
  planned: 'EN_ATTENTE',
  arrived: 'EN_ATTENTE',
  triaged: 'EN_ATTENTE',
  'in-progress': 'EN_COURS',
  onleave: 'EN_COURS',
  finished: 'TERMINEE',
  cancelled: 'ANNULEE',
  'entered-in-error': 'ANNULEE',
  unknown: 'ANNULEE',
} as const satisfies Record<EncounterStatus, Code<'consultation-status'>>;

export const interpretationOfOutcome = {
  positive: 'POS',
  negative: 'NEG',
  indeterminate: 'IND',
} as const satisfies Record<Code<'tb-cad-outcome'>, string>;

/** The data model's integer; it has none for an indeterminate reading. */
export const predictionOfOutcome = { positive: 1, negative: 0, indeterminate: null } as const;

/** What a validation makes of the report: while it is preliminary, and once it is final. */
export const reportStatus = {
  VALIDE: { preliminary: 'final', final: null },
  MODIFIE: { preliminary: 'final', final: 'amended' },
  REJETE: { preliminary: 'cancelled', final: 'entered-in-error' },
} as const satisfies Record<Code<'validation-status'>, Record<'preliminary' | 'final', ReportStatus | null>>;

/** SNOMED CT of a final diagnosis; there is none for its absence. */
export const snomedOfDiagnosis = {
  TUBERCULOSE_PULMONAIRE: { code: '154283005', display: 'Pulmonary tuberculosis' },
  TUBERCULOSE_EXTRAPULMONAIRE: { code: '423997002', display: 'Tuberculosis, extrapulmonary' },
  TUBERCULOSE: { code: '56717001', display: 'Tuberculosis' },
  PAS_DE_TUBERCULOSE: null,
  INDETERMINE: null,
} as const satisfies Record<Code<'final-diagnosis'>, { code: string; display: string } | null>;

/** The local role's SNOMED CT occupation, where one applies. */
export const snomedOfRole = {
  MEDECIN: { code: '309343006', display: 'Physician' },
  PERSONNEL: null,
  ADMINISTRATEUR: null,
} as const satisfies Record<Code<'user-role'>, { code: string; display: string } | null>;

interface VitalSign {
  readonly loinc: string;
  readonly display: string;
  /** UCUM. */
  readonly unit: string;
  /** LOINC of the Observation that has this one as a component. */
  readonly within?: string;
}

export const vitalSigns = {
  temperature: { loinc: '8310-5', display: 'Body temperature', unit: 'Cel' },
  frequence_cardiaque: { loinc: '8867-4', display: 'Heart rate', unit: '/min' },
  frequence_respiratoire: { loinc: '9279-1', display: 'Respiratory rate', unit: '/min' },
  tension_systolique: { loinc: '8480-6', display: 'Systolic blood pressure', unit: 'mm[Hg]', within: '85354-9' },
  tension_diastolique: { loinc: '8462-4', display: 'Diastolic blood pressure', unit: 'mm[Hg]', within: '85354-9' },
  saturation_o2: { loinc: '2708-6', display: 'Oxygen saturation in Arterial blood', unit: '%' },
  poids: { loinc: '29463-7', display: 'Body weight', unit: 'kg' },
  taille: { loinc: '8302-2', display: 'Body height', unit: 'cm' },
  imc: { loinc: '39156-5', display: 'Body mass index (BMI) [Ratio]', unit: 'kg/m2' },
} as const satisfies Record<Code<'vital-sign'>, VitalSign>;
