/**
 * Patients as FHIR and back.
 * https://hl7.org/fhir/R4/patient.html
 */
import type { Patient } from '@medplum/fhirtypes';
import type { PatientRow } from '../shared/api/patient.ts';
import { profile } from './canonical.ts';
import { numeroIdentifier, numeroOf } from './numbering.ts';
import { genderOfSexe, sexeOfGender } from './translations.ts';

/** `created_at` and `updated_at` are the store's and not written. */
export function toFhir(row: PatientRow): Patient {
  return {
    resourceType: 'Patient',
    id: row.id,
    meta: { profile: [profile('patient')] },
    ...(row.numero_dossier && { identifier: [numeroIdentifier(row.numero_dossier)] }),
    active: true,
    ...((row.nom || row.prenom) && { name: [nameOf(row)] }),
    ...(row.telephone && { telecom: [{ system: 'phone', value: row.telephone }] }),
    ...(row.sexe && { gender: genderOfSexe[row.sexe] }),
    ...(row.date_naissance && { birthDate: row.date_naissance }),
    ...(row.adresse && { address: [{ text: row.adresse }] }),
  };
}

function nameOf({ nom, prenom }: PatientRow) {
  return { use: 'official' as const, ...(nom && { family: nom }), ...(prenom && { given: [prenom] }) };
}

/** `created`: meta.lastUpdated of the first version. */
export function fromFhir(patient: Patient, created: string | null): PatientRow {
  const name = patient.name?.find(({ use }) => use === 'official') ?? patient.name?.[0];
  const phone = patient.telecom?.find(({ system }) => system === 'phone');
  return {
    id: patient.id ?? '',
    numero_dossier: numeroOf(patient),
    nom: name?.family ?? null,
    prenom: name?.given?.join(' ') ?? null,
    date_naissance: patient.birthDate ?? null,
    sexe: patient.gender ? sexeOfGender[patient.gender] : null,
    telephone: phone?.value ?? null,
    adresse: patient.address?.[0]?.text ?? null,
    created_at: created,
    updated_at: patient.meta?.lastUpdated ?? null,
  };
}
