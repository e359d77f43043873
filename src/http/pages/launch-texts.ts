/** What the pages say on which a person chooses a patient or launches an application, in French and in English. */
import type { Locale } from '../../auth/pages.ts';

const fr = {
  choosePatient: 'Choisir un patient',
  choosePatientFor: (app: string) => `${app} s'ouvrira pour un patient. Lequel ?`,
  chooseEncounter: 'Choisir une consultation',
  chooseEncounterFor: (app: string, patient: string) =>
    `${app} s'ouvrira pour une consultation de ${patient}. Laquelle ?`,
  search: 'Nom, numéro de dossier ou date de naissance',
  find: 'Rechercher',
  none: 'Aucun patient ne correspond.',
  noEncounters: "Ce patient n'a pas de consultation.",
  withoutEncounter: 'Continuer sans consultation',
  next: 'Suivants',
  previous: 'Précédents',
  cancel: 'Annuler',
  born: (date: string) => `né(e) le ${date}`,
  unnamed: 'Sans nom',
  undated: 'Sans date',
  launcher: 'Ouvrir une application',
  launcherText: 'Choisissez le patient, puis l’application à ouvrir pour lui.',
  applications: 'Applications',
  noApplications: 'Aucune application ne peut être ouverte d’ici.',
  encounter: 'Consultation',
  noEncounter: 'Aucune en particulier',
  open: (app: string) => `Ouvrir ${app}`,
  otherPatient: 'Un autre patient',
} as const;

type Texts = { readonly [key in keyof typeof fr]: (typeof fr)[key] extends string ? string : (typeof fr)[key] };

const en: Texts = {
  choosePatient: 'Choose a patient',
  choosePatientFor: (app) => `${app} will open for one patient. Which one?`,
  chooseEncounter: 'Choose a consultation',
  chooseEncounterFor: (app, patient) => `${app} will open for one consultation of ${patient}. Which one?`,
  search: 'Name, record number or date of birth',
  find: 'Search',
  none: 'No patient fits.',
  noEncounters: 'This patient has no consultation.',
  withoutEncounter: 'Go on without a consultation',
  next: 'Next',
  previous: 'Previous',
  cancel: 'Cancel',
  born: (date) => `born ${date}`,
  unnamed: 'No name',
  undated: 'No date',
  launcher: 'Open an application',
  launcherText: 'Choose the patient, then the application to open for them.',
  applications: 'Applications',
  noApplications: 'No application can be opened from here.',
  encounter: 'Consultation',
  noEncounter: 'None in particular',
  open: (app) => `Open ${app}`,
  otherPatient: 'Another patient',
};

export function launchTextsFor(locale: Locale): Texts {
  return locale === 'fr' ? fr : en;
}

/** A FHIR date as the reader writes it: `29/02/1980`; a year or a month alone stays as it is. */
export function dateWords(date: string, locale: Locale): string {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})/.exec(date) ?? [];
  if (!year || !month || !day) return date;
  return locale === 'fr' ? `${day}/${month}/${year}` : `${year}-${month}-${day}`;
}
