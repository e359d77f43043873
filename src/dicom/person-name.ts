/**
 * Person names (PN): three groups of five components.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part05/sect_6.2.html#sect_6.2.1.1
 */

export interface NameGroup {
  readonly family?: string;
  readonly given?: string;
  readonly middle?: string;
  readonly prefix?: string;
  readonly suffix?: string;
}

export interface PersonName {
  readonly alphabetic?: NameGroup;
  readonly ideographic?: NameGroup;
  readonly phonetic?: NameGroup;
}

const parts = ['family', 'given', 'middle', 'prefix', 'suffix'] as const;

function parseGroup(text: string): NameGroup | undefined {
  const entries = text
    .split('^')
    .slice(0, parts.length)
    .map((value, i) => [parts[i], value.trim()] as const)
    .filter(([, value]) => value !== '');
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

/** The groups and components that are there: `Dupont^Jean^Marie^Dr^=` has an alphabetic group of four. */
export function parsePersonName(text: string): PersonName {
  const [alphabetic, ideographic, phonetic] = text.split('=').map(parseGroup);
  return { ...(alphabetic && { alphabetic }), ...(ideographic && { ideographic }), ...(phonetic && { phonetic }) };
}
