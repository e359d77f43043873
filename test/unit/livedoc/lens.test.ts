/** Rows of the data model survive the way to FHIR and back. livedoc-mapping. */
import type { DiagnosticReport, Observation, Provenance } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { createValidator } from '../../../src/fhir/validation/validator.ts';
import * as consultations from '../../../src/livedoc/consultations.ts';
import * as patients from '../../../src/livedoc/patients.ts';
import * as predictions from '../../../src/livedoc/predictions.ts';
import { concept } from '../../../src/livedoc/terms.ts';
import * as validations from '../../../src/livedoc/validations.ts';
import * as vitalSigns from '../../../src/livedoc/vital-signs.ts';
import type { ConsultationRow } from '../../../src/shared/api/consultation.ts';
import type { PatientRow } from '../../../src/shared/api/patient.ts';
import { type Prediction, predictionShape } from '../../../src/shared/api/prediction.ts';
import { type Validation, validationShape } from '../../../src/shared/api/validation.ts';

const validate = createValidator({ profilesFolder: 'fhir-profiles' });
const problems = (resource: unknown) => validate(resource).filter(({ severity }) => severity === 'error');

const prediction: Prediction = {
  id: 'p1',
  consultation_id: 'c1',
  image_path: '/dicomweb/studies/1.2/series/1.2.3/instances/1.2.3.4',
  prediction: 1,
  probability: 0.8765,
  confidence: 0.91,
  confidence_level: 'ELEVE',
  threshold: 0.2926,
  interpretation: 'Lecture automatique.',
  recommendation: 'Test moléculaire',
  features_detected: [{ zone: 'left-lower', box: { x: 1, y: 2, width: 3, height: 4 }, share: 0.5 }],
  model_version: '1.0.0',
  created_at: '2026-11-20T10:00:00.000Z',
  patient_id: 'x1',
  outcome: 'positive',
  not_read_reason: null,
  status: 'preliminary',
};

const links: predictions.ReadingLinks = {
  observation: 'o1',
  proposal: 's1',
  patient: 'Patient/x1',
  encounter: 'Encounter/c1',
  study: 'ImagingStudy/i1',
  device: 'Device/d1',
  media: 'Media/m1',
  image: { study: '1.2', series: '1.2.3', instance: '1.2.3.4' },
  effective: '2026-11-20',
  calibration: { id: 'screening', population: 'adultes' },
  warnings: [concept('tag', 'demographics-differ', 'fr')],
  tags: [],
  language: 'fr',
};

const device = {
  resourceType: 'Device' as const,
  version: [{ type: concept('device', 'version', 'fr'), value: '1.0.0' }],
};

describe('a prediction', () => {
  const unread: Prediction = {
    ...prediction,
    prediction: null,
    probability: null,
    confidence: null,
    confidence_level: null,
    threshold: null,
    recommendation: null,
    features_detected: [],
    outcome: 'not-read',
    not_read_reason: 'lateral-view',
  };
  const rows: [string, Prediction][] = [
    ['positive', prediction],
    ['negative', { ...prediction, outcome: 'negative', prediction: 0, features_detected: [], recommendation: null }],
    ['indeterminate', { ...prediction, outcome: 'indeterminate', prediction: null }],
    ['not read', unread],
  ];

  it.each(rows)('that is %s comes back as it went', (_, row) => {
    const resources = predictions.toFhir(row, links);
    expect(predictions.fromFhir({ ...resources, device })).toEqual(row);
    expect(predictionShape.parse(row)).toEqual(row);
  });

  it.each(rows)('that is %s is valid by our profiles', (_, row) => {
    const { observation, report, proposal } = predictions.toFhir(row, links);
    expect([observation, report, ...(proposal ? [proposal] : [])].flatMap(problems)).toEqual([]);
  });

  it('that is negative never carries the code of the disease', () => {
    const { observation } = predictions.toFhir({ ...prediction, outcome: 'negative', prediction: 0 }, links);
    expect(JSON.stringify(observation.valueCodeableConcept)).not.toContain('154283005');
  });
});

describe('the profiles', () => {
  const { observation, report } = predictions.toFhir(prediction, links);
  const invalid: [string, Observation | DiagnosticReport][] = [
    [
      'a preliminary reading that hides that an AI made it',
      { ...observation, meta: { profile: observation.meta?.profile ?? [] } },
    ],
    ['a reading without a value and without a reason', { ...observation, valueCodeableConcept: undefined } as never],
    ['a value that is none of the outcomes', { ...observation, valueCodeableConcept: { text: 'peut-être' } }],
    ['a reading of no image', { ...observation, derivedFrom: [{ reference: 'ImagingStudy/i1' }] }],
    ['a diagnosis in a report that nobody has spoken on', { ...report, conclusionCode: [{ text: 'Tuberculose' }] }],
    ['a final report that nobody has spoken on', { ...report, status: 'final' }],
    ['a report about nobody', { ...report, subject: undefined } as never],
  ];

  it.each(invalid)('refuse %s', (_, resource) => {
    expect(problems(JSON.parse(JSON.stringify(resource)))).not.toEqual([]);
  });
});

describe('a validation', () => {
  const row: Validation = {
    id: 'v1',
    prediction_id: 'p1',
    medecin_id: 'u1',
    validation_status: 'MODIFIE',
    commentaire: 'Vu en réunion.',
    diagnostic_final: 'Séquelles',
    created_at: '2026-11-20T11:00:00.000Z',
  };
  const provenance = validations.toFhir(row, {
    looked: ['DiagnosticReport/p1/_history/1', 'Observation/o1/_history/1'],
    physician: 'Practitioner/m1',
    physicianName: 'Dr Diallo',
    signature: {
      type: [{ system: 'urn:iso-astm:E1762-95:2013', code: '1.2.840.10065.1.12.1.5' }],
      when: row.created_at,
      who: { reference: 'Practitioner/m1' },
      sigFormat: 'application/jose',
      data: 'eA==',
    },
    language: 'fr',
  });

  it('comes back as it went, and is valid by our profile', () => {
    expect(validations.fromFhir(provenance)).toEqual(row);
    expect(validationShape.parse(row)).toEqual(row);
    expect(problems(provenance)).toEqual([]);
  });

  it('names the version that was looked at, or is refused', () => {
    const target = [{ reference: 'DiagnosticReport/p1' }];
    expect(problems({ ...provenance, target } satisfies Provenance)).not.toEqual([]);
  });

  it('is no other Provenance', () => {
    expect(validations.fromFhir({ ...provenance, activity: { text: 'x' } })).toBeUndefined();
  });
});

describe('a patient', () => {
  const row: PatientRow = {
    id: 'x1',
    numero_dossier: '2026-000001',
    nom: "N'Diaye",
    prenom: 'Aïssatou',
    date_naissance: '1984-03-12',
    sexe: 'F',
    telephone: '+33 1 99 00 11 01',
    adresse: '12 rue de la République',
    created_at: 'then',
    updated_at: null,
  };

  it('comes back as it went, and is valid by our profile', () => {
    expect(patients.fromFhir(patients.toFhir(row), 'then')).toEqual(row);
    expect(problems(patients.toFhir(row))).toEqual([]);
  });

  it('of another gender is shown without a sex', () => {
    expect(patients.fromFhir({ ...patients.toFhir(row), gender: 'other' }, null).sexe).toBeNull();
  });
});

describe('a consultation', () => {
  const row: ConsultationRow = {
    id: 'c1',
    patient_id: 'x1',
    medecin_id: 'm1',
    date_consultation: '2026-11-20T10:00:00Z',
    symptomes: 'Toux',
    constantes_vitales: {
      temperature: 38.2,
      tension_systolique: 120,
      tension_diastolique: 80,
      saturation_o2: 97,
      poids: 54.5,
    },
    notes_medecin: 'Contact familial.',
    status: 'EN_COURS',
    created_at: null,
    updated_at: null,
  };
  const made = consultations.toFhir(row, { physician: 'Practitioner/m1', accession: 'ACC-1', language: 'fr' });

  it('comes back as it went, and is valid', () => {
    expect(consultations.fromFhir(made, null)).toEqual(row);
    expect([made.encounter, ...made.vitalSigns, made.notes].flatMap(problems)).toEqual([]);
  });

  it('has one Observation for blood pressure with both values, and both codes for oxygen saturation', () => {
    expect(made.vitalSigns).toHaveLength(4);
    const pressure = made.vitalSigns.find(({ component }) => component);
    expect(pressure?.component?.map(({ valueQuantity }) => valueQuantity?.value)).toEqual([120, 80]);
    const saturation = made.vitalSigns.find(({ code }) => code?.coding?.[0]?.code === '2708-6');
    expect(saturation?.code?.coding?.[1]?.code).toBe('59408-5');
  });

  it('shows the last measurement of a sign, and none that was entered in error', () => {
    const [first] = made.vitalSigns as [Observation];
    const later = { ...first, effectiveDateTime: '2026-11-21', valueQuantity: { value: 37 } };
    expect(vitalSigns.fromFhir([later, first]).temperature).toBe(37);
    expect(vitalSigns.fromFhir([{ ...later, status: 'entered-in-error' }, first]).temperature).toBe(38.2);
  });
});
