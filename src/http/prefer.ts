/**
 * The Prefer header.
 * https://hl7.org/fhir/R4/http.html#ops, https://www.rfc-editor.org/rfc/rfc7240
 */
export interface Preferences {
  readonly returns: 'minimal' | 'representation' | 'OperationOutcome' | undefined;
  /** `handling=strict`. */
  readonly strict: boolean;
}

const forms = ['minimal', 'representation', 'OperationOutcome'] as const;

/** What it asks for that this server knows; preferences that are not known are no error. */
export function parsePrefer(header: string | string[] | undefined): Preferences {
  if (header === undefined) return { returns: undefined, strict: false };
  const wishes = String(header)
    .split(/[,;]/)
    .map((wish) => wish.trim());
  return {
    returns: forms.find((form) => wishes.includes(`return=${form}`)),
    strict: wishes.includes('handling=strict'),
  };
}
