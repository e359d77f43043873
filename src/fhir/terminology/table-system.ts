/**
 * A code system in tables: LOINC or SNOMED CT, as `livedoc import` loaded it.
 * https://hl7.org/fhir/R4/snomedct.html https://hl7.org/fhir/R4/loinc.html
 */
import type { CodeSystemConceptProperty } from '@medplum/fhirtypes';
import type { Store } from '../../store/store.ts';
import type { ConceptTest } from '../../store/terminology/concept-test.ts';
import {
  findConcept,
  type ImportedConcept,
  type ImportedSystem,
  isMeant,
  pageOfConcepts,
  selectCodes,
} from '../../store/terminology/concepts.ts';
import { parseEcl } from './ecl.ts';
import { recent } from './recent.ts';
import { badFilter, type Concept, type Filter, type Selection, type System, tooCostly } from './system.ts';

function propertyOf(code: string, kind: 'c' | 's' | 'b', value: string): CodeSystemConceptProperty {
  if (kind === 'b') return { code, valueBoolean: value === 'true' };
  return kind === 'c' ? { code, valueCode: value } : { code, valueString: value };
}

function conceptOf({ url }: ImportedSystem, found: ImportedConcept): Concept {
  return {
    code: found.code,
    display: found.display,
    ...(found.definition === null ? {} : { definition: found.definition }),
    designation: (found.names ?? []).map(([language, use, value]) => ({
      language,
      ...(use === '' ? {} : { use: { system: url, code: use } }),
      value,
    })),
    property: (found.properties ?? []).map(([name, kind, value]) => propertyOf(name, kind, value)),
    abstract: found.abstract,
    inactive: found.inactive,
  };
}

const listOf = (value: string) => value.split(',').map((one) => one.trim());

type Make = (value: string) => ConceptTest;

/** What filters on the code itself mean. */
const ofConcept: Readonly<Record<string, Make>> = {
  'is-a': (code) => ({ kind: 'below', code, self: true }),
  'descendent-of': (code) => ({ kind: 'below', code, self: false }),
  generalizes: (code) => ({ kind: 'above', code, self: true }),
  'is-not-a': (code) => ({ kind: 'not', of: { kind: 'below', code, self: true } }),
  '=': (code) => ({ kind: 'codes', any: [code] }),
  in: (value) => ({ kind: 'codes', any: listOf(value) }),
  'not-in': (value) => ({ kind: 'not', of: { kind: 'codes', any: listOf(value) } }),
  regex: (expression) => ({ kind: 'matches', name: 'code', expression }),
};

/** https://hl7.org/fhir/R4/loinc.html#filters: hierarchy by properties of its own. */
const relations: Readonly<Record<string, Make>> = {
  parent: (code) => ({ kind: 'below', code, self: false, direct: true }),
  child: (code) => ({ kind: 'above', code, self: false, direct: true }),
  ancestor: (code) => ({ kind: 'below', code, self: false }),
  descendant: (code) => ({ kind: 'above', code, self: false }),
  constraint: parseEcl,
};

function ofProperty(name: string, op: string, value: string): ConceptTest | undefined {
  if (name === 'inactive' && op === '=') {
    return value === 'true' ? { kind: 'inactive' } : { kind: 'not', of: { kind: 'inactive' } };
  }
  switch (op) {
    case '=':
      return { kind: 'property', name, any: [value] };
    case 'in':
      return { kind: 'property', name, any: listOf(value) };
    case 'not-in':
      return { kind: 'not', of: { kind: 'property', name, any: listOf(value) } };
    case 'exists': {
      const has: ConceptTest = { kind: 'property', name };
      return value === 'true' ? has : { kind: 'not', of: has };
    }
    case 'regex':
      return { kind: 'matches', name, expression: value };
    default:
      return undefined;
  }
}

function testOf(system: Pick<System, 'about'>, filter: Filter): ConceptTest {
  const { property = '', op = '=', value = '' } = filter;
  const isCode = property === 'concept' || property === 'code';
  // https://hl7.org/fhir/R4/snomedct.html#filters: there, the members of a reference set.
  if (isCode && op === 'in' && system.about.url === 'http://snomed.info/sct')
    return { kind: 'property', name: 'memberOf', any: listOf(value) };
  const table = isCode ? ofConcept : op === '=' ? relations : {};
  const key = isCode ? op : property;
  const test = Object.hasOwn(table, key) ? table[key]?.(value) : isCode ? undefined : ofProperty(property, op, value);
  if (!test) throw badFilter(system, filter);
  return test;
}

/** Concepts remembered of a system. */
const kept = 5000;

export function tableSystem(db: Store['db'], imported: ImportedSystem): System {
  const { id, url, version, name, title, language } = imported;
  const about = { url, version, name, title, language, status: 'active', content: 'complete' } as const;
  const concepts = recent<Concept>(kept);
  const testOfAll = ({ filters, words = [] }: Selection): ConceptTest => ({
    kind: 'and',
    of: [
      ...filters.map((filter) => testOf({ about }, filter)),
      ...(words.length > 0 ? [{ kind: 'words', all: words } as const] : []),
    ],
  });
  const related = async (test: ConceptTest, limit: number) => {
    const codes = await selectCodes(db, id, test, limit + 1);
    if (codes.length > limit) throw tooCostly(`More than ${limit} codes of ${url} are asked for.`);
    return codes;
  };

  return {
    about,
    caseSensitive: true,
    supplements: [],
    hierarchical: true,
    async find(code) {
      const before = concepts.get(code);
      if (before) return before;
      const found = await findConcept(db, id, code);
      if (!found) return undefined;
      const concept = conceptOf(imported, found);
      concepts.set(code, concept);
      return concept;
    },
    fulfils: ({ code }, filter) => isMeant(db, id, code, testOf({ about }, filter)),
    async select(selection) {
      const { limit } = selection;
      const { total, concepts: found } = await pageOfConcepts(db, id, testOfAll(selection), {
        offset: 0,
        count: limit,
      });
      if (total > limit) throw tooCostly(`${total} codes of ${url} are to be listed; the limit is ${limit}.`);
      return found.map((one) => conceptOf(imported, one));
    },
    async page(selection, offset, count) {
      const page = await pageOfConcepts(db, id, testOfAll(selection), { offset, count });
      return { total: page.total, concepts: page.concepts.map((one) => conceptOf(imported, one)) };
    },
    parents: (code) => related({ kind: 'above', code, self: false, direct: true }, 1000),
    children: (code) => related({ kind: 'below', code, self: false, direct: true }, 100_000),
    ancestors: (code, limit) => related({ kind: 'above', code, self: false }, limit),
    descendants: (code, limit) => related({ kind: 'below', code, self: false }, limit),
  };
}
