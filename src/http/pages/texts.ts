/** What the sign-in pages say, in French and in English. */
import type { Locale } from '../../auth/pages.ts';
import { parseScope, type ResourceScope } from '../../auth/scopes.ts';

const fr = {
  signIn: 'Connexion',
  signInFor: (app: string) => `pour continuer vers ${app}`,
  email: 'Adresse électronique',
  password: 'Mot de passe',
  enter: 'Se connecter',
  cancel: 'Annuler',
  refused: "L'adresse ou le mot de passe est incorrect.",
  wait: (seconds: number) => `Trop d'essais. Réessayez dans ${seconds} s.`,
  consent: 'Autorisation',
  consentFor: (app: string) => `${app} demande l'autorisation de :`,
  allow: 'Autoriser',
  deny: 'Refuser',
  signOut: 'Déconnexion',
  signOutAsk: 'Voulez-vous vous déconnecter de LIVEDOC ?',
  signOutFrom: (app: string) => `${app} demande à vous déconnecter. Voulez-vous aussi vous déconnecter de LIVEDOC ?`,
  leave: 'Se déconnecter',
  stay: 'Rester connecté',
  signedOut: 'Vous êtes déconnecté',
  signedOutText: 'Vous pouvez fermer cette page.',
  failed: 'La connexion a échoué',
  failedText: "Revenez à l'application et recommencez.",
  read: 'lire',
  search: 'rechercher',
  create: 'créer',
  update: 'modifier',
  delete: 'supprimer',
  everything: 'toutes les données auxquelles vous avez accès',
  only: 'seulement',
} as const;

type Texts = { readonly [key in keyof typeof fr]: (typeof fr)[key] extends string ? string : (typeof fr)[key] };

const en: Texts = {
  signIn: 'Sign in',
  signInFor: (app) => `to continue to ${app}`,
  email: 'Email address',
  password: 'Password',
  enter: 'Sign in',
  cancel: 'Cancel',
  refused: 'The address or the password is wrong.',
  wait: (seconds) => `Too many tries. Try again in ${seconds} s.`,
  consent: 'Permission',
  consentFor: (app) => `${app} asks for permission to:`,
  allow: 'Allow',
  deny: 'Deny',
  signOut: 'Sign out',
  signOutAsk: 'Do you want to sign out of LIVEDOC?',
  signOutFrom: (app) => `${app} asks to sign you out. Do you want to sign out of LIVEDOC too?`,
  leave: 'Sign out',
  stay: 'Stay signed in',
  signedOut: 'You are signed out',
  signedOutText: 'You may close this page.',
  failed: 'Sign-in failed',
  failedText: 'Go back to the application and start again.',
  read: 'read',
  search: 'search',
  create: 'create',
  update: 'change',
  delete: 'delete',
  everything: 'all data that you have access to',
  only: 'only',
};

const all: Readonly<Record<Locale, Texts>> = { fr, en };

export function textsFor(locale: Locale): Texts {
  return all[locale];
}

/** Scopes that are no permission on resources; `openid` is not asked, a sign-in is what the person is doing. */
const words: Readonly<Record<Locale, Readonly<Record<string, string>>>> = {
  fr: {
    fhirUser: 'savoir qui vous êtes dans le dossier (votre fiche de professionnel)',
    profile: 'connaître votre nom',
    offline_access: "garder l'accès quand vous n'êtes pas là",
    online_access: "garder l'accès tant que vous êtes connecté",
  },
  en: {
    fhirUser: 'know who you are in the record (your practitioner entry)',
    profile: 'know your name',
    offline_access: 'keep access when you are not there',
    online_access: 'keep access as long as you are signed in',
  },
};

function resourceWords({ type, permissions, query }: ResourceScope, texts: Texts): string {
  const verbs = [
    permissions.has('r') && texts.read,
    permissions.has('s') && texts.search,
    permissions.has('c') && texts.create,
    permissions.has('u') && texts.update,
    permissions.has('d') && texts.delete,
  ].filter((verb) => verb !== false);
  const limits = query.map(([name, value]) => `${name} = ${value}`).join(', ');
  const what = type === '*' ? texts.everything : type;
  return `${verbs.join(', ')} : ${what}${limits ? ` (${texts.only} ${limits})` : ''}`;
}

/** A scope in words; undefined for one that needs none. */
export function describeScope(scope: string, locale: Locale): string | undefined {
  const parsed = parseScope(scope);
  return parsed ? resourceWords(parsed, textsFor(locale)) : words[locale][scope];
}
