/** What the pages of the second factor say, in French and in English. */
import type { Locale } from '../../auth/pages.ts';

const fr = {
  title: 'Seconde étape',
  account: 'Double authentification',
  proveText: 'Votre mot de passe est correct. Prouvez maintenant que votre second facteur est entre vos mains.',
  code: "Code à 6 chiffres de votre application, ou l'un de vos codes de secours",
  check: 'Vérifier',
  useKey: 'Utiliser ma clé de sécurité',
  refused: "Ce n'est pas correct, ou a déjà servi. Réessayez avec un nouveau code.",
  wait: (seconds: number) => `Trop d'essais. Réessayez dans ${seconds} s.`,
  cancel: 'Annuler',
  enrolTitle: 'Ajouter un second facteur',
  enrolText:
    'Un second facteur est nécessaire pour continuer. Ajoutez une application de codes ou une clé de sécurité.',
  device: 'Application de codes',
  scan: 'Scannez ce code avec votre application (FreeOTP, Aegis, Google Authenticator…), ou saisissez-y ce secret :',
  qr: 'Code QR du secret',
  name: 'Nom (pour le reconnaître)',
  deviceName: 'Mon téléphone',
  keyName: 'Ma clé',
  newCode: "Code à 6 chiffres qu'affiche l'application",
  addDevice: "Ajouter l'application",
  key: 'Clé de sécurité',
  keyText: 'Une clé USB ou NFC, ou celle qui est dans cet appareil.',
  addKey: 'Ajouter une clé',
  noScript: 'Les clés de sécurité ont besoin de JavaScript.',
  keyFailed: "La clé n'a pas répondu, ou ce navigateur n'en connaît pas.",
  codes: 'Vos codes de secours',
  codesText:
    "Chacun sert une seule fois, quand aucun autre facteur n'est là. Notez-les maintenant et rangez-les en lieu sûr : ils ne seront plus montrés.",
  codesLeft: (left: number) => `Il vous reste ${left} code${left > 1 ? 's' : ''} de secours.`,
  fewCodes: 'Créez-en de nouveaux bientôt : page de votre compte, « Double authentification ».',
  done: 'Votre second facteur est vérifié.',
  goOn: 'Continuer',
  none: "Aucun : votre compte n'est protégé que par son mot de passe.",
  mandatory: 'Votre rôle exige un second facteur.',
  lastUsed: (when: string) => `dernière utilisation : ${when}`,
  never: 'jamais',
  remove: 'Retirer',
  renew: 'Créer de nouveaux codes de secours',
  renewText: 'Les anciens ne serviront plus.',
  back: 'Retour',
} as const;

type Texts = { readonly [key in keyof typeof fr]: (typeof fr)[key] extends string ? string : (typeof fr)[key] };

const en: Texts = {
  title: 'Second step',
  account: 'Two-factor authentication',
  proveText: 'Your password is right. Now prove that you have your second factor at hand.',
  code: 'Six-digit code of your app, or one of your recovery codes',
  check: 'Check',
  useKey: 'Use my security key',
  refused: 'That is not right, or was used before. Try again with a new code.',
  wait: (seconds) => `Too many tries. Try again in ${seconds} s.`,
  cancel: 'Cancel',
  enrolTitle: 'Add a second factor',
  enrolText: 'A second factor is needed to go on. Add an authenticator app or a security key.',
  device: 'Authenticator app',
  scan: 'Scan this code with your app (FreeOTP, Aegis, Google Authenticator…), or type this secret into it:',
  qr: 'QR code of the secret',
  name: 'Name (to tell it from others)',
  deviceName: 'My phone',
  keyName: 'My key',
  newCode: 'Six-digit code that the app shows',
  addDevice: 'Add the app',
  key: 'Security key',
  keyText: 'A USB or NFC key, or the one inside this device.',
  addKey: 'Add a key',
  noScript: 'Security keys need JavaScript.',
  keyFailed: 'The key did not answer, or this browser knows none.',
  codes: 'Your recovery codes',
  codesText:
    'Each is good once, when no other factor is at hand. Write them down now and keep them in a safe place: they are not shown again.',
  codesLeft: (left) => `You have ${left} recovery code${left === 1 ? '' : 's'} left.`,
  fewCodes: 'Make new ones soon: the page of your account, "Two-factor authentication".',
  done: 'Your second factor is right.',
  goOn: 'Continue',
  none: 'None: nothing but its password protects your account.',
  mandatory: 'Your role needs a second factor.',
  lastUsed: (when) => `last used: ${when}`,
  never: 'never',
  remove: 'Remove',
  renew: 'Make new recovery codes',
  renewText: 'The old ones will be good no more.',
  back: 'Back',
};

const all: Readonly<Record<Locale, Texts>> = { fr, en };

export function factorTexts(locale: Locale): Texts {
  return all[locale];
}
