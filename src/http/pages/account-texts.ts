/** What the pages of a person's own account say, in French and in English. */
import type { PasswordProblem } from '../../auth/accounts/password-policy.ts';
import type { Locale } from '../../auth/pages.ts';

const fr = {
  account: 'Votre compte',
  role: 'Rôle',
  roles: { MEDECIN: 'Médecin', PERSONNEL: 'Personnel', ADMINISTRATEUR: 'Administration' },
  changePassword: 'Changer le mot de passe',
  secondFactor: 'Double authentification',
  sessions: 'Vos connexions',
  applications: 'Vos applications',
  signOut: 'Se déconnecter',
  wrongPassword: "Ce n'est pas votre mot de passe actuel.",
  wait: (seconds: number) => `Trop d'essais. Réessayez dans ${seconds} s.`,
  current: 'Mot de passe actuel',
  next: 'Nouveau mot de passe',
  repeat: 'Le nouveau mot de passe, encore une fois',
  rules:
    "Au moins 12 caractères : une phrase de quelques mots convient. Ni votre nom, ni un mot de passe que tout le monde essaie, ni l'un de ceux que vous aviez.",
  different: 'Les deux saisies diffèrent.',
  save: 'Enregistrer',
  changed: 'Votre mot de passe est changé. Vos autres connexions sont terminées.',
  problems: {
    length: 'Un mot de passe a de 12 à 1024 caractères.',
    breached: "Ce mot de passe, ou celui dont il est fait, est de ceux que l'on essaie en premier.",
    simple: 'Un mot de passe qui ne fait que répéter ou compter se devine aussitôt.',
    personal: 'Un mot de passe ne contient ni votre nom ni votre adresse.',
    reused: 'Ce mot de passe vous a déjà servi.',
  },
  sessionsText:
    'Les navigateurs où vous êtes connecté. Terminer une connexion retire aussi leurs accès aux applications qui y ont été autorisées.',
  here: 'ce navigateur',
  unknownDevice: 'Navigateur inconnu',
  on: (browser: string, system: string) => `${browser} sur ${system}`,
  address: 'Adresse',
  firstSeen: 'Première activité',
  lastSeen: 'Dernière activité',
  end: 'Terminer cette connexion',
  endOthers: 'Terminer toutes les autres',
  welcome: (name: string) => `Bienvenue, ${name}`,
  chooseText: 'Choisissez votre mot de passe. Ce lien ne sert qu\u2019une fois.',
  resetTitle: 'Nouveau mot de passe',
  isSet: 'Votre mot de passe est enregistré',
  isSetText: 'Vous pouvez maintenant vous connecter.',
  signIn: 'Se connecter',
  gone: 'Ce lien ne sert plus',
  goneText: 'Il a déjà servi, il est trop ancien, ou il est incomplet. Demandez-en un autre à l\u2019administration.',
  forgot: 'Mot de passe oublié ?',
  forgotTitle: 'Mot de passe oublié',
  forgotText: 'Donnez votre adresse : l\u2019administration verra votre demande et vous remettra un lien.',
  email: 'Adresse électronique',
  ask: 'Demander un lien',
  asked: 'Demande enregistrée',
  askedText:
    'Si un compte a cette adresse, l\u2019administration voit votre demande. Elle vous remettra un lien elle-même : ce serveur n\u2019envoie pas de message.',
} as const;

type Like<T> = T extends string
  ? string
  : T extends (...args: infer A) => string
    ? (...args: A) => string
    : { readonly [key in keyof T]: Like<T[key]> };

export type AccountTexts = Like<typeof fr> & { readonly problems: Readonly<Record<PasswordProblem, string>> };

const en: AccountTexts = {
  account: 'Your account',
  role: 'Role',
  roles: { MEDECIN: 'Physician', PERSONNEL: 'Staff', ADMINISTRATEUR: 'Administration' },
  changePassword: 'Change the password',
  secondFactor: 'Second factor',
  sessions: 'Where you are signed in',
  applications: 'Your applications',
  signOut: 'Sign out',
  wrongPassword: 'This is not your current password.',
  wait: (seconds) => `Too many tries. Try again in ${seconds} s.`,
  current: 'Current password',
  next: 'New password',
  repeat: 'The new password, once more',
  rules:
    'At least 12 characters: a phrase of some words will do. Not your name, not a password that everybody tries, not one that you had.',
  different: 'The two do not match.',
  save: 'Save',
  changed: 'Your password is changed. You are signed out everywhere else.',
  problems: {
    length: 'A password has 12 to 1024 characters.',
    breached: 'This password, or one that it is easily made of, is among those that are tried first.',
    simple: 'A password that only repeats or counts is guessed at once.',
    personal: 'A password contains neither your name nor your address.',
    reused: 'You had this password before.',
  },
  sessionsText:
    'The browsers in which you are signed in. Ending one also takes back what applications were given in it.',
  here: 'this browser',
  unknownDevice: 'Unknown browser',
  on: (browser, system) => `${browser} on ${system}`,
  address: 'Address',
  firstSeen: 'First seen',
  lastSeen: 'Last seen',
  end: 'Sign out there',
  endOthers: 'Sign out everywhere else',
  welcome: (name) => `Welcome, ${name}`,
  chooseText: 'Choose your password. This link is good for one time.',
  resetTitle: 'New password',
  isSet: 'Your password is set',
  isSetText: 'You can sign in now.',
  signIn: 'Sign in',
  gone: 'This link is good no more',
  goneText: 'It was used, is too old, or is not whole. Ask your administrator for another one.',
  forgot: 'Forgotten your password?',
  forgotTitle: 'Forgotten password',
  forgotText: 'Give your address: administrators will see that you ask, and hand you a link.',
  email: 'Email address',
  ask: 'Ask for a link',
  asked: 'You have asked',
  askedText:
    'If an account has this address, administrators see that you ask. They will hand you a link themselves: this server sends no mail.',
};

const all: Readonly<Record<Locale, AccountTexts>> = { fr, en };

export function accountTexts(locale: Locale): AccountTexts {
  return all[locale];
}
