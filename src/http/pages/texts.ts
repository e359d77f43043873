/** What the sign-in pages say, in French and in English. */
import type { Locale } from '../../auth/pages.ts';

const fr = {
  signIn: 'Connexion',
  signInFor: (app: string) => `pour continuer vers ${app}`,
  email: 'Adresse électronique',
  password: 'Mot de passe',
  enter: 'Se connecter',
  cancel: 'Annuler',
  refused: "L'adresse ou le mot de passe est incorrect.",
  wait: (seconds: number) => `Trop d'essais. Réessayez dans ${seconds} s.`,
  signOut: 'Déconnexion',
  signOutAsk: 'Voulez-vous vous déconnecter de LIVEDOC ?',
  signOutFrom: (app: string) => `${app} demande à vous déconnecter. Voulez-vous aussi vous déconnecter de LIVEDOC ?`,
  leave: 'Se déconnecter',
  stay: 'Rester connecté',
  signedOut: 'Vous êtes déconnecté',
  signedOutText: 'Vous pouvez fermer cette page.',
  failed: 'La connexion a échoué',
  failedText: "Revenez à l'application et recommencez.",
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
  signOut: 'Sign out',
  signOutAsk: 'Do you want to sign out of LIVEDOC?',
  signOutFrom: (app) => `${app} asks to sign you out. Do you want to sign out of LIVEDOC too?`,
  leave: 'Sign out',
  stay: 'Stay signed in',
  signedOut: 'You are signed out',
  signedOutText: 'You may close this page.',
  failed: 'Sign-in failed',
  failedText: 'Go back to the application and start again.',
};

const all: Readonly<Record<Locale, Texts>> = { fr, en };

export function textsFor(locale: Locale): Texts {
  return all[locale];
}
