/**
 * A connection: one page of a search, with cursors to the others.
 * https://hl7.org/fhir/R4/graphql.html#searching
 */
import type { SelectionSetNode } from 'graphql';
import { FhirError } from '../../shared/errors.ts';
import type { Version } from '../../store/resources/version.ts';
import type { Query } from './document.ts';
import { plainFields } from './plan.ts';
import type { Found } from './reads.ts';

type ResourceText = (version: Version, sets: readonly SelectionSetNode[]) => Promise<string>;

/** What of a page is a number or a cursor; undefined where this page has none. */
const facts: Readonly<Record<string, (found: Found) => string | number | undefined>> = {
  count: ({ total }) => total,
  // Pages begin after a resource and not after a number of them; only the first one is known to be at 0.
  offset: ({ first, previous }) => (first === undefined || previous === undefined ? 0 : undefined),
  pagesize: ({ count }) => count,
  pageSize: ({ count }) => count,
  first: ({ first }) => first,
  previous: ({ previous }) => previous,
  next: ({ next }) => next,
  // The last page is where `next` ends.
  last: () => undefined,
};

/** The JSON text of what is selected of a connection. */
export async function connectionText(
  query: Query,
  sets: readonly SelectionSetNode[],
  found: Found,
  resourceText: ResourceText,
): Promise<string> {
  const members: string[] = [];
  for (const { key, name, sets: own } of plainFields(query, sets)) {
    if (name === 'edges') {
      const edges = await Promise.all(found.versions.map((version) => edgeText(query, own, version, resourceText)));
      members.push(`${JSON.stringify(key)}:[${edges.join(',')}]`);
      continue;
    }
    const fact = Object.hasOwn(facts, name) ? facts[name] : undefined;
    if (!fact) throw new FhirError('invalid', `A connection has no field ${name}.`);
    const value = fact(found);
    if (value !== undefined) members.push(`${JSON.stringify(key)}:${JSON.stringify(value)}`);
  }
  return `{${members.join(',')}}`;
}

async function edgeText(
  query: Query,
  sets: readonly SelectionSetNode[],
  version: Version,
  resourceText: ResourceText,
): Promise<string> {
  const members: string[] = [];
  for (const { key, name, sets: own } of plainFields(query, sets)) {
    if (name === 'mode') members.push(`${JSON.stringify(key)}:"match"`);
    else if (name === 'resource') members.push(`${JSON.stringify(key)}:${await resourceText(version, own)}`);
    // A search of this server has no scores.
    else if (name !== 'score') throw new FhirError('invalid', `An edge has no field ${name}.`);
  }
  return `{${members.join(',')}}`;
}

/** Whether the selection of a connection asks how many there are. */
export function wantsCount(query: Query, sets: readonly SelectionSetNode[]): boolean {
  return plainFields(query, sets).some(({ name }) => name === 'count');
}
