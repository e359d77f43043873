/**
 * Value sets of the profiles' folder, listed. One that filters or needs a code system that is not at hand cannot be.
 * https://hl7.org/fhir/R4/valueset.html#compositions
 */
import type { Codes } from '../../definitions/value-sets.ts';

interface Concept {
  readonly code: string;
  readonly concept?: readonly Concept[];
}

export interface CodeSystem {
  readonly url: string;
  readonly content?: string;
  readonly concept?: readonly Concept[];
}

interface Include {
  readonly system?: string;
  readonly concept?: readonly { readonly code: string }[];
  readonly filter?: readonly unknown[];
  readonly valueSet?: readonly string[];
}

export interface ValueSet {
  readonly url: string;
  readonly compose?: { readonly include?: readonly Include[]; readonly exclude?: readonly Include[] };
}

export interface Sources {
  readonly valueSets: ReadonlyMap<string, ValueSet>;
  readonly codeSystems: ReadonlyMap<string, CodeSystem>;
  readonly coreCodes: (url: string) => Codes | undefined;
}

type Listed = Map<string, Set<string>>;

function codesIn(concepts: readonly Concept[] = []): string[] {
  return concepts.flatMap(({ code, concept }) => [code, ...codesIn(concept)]);
}

function codesOfSystem({ system, concept, filter }: Include, { codeSystems }: Sources): readonly string[] | undefined {
  if (concept) return concept.map(({ code }) => code);
  if (filter?.length || system === undefined) return undefined;
  const known = codeSystems.get(system);
  return known?.content === 'complete' ? codesIn(known.concept) : undefined;
}

function add(listed: Listed, system: string, codes: Iterable<string>): void {
  const set = listed.get(system) ?? new Set();
  for (const code of codes) set.add(code);
  listed.set(system, set);
}

/** What one include means: the codes of its system that are in all of its value sets. */
function part(include: Include, sources: Sources, seen: readonly string[]): Codes | undefined {
  const sets: Codes[] = [];
  if (include.system !== undefined) {
    const codes = codesOfSystem(include, sources);
    if (!codes) return undefined;
    sets.push(new Map([[include.system, new Set(codes)]]));
  }
  for (const url of include.valueSet ?? []) {
    const codes = list(url.split('|')[0] as string, sources, seen);
    if (!codes) return undefined;
    sets.push(codes);
  }
  const [first, ...rest] = sets;
  const listed: Listed = new Map();
  for (const [system, codes] of first ?? []) {
    add(
      listed,
      system,
      [...codes].filter((code) => rest.every((one) => one.get(system)?.has(code))),
    );
  }
  return listed;
}

/** What all includes mean; undefined when one of them cannot be listed. */
function parts(includes: readonly Include[], sources: Sources, seen: readonly string[]): readonly Codes[] | undefined {
  const found = includes.map((include) => part(include, sources, seen));
  const listed = found.filter((codes) => codes !== undefined);
  return listed.length === found.length ? listed : undefined;
}

function list(url: string, sources: Sources, seen: readonly string[]): Codes | undefined {
  const valueSet = sources.valueSets.get(url);
  if (!valueSet) return sources.coreCodes(url);
  if (seen.includes(url)) return undefined;
  const { include = [], exclude = [] } = valueSet.compose ?? {};
  const included = parts(include, sources, [...seen, url]);
  const excluded = parts(exclude, sources, [...seen, url]);
  if (!included || !excluded) return undefined;
  const listed: Listed = new Map();
  for (const [system, codes] of included.flatMap((one) => [...one])) add(listed, system, codes);
  for (const [system, codes] of excluded.flatMap((one) => [...one])) {
    for (const code of codes) listed.get(system)?.delete(code);
  }
  return listed;
}

/** The codes of a value set by system; undefined when they cannot all be listed. */
export function expand(url: string, sources: Sources): Codes | undefined {
  return list(url, sources, []);
}
