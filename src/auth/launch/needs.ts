/**
 * What the words of a scope ask to be in context.
 * http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#requesting-context-with-scopes
 */

export interface Needs {
  readonly patient: boolean;
  readonly encounter: boolean;
}

/** `patient/` scopes are about the patient in context, so they need one as `launch/patient` does. */
export function needsOf(words: readonly string[]): Needs {
  const encounter = words.includes('launch/encounter');
  const patient = words.includes('launch/patient') || words.some((word) => word.startsWith('patient/'));
  return { encounter, patient: encounter || patient };
}

/** What the person has chosen in this sign-in; null: no encounter on purpose. */
export interface Picked {
  readonly patient?: string;
  readonly encounter?: string | null;
}

/** The choice among the results of the steps of a sign-in. */
export function pickedOf(result: unknown): Picked {
  const { picked } = (result ?? {}) as { readonly picked?: Picked };
  return picked ?? {};
}
