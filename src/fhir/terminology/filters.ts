/**
 * Which concepts of a system fulfil a value set's filter.
 * https://hl7.org/fhir/R4/valueset.html#filters
 */
import type { CodeSystemConceptProperty } from '@medplum/fhirtypes';
import { type Hierarchy, reach } from './hierarchy.ts';
import { matching } from './regex.ts';
import type { Concept, Filter } from './system.ts';

/** What the filters look at. */
export interface Filtered {
  readonly hierarchy: Hierarchy;
  readonly concepts: readonly Concept[];
  /** Names that a filter may ask about: declared ones, and those that some concept has. */
  readonly properties: ReadonlySet<string>;
  /** Brings a code to the system's own writing. */
  readonly own: (code: string) => string;
}

type Holds = (concept: Concept) => boolean;

const hierarchical: Readonly<Record<string, (filtered: Filtered, value: string) => Holds>> = {
  'is-a': ({ hierarchy }, value) => {
    const below = reach(hierarchy.children, value);
    return ({ code }) => code === value || below.has(code);
  },
  'descendent-of': ({ hierarchy }, value) => {
    const below = reach(hierarchy.children, value);
    return ({ code }) => below.has(code);
  },
  'is-not-a': ({ hierarchy }, value) => {
    const below = reach(hierarchy.children, value);
    return ({ code }) => code !== value && !below.has(code);
  },
  generalizes: ({ hierarchy }, value) => {
    const above = reach(hierarchy.parents, value);
    return ({ code }) => code === value || above.has(code);
  },
};

/** A property's value as the text that filters compare. */
function propertyText(property: CodeSystemConceptProperty): string {
  const { valueCoding } = property;
  if (valueCoding) return valueCoding.code ?? '';
  const value = Object.entries(property).find(([name]) => name.startsWith('value'))?.[1];
  return String(value ?? '');
}

function textsOf({ hierarchy }: Filtered, name: string): (concept: Concept) => readonly string[] {
  switch (name) {
    case 'code':
    case 'concept':
      return ({ code }) => [code];
    case 'display':
      return ({ display }) => (display === undefined ? [] : [display]);
    case 'definition':
      return ({ definition }) => (definition === undefined ? [] : [definition]);
    case 'designation':
      return ({ designation }) => designation.flatMap(({ value }) => value ?? []);
    case 'parent':
      return ({ code }) => hierarchy.parents.get(code) ?? [];
    case 'child':
      return ({ code }) => hierarchy.children.get(code) ?? [];
    default:
      return ({ property }) => property.filter(({ code }) => code === name).map(propertyText);
  }
}

const listOf = (value: string) => new Set(value.split(',').map((one) => one.trim()));

/** The test that the filter makes of each concept; undefined when the filter makes no sense here. */
export function filterOf(filtered: Filtered, { property = '', op = '=', value = '' }: Filter): Holds | undefined {
  const isCode = property === 'concept' || property === 'code';
  const builtIn = isCode || ['display', 'definition', 'designation', 'parent', 'child'].includes(property);
  if (!builtIn && !filtered.properties.has(property)) return undefined;
  const byHierarchy = Object.hasOwn(hierarchical, op) ? hierarchical[op] : undefined;
  if (byHierarchy) return isCode ? byHierarchy(filtered, filtered.own(value)) : undefined;
  const texts = textsOf(filtered, property);
  const comparable = isCode ? filtered.own : (text: string) => text;
  switch (op) {
    case '=':
      return (concept) => texts(concept).includes(comparable(value));
    case 'in': {
      const any = new Set([...listOf(value)].map(comparable));
      return (concept) => texts(concept).some((text) => any.has(text));
    }
    case 'not-in': {
      const none = new Set([...listOf(value)].map(comparable));
      return (concept) => !texts(concept).some((text) => none.has(text));
    }
    case 'exists':
      return (concept) => texts(concept).length > 0 === (value === 'true');
    case 'regex': {
      const all = filtered.concepts.flatMap((concept) => texts(concept));
      const matches = matching(value, all);
      const good = new Set(all.filter((_, at) => matches[at]));
      return (concept) => texts(concept).some((text) => good.has(text));
    }
    default:
      return undefined;
  }
}
