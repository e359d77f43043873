/**
 * ValueSet/$expand.
 * https://hl7.org/fhir/R4/valueset-operation-expand.html
 */
import { randomUUID } from 'node:crypto';
import type {
  ValueSet,
  ValueSetComposeIncludeConceptDesignation,
  ValueSetExpansion,
  ValueSetExpansionContains,
  ValueSetExpansionParameter,
} from '@medplum/fhirtypes';
import type { Composed } from './compose.ts';
import { conceptProperties } from './concept-properties.ts';
import { namesOf, shownName } from './display.ts';
import type { Hit } from './membership.ts';
import { present } from './present.ts';
import { systemText } from './scope.ts';
import { canonicalOf, canonicalText } from './source.ts';
import { doubtful } from './standing.ts';
import { tooCostly } from './system.ts';
import type { ExpandAsked } from './terminology.ts';

export interface Found {
  /** All hits, or those of the page that was asked for. */
  readonly hits: readonly Hit[];
  /** How many there are in all. */
  readonly total: number;
  /** Whether `hits` is the page already. */
  readonly paged?: boolean;
}

/** Children of one another within a value set, as its code systems have them. */
interface Branch {
  readonly hit: Hit;
  readonly inside: Branch[];
  depth: number;
}

/** Deeper trees are cut and go on at the top: readers of JSON have limits too. */
const deepest = 50;

/** A whole expansion may be shown as a tree; a page, a search or a list of codes may not. */
function isNested(asked: ExpandAsked, { include }: Composed): boolean {
  const { excludeNested = false, offset, count, filter } = asked;
  if (excludeNested || offset !== undefined || count !== undefined || filter) return false;
  return include.every(({ concepts, system }) => system !== undefined && !concepts);
}

/** Each hit under the first of its parents that is a hit too. */
async function branchesOf(hits: readonly Hit[]): Promise<readonly Branch[]> {
  const named = hits.map(
    (hit) => [`${hit.system}|${hit.concept.code}`, { hit, inside: [], depth: 0 }] as [string, Branch],
  );
  const branches = new Map(named);
  const roots: Branch[] = [];
  for (const branch of branches.values()) {
    const { system, known, concept } = branch.hit;
    // A system in tables would be asked for each: it is listed flat, as a page of it is.
    const parents = known?.hierarchical && !known.page ? await known.parents(concept.code) : [];
    const parent = parents.map((code) => branches.get(`${system}|${code}`)).find(Boolean);
    // What has children already stays where it is: its parent may be among them (a hierarchy with a cycle).
    if (!parent || parent.depth >= deepest || branch.inside.length > 0) roots.push(branch);
    else {
      branch.depth = parent.depth + 1;
      parent.inside.push(branch);
    }
  }
  return roots;
}

/** Designations that were asked for: all, or those of a language or use (`system|code`, or the code alone). */
function designationsOf(hit: Hit, { designations = [] }: ExpandAsked, display: string | undefined) {
  const own = [...(hit.listed?.designation ?? []), ...hit.concept.designation];
  // The display in another language than the one asked for is a name like others, and what is shown instead is none more.
  const replaced = namesOf(hit).find(({ value }) => value === hit.concept.display && value !== display);
  const isSaid = own.some(({ value, language }) => value === replaced?.value && language === replaced?.language);
  const others = replaced ? own.filter(({ value }) => value !== display) : own;
  const all: ValueSetComposeIncludeConceptDesignation[] =
    replaced && !isSaid ? [{ ...present({ language: replaced.language }), value: replaced.value }, ...others] : others;
  if (designations.length === 0) return all;
  const wanted = designations.map((token) => token.slice(token.lastIndexOf('|') + 1));
  return all.filter(({ language, use }) => wanted.some((one) => one === language || one === use?.code));
}

function containsOf(asked: ExpandAsked, { hit, inside }: Branch): ValueSetExpansionContains {
  const { concept, system, listed } = hit;
  const display = shownName(hit, asked.displayLanguage);
  const designation = asked.includeDesignations ? designationsOf(hit, asked, display) : [];
  const extension = conceptProperties(hit, asked);
  return {
    ...(extension.length > 0 ? { extension } : {}),
    system,
    ...(concept.abstract ? { abstract: true } : {}),
    ...(concept.inactive ? { inactive: true } : {}),
    code: listed?.code ?? concept.code,
    ...present({ display }),
    ...(designation.length > 0 ? { designation } : {}),
    ...(inside.length > 0 ? { contains: inside.map((one) => containsOf(asked, one)) } : {}),
  };
}

type Value = Omit<ValueSetExpansionParameter, 'name'>;

function parametersOf(asked: ExpandAsked, composed: Composed, hits: readonly Hit[]): ValueSetExpansionParameter[] {
  const one = <T>(value: T | undefined, make: (value: T) => Value) => (value === undefined ? [] : [make(value)]);
  const boolean = (value: boolean | undefined) => one(value, (valueBoolean) => ({ valueBoolean }));
  const integer = (value: number | undefined) => one(value, (valueInteger) => ({ valueInteger }));
  const uris = (values: Iterable<string>) => [...values].map((valueUri) => ({ valueUri }));
  const systems = new Set(hits.flatMap(({ known }) => (known ? [systemText(known)] : [])));
  const supplements = new Set(hits.flatMap(({ known }) => known?.supplements ?? []));
  const imports = new Set(importsOf(composed));
  const listed: Readonly<Record<string, readonly Value[]>> = {
    filter: one(asked.filter, (valueString) => ({ valueString })),
    offset: integer(asked.offset),
    count: integer(asked.count),
    displayLanguage: one(asked.displayLanguage, (valueCode) => ({ valueCode })),
    includeDesignations: boolean(asked.includeDesignations),
    includeDefinition: boolean(asked.includeDefinition),
    activeOnly: boolean(asked.activeOnly),
    excludeNested: boolean(asked.excludeNested),
    excludeNotForUI: boolean(asked.excludeNotForUI),
    excludePostCoordinated: boolean(asked.excludePostCoordinated),
    designation: (asked.designations ?? []).map((valueString) => ({ valueString })),
    property: (asked.properties ?? []).map((valueString) => ({ valueString })),
    ...warningsOf(composed, hits),
    'used-codesystem': uris(systems),
    'used-supplement': uris(supplements),
    'used-valueset': uris(imports),
    version: uris([...systems].filter((text) => canonicalOf(text).version !== undefined)),
  };
  return Object.entries(listed).flatMap(([name, values]) => values.map((value) => ({ name, ...value })));
}

/** `warning-draft` and the like: what a user should know of the definitions that the codes come from. */
function warningsOf(composed: Composed, hits: readonly Hit[]): Readonly<Record<string, readonly Value[]>> {
  const systems = [...new Set(hits.flatMap(({ known }) => (known ? [known.about] : [])))];
  const warnings: Record<string, Value[]> = {};
  for (const { standing, canonical } of doubtful(composed, systems)) {
    const name = `warning-${standing}`;
    warnings[name] = [...(warnings[name] ?? []), { valueUri: canonical }];
  }
  return warnings;
}

function importsOf({ include, exclude }: Composed): string[] {
  return [...include, ...exclude]
    .flatMap(({ imports }) => imports)
    .flatMap((one) => [
      ...(one.valueSet.url ? [canonicalText({ url: one.valueSet.url, version: one.valueSet.version })] : []),
      ...importsOf(one),
    ]);
}

/** The value set with its expansion; `limit` is how many codes an answer may have. */
export async function expansionOf(
  asked: ExpandAsked,
  composed: Composed,
  { hits, total, paged }: Found,
  limit: number,
): Promise<ValueSet> {
  const { offset = 0, count } = asked;
  const page = paged ? hits : hits.slice(offset, count === undefined ? undefined : offset + count);
  if (page.length > limit)
    throw tooCostly(`The expansion has ${total} codes; ask for at most ${limit} by count and offset.`);
  const nested = isNested(asked, composed);
  const branches = nested ? await branchesOf(page) : page.map((hit) => ({ hit, inside: [], depth: 0 }));
  const parameter = parametersOf(asked, composed, hits);
  const contains = branches.map((branch) => containsOf(asked, branch));
  const expansion: ValueSetExpansion = {
    identifier: `urn:uuid:${randomUUID()}`,
    timestamp: new Date().toISOString(),
    total,
    ...(asked.offset === undefined && count === undefined ? {} : { offset }),
    ...(parameter.length > 0 ? { parameter } : {}),
    ...(contains.length > 0 ? { contains } : {}),
  };
  const { text: _, compose, ...rest } = composed.valueSet;
  return { ...rest, ...(asked.includeDefinition && compose ? { compose } : {}), expansion };
}
