/** Text as it is compared: no accents, no case, single spaces. https://hl7.org/fhir/R4/search.html#string */

const plain = /^[a-z0-9 .,'-]*$/;

/** `Éléonore  DUPRÉ` becomes `eleonore dupre`; the same for what is stored and what is asked. */
export function fold(text: string): string {
  const lower = text.toLowerCase();
  const stripped = plain.test(lower)
    ? lower
    : lower
        .normalize('NFD')
        .replace(/\p{M}+/gu, '')
        .normalize('NFC');
  return stripped.replace(/\s+/g, ' ').trim();
}
