/**
 * CodeSystem/$find-matches.
 * https://hl7.org/fhir/R4/codesystem-operation-find-matches.html
 */
import type { Coding } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import { present } from './present.ts';
import type { Scope } from './scope.ts';
import { canonicalText } from './source.ts';
import type { Concept, Filter, System } from './system.ts';
import type { FindAsked, FoundMatch, Wanted } from './terminology.ts';

/** More matches than this are nobody's answer. */
const most = 1000;

/** A property as a filter: with a value, or that it is there at all. */
const filterOf = ({ code, value }: Wanted): Filter =>
  value === undefined ? { property: code, op: 'exists', value: 'true' } : { property: code, op: '=', value };

const codingOf = ({ about: { url, version } }: System, { code, display }: Concept): Coding =>
  present({ system: url, version, code, display });

async function unmatchedOf(system: System, concept: Concept, wanted: readonly Wanted[]): Promise<readonly Wanted[]> {
  const unmatched: Wanted[] = [];
  for (const one of wanted) if (!(await system.fulfils(concept, filterOf(one)))) unmatched.push(one);
  return unmatched;
}

/** Concepts with some of the properties, those with most of them first. */
async function partial(system: System, wanted: readonly Wanted[]): Promise<readonly FoundMatch[]> {
  const found = new Map<string, Concept>();
  for (const one of wanted)
    for (const concept of await system.select({ filters: [filterOf(one)], limit: most }))
      found.set(concept.code, concept);
  const matches: FoundMatch[] = [];
  for (const concept of found.values()) {
    matches.push({ coding: codingOf(system, concept), unmatched: await unmatchedOf(system, concept, wanted) });
  }
  return matches.sort((a, b) => a.unmatched.length - b.unmatched.length).slice(0, most);
}

/** The codes that have all (`exact`) or some of the properties. Throws as $expand does for what a system does not know. */
export async function findMatches(
  scope: Scope,
  { system: url, version, wanted, exact }: FindAsked,
): Promise<readonly FoundMatch[]> {
  const system = await scope.system(url, version);
  if (!system) {
    const name = canonicalText({ url, version });
    throw new FhirError('notFound', `A definition for CodeSystem '${name}' could not be found.`);
  }
  if (!exact) return partial(system, wanted);
  const concepts = await system.select({ filters: wanted.map(filterOf), limit: most });
  return concepts.map((concept) => ({ coding: codingOf(system, concept), unmatched: [] }));
}
