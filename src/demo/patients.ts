/** The people of the demo hospital, none of whom exists, and why they came; fixed ids, so a second run changes nothing. */
import type { CodeableConcept, Encounter, Observation, Patient, Resource } from '@medplum/fhirtypes';
import { profile, sid, systems } from '../livedoc/canonical.ts';
import { numeroIdentifier } from '../livedoc/numbering.ts';
import { coding } from '../livedoc/terms.ts';
import type { FilmPatient } from './film.ts';

/** Who gave the patient numbers: what the modality writes into (0010,0021). */
const issuer = 'CHU-DEMO';

interface Person {
  readonly number: string;
  readonly family: string;
  readonly given: readonly string[];
  readonly birthDate: string;
  readonly sex: 'M' | 'F';
  readonly phone: string;
  readonly address: { readonly line: string; readonly postalCode: string; readonly city: string };
  readonly complaint: string;
  readonly symptoms: readonly ('cough-over-2-weeks' | 'haemoptysis' | 'fever' | 'night-sweats' | 'weight-loss')[];
  /** Body temperature, degrees Celsius. */
  readonly temperature: number;
}

const people: readonly Person[] = [
  {
    number: '000101',
    family: 'Lefèbvre-N’Guessan',
    given: ['Aïssatou', 'Zoé'],
    birthDate: '1987-03-09',
    sex: 'F',
    phone: '+33 6 39 98 01 01',
    address: { line: '12 bis, rue de l’Abbé-Grégoire', postalCode: '38000', city: 'Grenoble' },
    complaint: 'Toux depuis plus de deux semaines, sueurs nocturnes, amaigrissement',
    symptoms: ['cough-over-2-weeks', 'night-sweats', 'weight-loss'],
    temperature: 38.1,
  },
  {
    number: '000102',
    family: 'de La Bretèche',
    given: ['Jean-François'],
    birthDate: '1952-11-30',
    sex: 'M',
    phone: '+33 6 39 98 01 02',
    address: { line: '3, place du Général-de-Gaulle', postalCode: '59000', city: 'Lille' },
    complaint: 'Contact d’un cas de tuberculose, sans symptôme',
    symptoms: [],
    temperature: 36.8,
  },
  {
    number: '000103',
    family: 'Ben Saïd',
    given: ['Noël', 'Élie'],
    birthDate: '1999-02-28',
    sex: 'M',
    phone: '+33 6 39 98 01 03',
    address: { line: '47, chemin des Vallées, lieu-dit « Le Pré d’Œuf »', postalCode: '25000', city: 'Besançon' },
    complaint: 'Fièvre et toux',
    symptoms: ['cough-over-2-weeks', 'fever'],
    temperature: 38.6,
  },
];

const idOf = (kind: string, { number }: Person) => `demo-${kind}-${number}`;

function patientOf(person: Person): Patient {
  const { number, family, given, birthDate, sex, phone, address } = person;
  return {
    resourceType: 'Patient',
    id: idOf('patient', person),
    meta: { profile: [profile('patient')] },
    identifier: [
      { system: sid(`dicom-issuer/${issuer}`), value: number },
      numeroIdentifier(`2026-9${number.slice(1)}`),
    ],
    active: true,
    name: [{ use: 'official', family, given: [...given] }],
    telecom: [{ system: 'phone', value: phone, use: 'mobile' }],
    gender: sex === 'F' ? 'female' : 'male',
    birthDate,
    address: [
      {
        text: `${address.line}, ${address.postalCode} ${address.city}`,
        line: [address.line],
        postalCode: address.postalCode,
        city: address.city,
        country: 'FR',
      },
    ],
  };
}

function encounterOf(person: Person, physician: string, start: Date): Encounter {
  return {
    resourceType: 'Encounter',
    id: idOf('consultation', person),
    meta: { profile: [profile('encounter')] },
    identifier: [{ system: sid('accession'), value: `ACC${person.number}` }],
    status: 'in-progress',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB', display: 'ambulatory' },
    subject: { reference: `Patient/${idOf('patient', person)}` },
    participant: [
      {
        type: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'ATND' }] }],
        individual: { reference: physician },
      },
    ],
    period: { start: start.toISOString() },
    reasonCode: [reasonOf(person)],
  };
}

function reasonOf({ complaint, symptoms }: Person): CodeableConcept {
  const codes = symptoms.map((symptom) => coding('tb-symptom', symptom, 'fr'));
  return codes.length > 0 ? { coding: codes, text: complaint } : { text: complaint };
}

function temperatureOf(person: Person, at: Date): Observation {
  const category = { system: systems.observationCategory, code: 'vital-signs', display: 'Vital Signs' };
  return {
    resourceType: 'Observation',
    id: idOf('temperature', person),
    meta: { profile: ['http://hl7.org/fhir/StructureDefinition/bodytemp'] },
    status: 'final',
    category: [{ coding: [category] }],
    code: { coding: [{ system: systems.loinc, code: '8310-5', display: 'Body temperature' }] },
    subject: { reference: `Patient/${idOf('patient', person)}` },
    encounter: { reference: `Encounter/${idOf('consultation', person)}` },
    effectiveDateTime: at.toISOString(),
    valueQuantity: { value: person.temperature, unit: '°C', system: systems.ucum, code: 'Cel' },
  };
}

/** Patients, their consultations under way with the physician, and a vital sign of each. */
export function demoResources(physician: string, now: Date): readonly Resource[] {
  return people.flatMap((person) => [
    patientOf(person),
    encounterOf(person, physician, now),
    temperatureOf(person, now),
  ]);
}

/** For whom the demonstration's film is taken, as a modality's work list would have it. */
export function filmed(): { readonly patient: FilmPatient; readonly accession: string } {
  const [person] = people;
  if (!person) throw new Error('The demo hospital has nobody.');
  const { number, family, given, birthDate, sex } = person;
  return {
    accession: `ACC${number}`,
    patient: { id: number, issuer, name: `${family}^${given.join(' ')}`, birthDate, sex },
  };
}
