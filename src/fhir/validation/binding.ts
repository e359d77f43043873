/**
 * Whether a Coding or CodeableConcept has a code of a value set.
 * https://hl7.org/fhir/R4/terminologies.html#strength
 */
import type { Codes } from '../definitions/value-sets.ts';
import { isObject } from '../fhirpath/collection.ts';

function isIn(coding: unknown, codes: Codes): boolean {
  if (!isObject(coding)) return false;
  const { system, code } = coding;
  return typeof system === 'string' && typeof code === 'string' && codes.get(system)?.has(code) === true;
}

function spoken(coding: unknown): string {
  if (!isObject(coding)) return 'none';
  return `${coding['system'] ?? '(no system)'}|${coding['code'] ?? '(no code)'}`;
}

/** The codes that a concept or coding offers, none of which is in the set; undefined when one is. */
export function bindingProblem(value: Readonly<Record<string, unknown>>, codes: Codes): string | undefined {
  const codings = Array.isArray(value['coding'])
    ? value['coding']
    : 'code' in value || 'system' in value
      ? [value]
      : [];
  if (codings.some((coding) => isIn(coding, codes))) return undefined;
  return codings.length === 0 ? 'no code' : codings.map(spoken).join(', ');
}

/** The codes of a set as one line, cut when there are many. */
export function listCodes(codes: Codes, most = 40): string {
  const all = [...codes.values()].flatMap((set) => [...set]);
  const shown = all.slice(0, most).join(', ');
  return all.length > most ? `${shown} and ${all.length - most} more` : shown;
}
