/**
 * The Prefer header.
 * https://hl7.org/fhir/R4/http.html#ops, https://www.rfc-editor.org/rfc/rfc7240
 */
export interface Preferences {
  readonly returns: 'minimal' | 'representation' | 'OperationOutcome' | undefined;
  /** `handling=strict`. */
  readonly strict: boolean;
  /** `respond-async`: https://hl7.org/fhir/R4/async.html */
  readonly async: boolean;
}

const forms = ['minimal', 'representation', 'OperationOutcome'] as const;
const none: Preferences = { returns: undefined, strict: false, async: false };

/** What it asks for that this server knows; preferences that are not known are no error. */
export function parsePrefer(header: string | string[] | undefined): Preferences {
  if (header === undefined) return none;
  const wishes = String(header)
    .split(/[,;]/)
    .map((wish) =>
      wish
        .trim()
        .replace(/\s*=\s*/, '=')
        .replaceAll('"', ''),
    );
  return {
    returns: forms.find((form) => wishes.includes(`return=${form}`)),
    strict: wishes.includes('handling=strict'),
    async: wishes.includes('respond-async'),
  };
}
