/** A small hospital of invented people to try LIVEDOC with; loading it again changes nothing. */
import type { Resource } from '@medplum/fhirtypes';
import type { Context } from '../fhir/context.ts';
import type { ConsultationRow } from '../shared/api/consultation.ts';
import type { PatientRow } from '../shared/api/patient.ts';
import { type ConsultationLinks, toFhir as consultationToFhir } from './consultations.ts';
import { toFhir as patientToFhir } from './patients.ts';
import { putTogether } from './put-together.ts';
import { stableId } from './stable-id.ts';
import type { Language } from './terms.ts';

type Invented = Omit<PatientRow, 'id' | 'created_at' | 'updated_at'>;

/** Numbers of a year that has passed, so that the sequence of this one never comes to them. */
const people = [
  {
    numero_dossier: '2024-000101',
    nom: "N'Diaye",
    prenom: 'Aïssatou',
    date_naissance: '1984-03-12',
    sexe: 'F',
    telephone: '+33 1 99 00 11 01',
    adresse: '12 rue de la République, 93200 Saint-Denis',
  },
  {
    numero_dossier: '2024-000102',
    nom: 'Le Goff-Kervella',
    prenom: 'Maël',
    date_naissance: '1971-11-30',
    sexe: 'M',
    telephone: '+33 2 61 91 11 02',
    adresse: "3 venelle de l'Abbé-Grégoire, 29200 Brest",
  },
  {
    numero_dossier: '2024-000103',
    nom: 'de La Fontaine',
    prenom: 'Éloïse',
    date_naissance: '1996-07-05',
    sexe: 'F',
    telephone: null,
    adresse: '27 bis cours Gambetta, 69003 Lyon',
  },
  {
    numero_dossier: '2024-000104',
    nom: 'Benoît-Dubœuf',
    prenom: 'Jean-François',
    date_naissance: '1953-01-19',
    sexe: 'M',
    telephone: '+33 4 65 71 11 04',
    adresse: 'Lieu-dit Les Chênes, 63230 Saint-Ours-les-Roches',
  },
] as const satisfies readonly Invented[];

interface Visit
  extends Pick<ConsultationRow, 'symptomes' | 'constantes_vitales' | 'notes_medecin' | 'status'>,
    Pick<ConsultationLinks, 'accession' | 'symptoms'> {
  /** Index in `people`. */
  readonly who: number;
  /** Days before the hospital is loaded. */
  readonly daysAgo: number;
}

const minutesOfVisit = 25;

const visits: readonly Visit[] = [
  {
    who: 0,
    daysAgo: 0,
    status: 'EN_COURS',
    accession: 'DEMO-000101',
    symptomes: 'Toux depuis trois semaines, fièvre le soir, amaigrissement de 4 kg.',
    symptoms: ['cough-over-2-weeks', 'fever', 'weight-loss'],
    constantes_vitales: {
      temperature: 38.2,
      frequence_cardiaque: 96,
      frequence_respiratoire: 20,
      tension_systolique: 112,
      tension_diastolique: 71,
      saturation_o2: 96,
      poids: 54.5,
      taille: 168,
      imc: 19.3,
    },
    notes_medecin: 'Contact familial traité en 2023. Radiographie du thorax demandée.',
  },
  {
    who: 1,
    daysAgo: 41,
    status: 'TERMINEE',
    symptomes: "Dépistage à l'embauche, aucun symptôme.",
    constantes_vitales: { temperature: 36.7, frequence_cardiaque: 64, poids: 82, taille: 181, imc: 25 },
    notes_medecin: 'Examen normal.',
  },
  {
    who: 2,
    daysAgo: 0,
    status: 'EN_ATTENTE',
    symptomes: 'Sueurs nocturnes.',
    symptoms: ['night-sweats'],
    constantes_vitales: {},
    notes_medecin: null,
  },
  {
    who: 3,
    daysAgo: 9,
    status: 'ANNULEE',
    symptomes: 'Hémoptysie minime, une fois.',
    symptoms: ['haemoptysis'],
    constantes_vitales: {},
    notes_medecin: null,
  },
];

export interface DemoOptions {
  /** `Practitioner/...` who sees the patients. */
  readonly physician: string;
  readonly now: Date;
  readonly language: Language;
}

export interface DemoHospital {
  readonly resources: readonly Resource[];
  /** For whom a chest film is waited for, as a modality's work list would say it. */
  readonly film: {
    /** Patient's name as DICOM writes it, family^given. */
    readonly patient: { id: string; issuer: string; name: string; birthDate: string; sex: 'M' | 'F' };
    readonly accession: string;
  };
}

export function demoHospital(options: DemoOptions): DemoHospital {
  const patients = people.map((person) =>
    patientToFhir({ ...person, id: patientId(person), created_at: null, updated_at: null }),
  );
  const [first] = people;
  const [visit] = visits;
  return {
    resources: [...patients, ...visits.flatMap((each) => visitResources(each, options))],
    film: {
      patient: {
        id: first.numero_dossier,
        issuer: 'LIVEDOC',
        name: `${first.nom}^${first.prenom}`,
        birthDate: first.date_naissance,
        sex: first.sexe,
      },
      accession: visit?.accession ?? '',
    },
  };
}

const patientId = ({ numero_dossier }: Pick<Invented, 'numero_dossier'>) =>
  stableId('demo', 'Patient', numero_dossier ?? '');

function visitResources(visit: Visit, { physician, now, language }: DemoOptions): Resource[] {
  const { who, daysAgo, accession, symptoms, ...row } = visit;
  const person = people[who];
  if (!person) return [];
  const at = (minutes: number) => new Date(now.getTime() - daysAgo * 86_400_000 + minutes * 60_000).toISOString();
  const { encounter, vitalSigns, notes } = consultationToFhir(
    {
      ...row,
      id: stableId('demo', 'Encounter', person.numero_dossier),
      patient_id: patientId(person),
      medecin_id: null,
      date_consultation: at(0),
      created_at: null,
      updated_at: null,
    },
    {
      physician,
      language,
      ...(accession && { accession }),
      ...(symptoms && { symptoms }),
      ...(visit.status === 'TERMINEE' && { ended: at(minutesOfVisit) }),
    },
  );
  return [encounter, ...vitalSigns, ...(notes ? [notes] : [])];
}

/** Writes what is not there yet, in one transaction, and says for whom a film is waited for. */
export async function loadDemoHospital(context: Context, options: DemoOptions): Promise<DemoHospital['film']> {
  const { resources, film } = demoHospital(options);
  await context.store.transaction(async (store) => {
    await store.lock(['demo hospital']);
    const present = await store.resources.readMany(
      resources.map(({ resourceType, id }) => ({ type: resourceType, id: id ?? '' })),
    );
    const missing = resources.filter((_, at) => present[at] === undefined);
    await putTogether(
      { ...context, store },
      missing.map((resource) => ({ resource })),
    );
  });
  return film;
}
