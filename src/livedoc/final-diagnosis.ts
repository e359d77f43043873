/** A physician's final diagnosis: a code where one is meant, the physician's own words in any case. */
import type { CodeableConcept } from '@medplum/fhirtypes';
import { systems } from './canonical.ts';
import { type Code, codeNamed, coding, type Language, nameOf } from './terms.ts';
import { snomedOfDiagnosis } from './translations.ts';

export interface DiagnosisMeant {
  readonly code?: Code<'final-diagnosis'>;
  readonly text?: string;
}

/** Only a code or its exact name is taken for it: free text may say `pas de signe de tuberculose`. */
export function diagnosisMeant(text: string): DiagnosisMeant {
  const code = codeNamed('final-diagnosis', text);
  return code === undefined ? { text } : text === code ? { code } : { code, text };
}

export function diagnosisConcept({ code, text }: DiagnosisMeant, language: Language): CodeableConcept {
  if (code === undefined) return { text: text ?? '' };
  const snomed = snomedOfDiagnosis[code];
  return {
    coding: [...(snomed ? [{ system: systems.snomed, ...snomed }] : []), coding('final-diagnosis', code, language)],
    text: text ?? nameOf('final-diagnosis', code, language),
  };
}

export function confirmsTuberculosis({ code }: DiagnosisMeant): boolean {
  return code !== undefined && snomedOfDiagnosis[code] !== null;
}
