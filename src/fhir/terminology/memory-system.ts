/**
 * A code system made of a CodeSystem resource and its supplements.
 * https://hl7.org/fhir/R4/codesystem.html#supplements
 */
import type { CodeSystem, CodeSystemConcept } from '@medplum/fhirtypes';
import { type Filtered, filterOf } from './filters.ts';
import { hierarchyOf, propertyCodes, reach, walk } from './hierarchy.ts';
import { badFilter, type Concept, type Filter, type System, tooCostly } from './system.ts';
import { haveWords } from './words.ts';

type Reader = (concept: CodeSystemConcept, more: readonly CodeSystemConcept[]) => Concept;

/** Concept properties are read by their URIs, because a system may call them as it likes. */
function conceptReader(system: CodeSystem): Reader {
  const notSelectable = propertyCodes(system, 'notSelectable');
  const inactive = propertyCodes(system, 'inactive');
  const status = propertyCodes(system, 'status');
  return ({ code = '', display, definition, designation = [], property = [] }, more) => {
    const own = more.length === 0 ? property : [...property, ...more.flatMap((one) => one.property ?? [])];
    const isTrue = (names: ReadonlySet<string>) =>
      own.some((one) => names.has(one.code ?? '') && String(one.valueBoolean) === 'true');
    return {
      code,
      ...(display === undefined ? {} : { display }),
      ...(definition === undefined ? {} : { definition }),
      designation: more.length === 0 ? designation : [...designation, ...more.flatMap((one) => one.designation ?? [])],
      property: own,
      abstract: isTrue(notSelectable),
      inactive: isTrue(inactive) || own.some((one) => status.has(one.code ?? '') && isRetired(one.valueCode)),
    };
  };
}

const isRetired = (status: string | undefined) => status === 'retired' || status === 'inactive';

/** What a supplement says of its concepts; its display is one more designation, because it may not change the system's own. */
function additionsOf({ concept, language }: CodeSystem): readonly (readonly [code: string, CodeSystemConcept])[] {
  const spoken = language ? { language } : {};
  return [...walk(concept)].map(({ concept: { code = '', display, designation = [], property } }) => {
    const shown = display === undefined ? [] : [{ ...spoken, value: display }];
    const added = [...shown, ...designation.map((one) => ({ ...spoken, ...one }))];
    return [code, { designation: added, ...(property ? { property } : {}) } as CodeSystemConcept] as const;
  });
}

function conceptsOf(system: CodeSystem, supplements: readonly CodeSystem[]): Map<string, Concept> {
  const read = conceptReader(system);
  const more = new Map<string, CodeSystemConcept[]>();
  for (const [code, addition] of supplements.flatMap(additionsOf))
    more.set(code, [...(more.get(code) ?? []), addition]);
  const concepts = new Map<string, Concept>();
  for (const { concept } of walk(system.concept)) {
    const { code = '' } = concept;
    if (concepts.has(code)) continue;
    concepts.set(code, read(concept, more.get(code) ?? []));
  }
  return concepts;
}

/** Reads the resource once; what it answers afterwards costs a look into a map. */
export function memorySystem(system: CodeSystem, supplements: readonly CodeSystem[] = []): System {
  const byCode = conceptsOf(system, supplements);
  const concepts = [...byCode.values()];
  const hierarchy = hierarchyOf(system);
  const caseSensitive = system.caseSensitive !== false;
  const folded = caseSensitive ? undefined : new Map(concepts.map((one) => [one.code.toLowerCase(), one.code]));
  const own = (code: string) => folded?.get(code.toLowerCase()) ?? code;
  const declared = [system, ...supplements].flatMap(({ property = [], filter = [] }) =>
    [...property, ...filter].flatMap(({ code }) => code ?? []),
  );
  const used = concepts.flatMap(({ property }) => property.flatMap(({ code }) => code ?? []));
  const wellKnown = ['notSelectable', 'inactive', 'status'].flatMap((name) => [...propertyCodes(system, name)]);
  const properties = new Set([...declared, ...used, ...wellKnown]);
  const filtered: Filtered = { hierarchy, concepts, properties, own };
  const about = { ...system, url: system.url ?? '' };
  const holdsOf = (filter: Filter) => {
    const holds = filterOf(filtered, filter);
    if (!holds) throw badFilter({ about }, filter);
    return holds;
  };
  const kept = new Map<string, (concept: Concept) => boolean>();
  /** A filter is made once: a value set asks it of code after code. */
  const holding = (filter: Filter) => {
    const key = JSON.stringify([filter.property, filter.op, filter.value]);
    const before = kept.get(key);
    if (before) return before;
    const holds = holdsOf(filter);
    if (kept.size < 100) kept.set(key, holds);
    return holds;
  };
  return {
    about,
    caseSensitive,
    supplements: supplements.flatMap(({ url, version }) => (url ? [version ? `${url}|${version}` : url] : [])),
    hierarchical: hierarchy.parents.size > 0,
    find: async (code) => byCode.get(own(code)),
    fulfils: async (concept, filter) => holding(filter)(concept),
    async select({ filters, words = [], limit }) {
      const tests = filters.map(holding);
      const found = concepts.filter(
        (one) =>
          tests.every((holds) => holds(one)) &&
          haveWords([one.display, one.code, ...one.designation.map(({ value }) => value)], words),
      );
      if (found.length > limit)
        throw tooCostly(`${about.url} has ${found.length} codes to list; the limit is ${limit}.`);
      return found;
    },
    parents: async (code) => hierarchy.parents.get(own(code)) ?? [],
    children: async (code) => hierarchy.children.get(own(code)) ?? [],
    ancestors: async (code, limit) => within([...reach(hierarchy.parents, own(code))], limit, about.url),
    descendants: async (code, limit) => within([...reach(hierarchy.children, own(code))], limit, about.url),
  };
}

function within(codes: readonly string[], limit: number, url: string): readonly string[] {
  if (codes.length > limit) throw tooCostly(`${codes.length} codes of ${url} are asked for; the limit is ${limit}.`);
  return codes;
}
