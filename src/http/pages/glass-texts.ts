/** What the pages of break-the-glass say, in French and in English. */
import type { Locale } from '../../auth/pages.ts';

const fr = {
  title: "Accès d'urgence",
  warning:
    "Le dossier de ce patient est fermé. L'ouvrir est tracé et signalé au délégué à la protection des données, qui jugera si c'était justifié.",
  patient: 'Identifiant du patient',
  reason: 'Motif',
  explanation: 'Explication (10 caractères au moins)',
  minutes: (most: number) => `Durée en minutes (au plus ${most})`,
  password: 'Votre mot de passe',
  code: 'Code du second facteur, si vous en avez un',
  open: 'Ouvrir le dossier',
  notAllowed: "Votre rôle ne permet pas d'ouvrir un dossier fermé.",
  mine: 'Dossiers que vous avez ouverts',
  toReview: 'À juger',
  none: 'Aucun.',
  until: (time: string) => `jusqu'à ${time}`,
  end: 'Refermer',
  comment: 'Commentaire',
  verdict: 'Avis',
  judge: "Rendre l'avis",
  status: { open: 'ouvert', ended: 'refermé', expired: 'expiré' },
  failed: {
    forbidden: 'Refusé : ',
    other: 'Cela ne va pas : ',
  },
} as const;

type Same<T> = {
  readonly [Key in keyof T]: T[Key] extends string
    ? string
    : T[Key] extends (...args: never[]) => unknown
      ? T[Key]
      : Same<T[Key]>;
};

const en: Same<typeof fr> = {
  title: 'Emergency access',
  warning:
    "This patient's record is closed. Opening it is recorded and reported to the data protection officer, who will judge whether it was justified.",
  patient: 'Id of the patient',
  reason: 'Reason',
  explanation: 'Explanation (10 characters or more)',
  minutes: (most) => `Time in minutes (at most ${most})`,
  password: 'Your password',
  code: 'Code of your second factor, if you have one',
  open: 'Open the record',
  notAllowed: 'Your role may not open a closed record.',
  mine: 'Records that you have opened',
  toReview: 'To be judged',
  none: 'None.',
  until: (time) => `until ${time}`,
  end: 'Shut',
  comment: 'Comment',
  verdict: 'Verdict',
  judge: 'Give the verdict',
  status: { open: 'open', ended: 'shut', expired: 'expired' },
  failed: {
    forbidden: 'Refused: ',
    other: 'This will not do: ',
  },
};

const all: Readonly<Record<Locale, Same<typeof fr>>> = { fr, en };

export const glassTexts = (locale: Locale) => all[locale];
