/** Whose image it is: by the patient id in its issuer's namespace, never by name alone. */
import type { Encounter, Patient } from '@medplum/fhirtypes';
import { base, profile, sid } from '../livedoc/canonical.ts';
import { stableId } from '../livedoc/stable-id.ts';
import { coding, type Language } from '../livedoc/terms.ts';
import type { Store } from '../store/store.ts';
import type { ImageFacts, PatientFacts } from './image-facts.ts';

/** The issuer under which a PACS may name our own record numbers. */
const ownIssuer = 'LIVEDOC';

/** Namespaces in which the id may be known, the surest first; the last is that of a patient who has to be made. */
function namespaces({ issuer }: PatientFacts): readonly [string, ...string[]] {
  if (issuer === undefined) return [sid('numero-dossier'), sid('dicom-patient-id')];
  if (issuer.toUpperCase() === ownIssuer) return [sid('numero-dossier'), sid('dicom-issuer/LIVEDOC')];
  return [sid(`dicom-issuer/${encodeURIComponent(issuer)}`)];
}

/** One name for everything that must not be made twice for this patient at once. */
export function patientKey({ study, patient }: ImageFacts): string {
  return patient.id === undefined ? `patient of ${study}` : `patient ${patient.issuer ?? ''}|${patient.id}`;
}

/** The patient with this id; `undefined` when nobody has it, or when more than one has and a person must look. */
export async function findPatient(store: Store, { patient }: ImageFacts): Promise<Patient | undefined> {
  const { id } = patient;
  if (id === undefined) return undefined;
  for (const system of namespaces(patient)) {
    const { versions } = await store.search({
      type: 'Patient',
      where: [{ kind: 'token', param: 'Patient.identifier', any: [{ system, code: id }] }],
      sort: [],
      count: 2,
      total: 'none',
    });
    const [found] = versions;
    if (found && versions.length === 1) return survivor(store, JSON.parse(found.body) as Patient);
  }
  return undefined;
}

// Chains of merges are short; a cycle would be a mistake of whoever merged.
const mostMerges = 8;

/** The patient that this one was merged into, if it was. */
async function survivor(store: Store, patient: Patient, merges = 0): Promise<Patient> {
  const link = patient.link?.find(({ type }) => type === 'replaced-by')?.other?.reference;
  const id = link?.startsWith('Patient/') ? link.slice('Patient/'.length) : undefined;
  if (id === undefined || merges === mostMerges) return patient;
  const next = await store.resources.read('Patient', id);
  return next && !next.deleted ? survivor(store, JSON.parse(next.body) as Patient, merges + 1) : patient;
}

/** The id that a patient who comes with this image gets, each time the same. */
export function newPatientId({ study, patient }: ImageFacts): string {
  return patient.id === undefined
    ? stableId('Patient', 'study', study)
    : stableId('Patient', namespaces(patient).at(-1) ?? '', patient.id);
}

/** A patient nobody has vouched for: marked as unverified, with the issuer's identifier and our number. */
export function unverifiedPatient(image: ImageFacts, numero: Patient['identifier'], language: Language): Patient {
  const { id, name, birthDate, gender } = image.patient;
  const system = namespaces(image.patient).at(-1) ?? base;
  const identifier = [...(id === undefined ? [] : [{ system, value: id }]), ...(numero ?? [])];
  return {
    resourceType: 'Patient',
    id: newPatientId(image),
    meta: { profile: [profile('patient')], tag: [coding('tag', 'unverified', language)] },
    identifier,
    active: true,
    ...(name && {
      name: [
        {
          use: 'official',
          text: name.text,
          ...(name.family && { family: name.family }),
          ...(name.given.length > 0 && { given: [...name.given] }),
        },
      ],
    }),
    ...(gender && { gender }),
    ...(birthDate && { birthDate }),
  };
}

/** Whether the image and the record plainly speak of two people: another birth date, or no part of the name in common. */
export function demographicsDiffer(record: Patient, { patient }: ImageFacts): boolean {
  if (record.birthDate && patient.birthDate && record.birthDate !== patient.birthDate) return true;
  const recorded = (record.name ?? []).flatMap(({ family, given, text }) => words(family, ...(given ?? []), text));
  const imaged = words(patient.name?.family, ...(patient.name?.given ?? []));
  return recorded.length > 0 && imaged.length > 0 && !imaged.some((word) => recorded.includes(word));
}

function words(...texts: readonly (string | undefined)[]): string[] {
  return texts
    .flatMap((text) =>
      (text ?? '')
        .normalize('NFD')
        .replace(/\p{M}/gu, '')
        .toLowerCase()
        .split(/[^\p{L}\p{N}]+/u),
    )
    .filter((word) => word !== '');
}

/** The consultation that asked for the image: of this patient, under way, with the accession number as an identifier. */
export async function findEncounter(
  store: Store,
  patient: string,
  accessionNumber: string | undefined,
): Promise<string | undefined> {
  if (accessionNumber === undefined) return undefined;
  const id = patient.slice('Patient/'.length);
  const { versions } = await store.search({
    type: 'Encounter',
    where: [
      { kind: 'reference', param: 'Encounter.subject', any: [{ type: 'Patient', id }] },
      { kind: 'token', param: 'Encounter.identifier', any: [{ code: accessionNumber }] },
      {
        kind: 'token',
        param: 'Encounter.status',
        any: [{ code: 'in-progress' satisfies Encounter['status'] }],
      },
    ],
    sort: [],
    count: 2,
    total: 'none',
  });
  return versions.length === 1 ? `Encounter/${versions[0]?.id}` : undefined;
}
