/** What the report says in words, in the language of the installation. */
import type { Prediction } from '../shared/api/prediction.ts';
import { type Language, nameOf } from './terms.ts';

export interface Facts
  extends Pick<
    Prediction,
    'outcome' | 'probability' | 'threshold' | 'confidence_level' | 'features_detected' | 'not_read_reason'
  > {
  /** `tb-cxr 1.0.0` */
  readonly model: string;
  readonly warnings: readonly string[];
}

const sentences = {
  fr: {
    by: (model: string) => `Lecture automatique par ${model}`,
    notRead: (reason: string) => `Image non lue : ${reason}. Aucune conclusion quant à la tuberculose.`,
    numbers: (p: string, t: string) => `Probabilité calibrée ${p}, seuil ${t}`,
    regions: 'Régions évocatrices',
    warnings: 'Réserves',
    closing: "Résultat préliminaire d'une intelligence artificielle, à valider par un médecin.",
    colon: ' : ',
  },
  en: {
    by: (model: string) => `Read automatically by ${model}`,
    notRead: (reason: string) => `Image not read: ${reason}. No conclusion about tuberculosis.`,
    numbers: (p: string, t: string) => `Calibrated probability ${p}, threshold ${t}`,
    regions: 'Suspicious regions',
    warnings: 'Reservations',
    closing: "An artificial intelligence's preliminary result, to be confirmed by a physician.",
    colon: ': ',
  },
} as const;

/** The interpretation: outcome, figures, regions, reservations, and that a physician has to speak. */
export function interpretation(facts: Facts, language: Language): string {
  const words = sentences[language];
  const reservations =
    facts.warnings.length > 0 ? [`${words.warnings}${words.colon}${facts.warnings.join(' ; ')}.`] : [];
  if (facts.outcome === 'not-read') {
    const reason = nameOf('not-read-reason', facts.not_read_reason ?? '', language);
    return [words.notRead(lowerFirst(reason)), ...reservations].join(' ');
  }
  const outcome = lowerFirst(nameOf('tb-cad-outcome', facts.outcome, language));
  const level = facts.confidence_level
    ? `, ${lowerFirst(nameOf('confidence-level', facts.confidence_level, language))}`
    : '';
  return [
    `${words.by(facts.model)}${words.colon}${outcome}.`,
    `${words.numbers(figure(facts.probability, language), figure(facts.threshold, language))}${level}.`,
    ...regions(facts, language),
    ...reservations,
    words.closing,
  ].join(' ');
}

function regions({ features_detected }: Facts, language: Language): string[] {
  if (features_detected.length === 0) return [];
  const each = features_detected.map(
    ({ zone, share }) => `${lowerFirst(nameOf('lung-zone', zone, language))} (${Math.round(share * 100)} %)`,
  );
  return [`${sentences[language].regions}${sentences[language].colon}${each.join(', ')}.`];
}

function figure(value: number | null, language: Language): string {
  return value === null ? '?' : value.toLocaleString(language, { minimumFractionDigits: 2, maximumFractionDigits: 3 });
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
