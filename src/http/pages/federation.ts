/** The buttons of identity providers on the login page, and the pages that say why a sign-in with one did not work. */
import type { Why } from '../../auth/federation/refusal.ts';
import type { Button } from '../../auth/interaction/federated.ts';
import type { Locale } from '../../auth/pages.ts';
import { type Html, html, page } from './html.ts';

type Advice = readonly [what: string, todo: string];

const fr: Readonly<Record<Why, Advice>> = {
  unavailable: [
    "Le service d'identité ne répond pas.",
    'Réessayez dans quelques minutes, ou connectez-vous avec un mot de passe LIVEDOC si vous en avez un.',
  ],
  untrusted: [
    "La réponse du service d'identité n'a pas pu être vérifiée.",
    'Recommencez. Si cela se reproduit, prévenez votre service informatique.',
  ],
  stale: [
    'Cette connexion est terminée, trop ancienne, ou a été commencée dans un autre navigateur.',
    'Recommencez depuis la page de connexion.',
  ],
  denied: ["Vous avez renoncé à la connexion auprès du service d'identité.", 'Vous pouvez recommencer.'],
  upstream: [
    "Le service d'identité a refusé la connexion.",
    'Recommencez. Si cela se reproduit, prévenez votre service informatique.',
  ],
  notAllowed: [
    "Votre compte auprès du service d'identité n'est pas de ceux qui sont admis ici.",
    "Connectez-vous avec votre compte de l'hôpital, ou demandez l'accès à un administrateur de LIVEDOC.",
  ],
  weak: [
    "Votre identité n'a pas été vérifiée assez sûrement.",
    'Recommencez avec le moyen le plus sûr (carte, application ou code).',
  ],
  notFresh: [
    "Une nouvelle vérification de votre identité est demandée, et le service d'identité ne l'a pas faite.",
    'Déconnectez-vous de ce service, puis recommencez.',
  ],
  unknownAccount: [
    'Vous êtes bien identifié, mais vous n’avez pas de compte LIVEDOC.',
    'Demandez à un administrateur de LIVEDOC de vous en ouvrir un.',
  ],
  emailUnverified: [
    "Le service d'identité n'a pas vérifié votre adresse électronique.",
    'Vérifiez-la auprès de ce service, ou demandez à un administrateur de LIVEDOC de relier votre compte.',
  ],
  emailTaken: [
    "Un compte LIVEDOC a déjà cette adresse et n'est pas relié à cette identité.",
    'Connectez-vous comme d’habitude, ou demandez à un administrateur de LIVEDOC de relier votre compte.',
  ],
  unknownRole: [
    "Le service d'identité ne vous donne aucun rôle dans LIVEDOC.",
    'Demandez à votre service informatique le rôle qui vous revient.',
  ],
  severalRoles: [
    "Le service d'identité vous donne plusieurs rôles à la fois.",
    "Demandez à votre service informatique de n'en laisser qu'un.",
  ],
  incomplete: [
    "Il manque votre nom, votre adresse ou votre rôle dans ce que dit le service d'identité.",
    'Demandez à un administrateur de LIVEDOC de vous ouvrir un compte.',
  ],
  lastAdministrator: [
    "Le service d'identité retire son rôle au dernier administrateur actif de LIVEDOC.",
    "Demandez à votre service informatique de vous le rendre, ou nommez d'abord un autre administrateur.",
  ],
  inactive: ["Votre compte LIVEDOC n'est pas actif.", 'Adressez-vous à un administrateur de LIVEDOC.'],
};

const en: Readonly<Record<Why, Advice>> = {
  unavailable: [
    'The identity provider does not answer.',
    'Try again in some minutes, or sign in with a LIVEDOC password if you have one.',
  ],
  untrusted: [
    "The identity provider's answer could not be verified.",
    'Start again. If it happens again, tell your IT department.',
  ],
  stale: ['This sign-in is over, too old, or was begun in another browser.', 'Start again from the sign-in page.'],
  denied: ['You turned back at the identity provider.', 'You may start again.'],
  upstream: [
    'The identity provider refused the sign-in.',
    'Start again. If it happens again, tell your IT department.',
  ],
  notAllowed: [
    'Your account at the identity provider is not one of those that are let in here.',
    'Use your hospital account, or ask an administrator of LIVEDOC for access.',
  ],
  weak: [
    'Your identity was not proven strongly enough.',
    'Start again with the strongest means that you have (card, application or code).',
  ],
  notFresh: [
    'You are asked to prove again who you are, and the identity provider did not let you.',
    'Sign out there, then start again.',
  ],
  unknownAccount: [
    'We know who you are, but you have no LIVEDOC account.',
    'Ask an administrator of LIVEDOC to open one for you.',
  ],
  emailUnverified: [
    'The identity provider has not verified your email address.',
    'Verify it there, or ask an administrator of LIVEDOC to link your account.',
  ],
  emailTaken: [
    'A LIVEDOC account has this address already and is not linked to this identity.',
    'Sign in as usual, or ask an administrator of LIVEDOC to link your account.',
  ],
  unknownRole: [
    'The identity provider gives you no role in LIVEDOC.',
    'Ask your IT department for the role that is yours.',
  ],
  severalRoles: [
    'The identity provider gives you several roles at once.',
    'Ask your IT department to leave one of them.',
  ],
  incomplete: [
    'Your name, address or role is missing in what the identity provider says.',
    'Ask an administrator of LIVEDOC to open an account for you.',
  ],
  lastAdministrator: [
    'The identity provider takes the role of the last active administrator of LIVEDOC away.',
    'Ask your IT department to give it back, or name another administrator first.',
  ],
  inactive: ['Your LIVEDOC account is not active.', 'Turn to an administrator of LIVEDOC.'],
};

const all = { fr, en } as const;

const words = {
  fr: {
    with: (name: string) => `Se connecter avec ${name}`,
    failed: 'La connexion a échoué',
    back: 'Revenir à la connexion',
    signedOut: 'Vous êtes déconnecté de LIVEDOC',
    onward: "Se déconnecter aussi du service d'identité",
  },
  en: {
    with: (name: string) => `Sign in with ${name}`,
    failed: 'Sign-in failed',
    back: 'Back to sign-in',
    signedOut: 'You are signed out of LIVEDOC',
    onward: 'Sign out of the identity provider too',
  },
} as const;

/** Links and no forms: redirects after a form are held to the page's form-action, and where a provider leads nobody can list. */
export function providerButtons(locale: Locale, action: string, buttons: readonly Button[]): Html {
  return html`${buttons.map(
    ({ id, name }) =>
      html`<p><a class="button" href="${action}/federated/${id}">${words[locale].with(name[locale])}</a></p>`,
  )}`;
}

export interface RefusedView {
  readonly locale: Locale;
  readonly why: Why;
  /** The provider's, when it is known. */
  readonly name?: Button['name'];
  /** Path of the sign-in, when it can be gone on with. */
  readonly action?: string;
}

export function refusedPage({ locale, why, name, action }: RefusedView): string {
  const [what, todo] = all[locale][why];
  const texts = words[locale];
  return page(
    locale,
    texts.failed,
    html`${name ? html`<p>${name[locale]}</p>` : undefined}
<p class="bad" role="alert">${what}</p>
<p>${todo}</p>
${action === undefined ? undefined : html`<p><a href="${action}?choose=1">${texts.back}</a></p>`}
<p><code>${why}</code></p>`,
  );
}

/** Leads on to the provider's own sign-out, for browsers that do not go by themselves. */
export function onwardPage(locale: Locale, url: string): string {
  const texts = words[locale];
  return page(locale, texts.signedOut, html`<p><a class="button" href="${url}">${texts.onward}</a></p>`);
}
