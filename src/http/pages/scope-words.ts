/**
 * Scopes in words, in French and in English: what may be done with which data, of whom.
 * https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
 */
import type { Locale } from '../../auth/pages.ts';
import { parseScope, type ResourceScope } from '../../auth/scopes.ts';
import { categoryName, resourceName } from './resource-names.ts';

interface Words {
  readonly verbs: Readonly<Record<'r' | 's' | 'c' | 'u' | 'd', string>>;
  readonly and: string;
  readonly everything: string;
  readonly ofPatient: (patient: string | undefined) => string;
  readonly ofUser: string;
  readonly only: string;
  readonly others: Readonly<Record<string, string>>;
}

const fr: Words = {
  verbs: { r: 'lire', s: 'rechercher', c: 'créer', u: 'modifier', d: 'supprimer' },
  and: ' et ',
  everything: 'toutes les données',
  ofPatient: (patient) => (patient === undefined ? 'du patient choisi' : `du patient ${patient}`),
  ofUser: 'auxquelles vous avez accès',
  only: 'seulement',
  others: {
    openid: 'savoir que vous êtes connecté',
    fhirUser: 'savoir qui vous êtes dans le dossier (votre fiche de professionnel)',
    profile: 'connaître votre nom',
    launch: 'savoir quel dossier est ouvert',
    'launch/patient': 'savoir quel patient est choisi',
    'launch/encounter': 'savoir quelle consultation est choisie',
    offline_access: "garder l'accès quand vous n'êtes pas là",
    online_access: "garder l'accès tant que vous êtes connecté",
  },
};

const en: Words = {
  verbs: { r: 'read', s: 'search', c: 'create', u: 'change', d: 'delete' },
  and: ' and ',
  everything: 'all data',
  ofPatient: (patient) => (patient === undefined ? 'of the patient chosen' : `of the patient ${patient}`),
  ofUser: 'that you have access to',
  only: 'only',
  others: {
    openid: 'know that you are signed in',
    fhirUser: 'know who you are in the record (your practitioner entry)',
    profile: 'know your name',
    launch: 'know which record is open',
    'launch/patient': 'know which patient is chosen',
    'launch/encounter': 'know which consultation is chosen',
    offline_access: 'keep access when you are not there',
    online_access: 'keep access as long as you are signed in',
  },
};

const all: Readonly<Record<Locale, Words>> = { fr, en };

function verbsOf({ permissions }: ResourceScope, { verbs, and }: Words): string {
  const own = (['r', 's', 'c', 'u', 'd'] as const)
    .filter((letter) => permissions.has(letter))
    .map((each) => verbs[each]);
  return [own.slice(0, -1).join(', '), own.at(-1)].filter(Boolean).join(and);
}

function limitsOf({ query }: ResourceScope, locale: Locale): string {
  return query
    .map(([name, value]) => {
      if (name !== 'category') return `${name} = ${value}`;
      return value
        .split(',')
        .map((each) => categoryName(each.slice(each.lastIndexOf('|') + 1), locale))
        .join(', ');
    })
    .join('; ');
}

/** What the scope gives, without the verbs: `observations and results (only laboratory results)`. */
function dataOf(scope: ResourceScope, locale: Locale): string {
  const words = all[locale];
  const limits = limitsOf(scope, locale);
  const what = scope.type === '*' ? words.everything : resourceName(scope.type, locale);
  return limits === '' ? what : `${what} (${words.only} ${limits})`;
}

export interface Described {
  /** The words of the page's language. */
  readonly locale: Locale;
  /** The name of the patient in context, where there is one. */
  readonly patient?: string | undefined;
}

/** A scope in words; the scope itself for one that nobody knows. */
export function describeScope(text: string, { locale, patient }: Described): string {
  const words = all[locale];
  const scope = parseScope(text);
  if (!scope) return words.others[text] ?? text;
  const whose = scope.level === 'patient' ? words.ofPatient(patient) : words.ofUser;
  return `${verbsOf(scope, words)} : ${dataOf(scope, locale)}, ${whose}`;
}

/** The part of a wider scope that this is, in words: the kind of data, the category, or the deeds that are left. */
export function describePart(text: string, kind: 'read-only' | 'type' | 'category', locale: Locale): string {
  const scope = parseScope(text);
  if (!scope) return text;
  if (kind === 'read-only') return `${all[locale].only} ${verbsOf(scope, all[locale])}`;
  return kind === 'category' ? limitsOf(scope, locale) : dataOf(scope, locale);
}
