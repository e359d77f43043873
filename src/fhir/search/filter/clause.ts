/**
 * A parsed `_filter` as a clause of the query: each test is what an ordinary parameter asks, in other words.
 * https://hl7.org/fhir/R4/search_filter.html
 */
import type { FhirError } from '../../../shared/errors.ts';
import type { Clause, ClauseOf, TokenValue } from '../../../store/search/query.ts';
import type { SearchParameter } from '../parameters.ts';
import { bad } from '../values.ts';
import { type Filter, type Operator, parseFilter, type Step } from './parse.ts';

/** How clauses are made elsewhere; each narrows to what the caller may see. */
export interface Building {
  /** Throws `invalid` for a parameter that the type does not have. */
  readonly parameter: (type: string, code: string) => SearchParameter;
  /** One `name=value`; the value is escaped as in a URL. */
  readonly plain: (type: string, name: string, value: string) => Clause;
  /** What a reference leads to fulfils `make`, which gives undefined for a type that cannot. */
  readonly chain: (type: string, code: string, first: string, make: (target: string) => readonly Clause[]) => Clause;
}

type Test = Extract<Filter, { readonly kind: 'test' }>;

/** Throws `invalid` for a text that is no filter, unknown parameters, and operators that a parameter does not have. */
export function filterClause(building: Building, type: string, text: string): Clause {
  return clauseOf(building, type, parseFilter(text));
}

function clauseOf(building: Building, type: string, filter: Filter): Clause {
  if (filter.kind === 'not') return { kind: 'not', where: [clauseOf(building, type, filter.of)] };
  if (filter.kind === 'test') return pathClause(building, type, filter.path, filter);
  return { kind: 'either', ways: waysOf(building, type, filter) };
}

/** What `or` joins, side by side: a hundred of them within each other would be a statement that nobody can plan. */
function waysOf(building: Building, type: string, filter: Filter): (readonly Clause[])[] {
  if (filter.kind !== 'or') return [allOf(building, type, filter)];
  return [...waysOf(building, type, filter.left), ...waysOf(building, type, filter.right)];
}

function allOf(building: Building, type: string, filter: Filter): readonly Clause[] {
  if (filter.kind !== 'and') return [clauseOf(building, type, filter)];
  return [...allOf(building, type, filter.left), ...allOf(building, type, filter.right)];
}

function pathClause(building: Building, type: string, [step, ...rest]: readonly Step[], test: Test): Clause {
  if (!step) throw wrong(test, 'its path is empty');
  const [next, ...more] = rest;
  if (!next) return testClause(building, type, step.code, test);
  const together = togetherIn(type, step.code);
  if (together && more.length === 0) return togetherClause(building, type, together, { step, next, test });
  return building.chain(type, step.code, next.code, (target) => [
    ...(step.filter ? [clauseOf(building, target, step.filter)] : []),
    pathClause(building, target, rest, test),
  ]);
}

/**
 * Names that only filters have, for what one element says together: R4's composite parameters find the same.
 * https://hl7.org/fhir/R4/search_filter.html#params
 */
interface Together {
  readonly composite: string;
  /** The names below it in the order of the composite's components. */
  readonly names: readonly [string, string];
}

const additional: Readonly<Record<string, Together>> = {
  'DocumentReference.relatesTo': { composite: 'relationship', names: ['target', 'code'] },
  'Group.characteristic': { composite: 'characteristic-value', names: ['code', 'value'] },
};

function togetherIn(type: string, name: string): Together | undefined {
  const key = `${type}.${name}`;
  return Object.hasOwn(additional, key) ? additional[key] : undefined;
}

interface Pair {
  readonly step: Step;
  readonly next: Step;
  readonly test: Test;
}

/** `relatesTo[code eq replaces].target re DocumentReference/1`. */
function togetherClause(building: Building, type: string, { composite, names }: Together, pair: Pair): Clause {
  const { step, next, test } = pair;
  const inner = step.filter?.kind === 'test' ? step.filter : undefined;
  const values = new Map([
    [inner?.path.map(({ code }) => code).join('.'), inner],
    [next.code, test],
  ]);
  const tests = names.map((name) => values.get(name));
  if (tests.some((one) => one === undefined || (one.operator !== 'eq' && one.operator !== 're'))) {
    throw wrong(test, `it is ${step.code}[${names.join(' eq x].')} eq y, or the other way round`);
  }
  const parts = tests.map((one) => (one?.value ?? '').replace(/[\\,$]/g, '\\$&'));
  return building.plain(type, composite, parts.join('$'));
}

function wrong({ path, operator }: Test, problem: string): FhirError {
  return bad('_filter', `${path.map(({ code }) => code).join('.')} ${operator}: ${problem}`);
}

/** A value as it stands in a URL. */
function escaped(value: string): string {
  return value.replace(/[\\,|$]/g, '\\$&');
}

interface Leaf {
  readonly building: Building;
  readonly type: string;
  readonly code: string;
  readonly test: Test;
}

type Make = (leaf: Leaf) => Clause;

const ask = ({ building, type }: Leaf, name: string, value: string): Clause => building.plain(type, name, value);

/** One of the values is another one. */
const butNot =
  (make: Make): Make =>
  (leaf) => {
    const to = make(leaf);
    if (to.kind === 'token' || to.kind === 'string' || to.kind === 'uri' || to.kind === 'reference') {
      return { kind: 'unequal', to };
    }
    // A resource has one id.
    return { kind: 'not', where: [to] };
  };

function text(match: ClauseOf<'string'>['match']): Make {
  return (leaf) => {
    const clause = ask(leaf, leaf.code, escaped(leaf.test.value));
    if (clause.kind === 'string') return { ...clause, match };
    if (match === 'equal') return clause;
    throw wrong(leaf.test, 'what is found by its sound can only be equal');
  };
}

const prefixed =
  (prefix: string): Make =>
  (leaf) =>
    ask(leaf, leaf.code, prefix + leaf.test.value);

/**
 * Ranges as they are written, with nothing around them. `po`: they overlap, which is what `ap` asks of a range that nothing
 * widens; `co`: the stored one contains the other.
 */
const ranging =
  (prefix: 'ap' | 'co'): Make =>
  (leaf) => {
    const clause = ask(leaf, leaf.code, `ge${leaf.test.value}`);
    if (clause.kind === 'date' || clause.kind === 'updated') {
      return { ...clause, any: clause.any.map((range) => ({ ...range, prefix })) };
    }
    return clause.kind === 'quantity' ? { ...clause, any: clause.any.map((range) => ({ ...range, prefix })) } : clause;
  };

const exact: Make = (leaf) => ask(leaf, leaf.code, leaf.test.quoted ? escaped(leaf.test.value) : leaf.test.value);

/** Names that stand for code systems. https://hl7.org/fhir/R4/search_filter.html#ops (Note) */
const systems: Readonly<Record<string, string>> = {
  loinc: 'http://loinc.org',
  snomed: 'http://snomed.info/sct',
  rxnorm: 'http://www.nlm.nih.gov/research/umls/rxnorm',
  ucum: 'http://unitsofmeasure.org',
};

/** A token as in a URL, its case as it is written and all small or all great: values are never case sensitive here. */
const concept: Make = (leaf) => {
  const value = leaf.test.value.replace(/^(loinc|snomed|rxnorm|ucum)(?=\|)/, (name) => systems[name] ?? name);
  // `|` stands between system and code here, too, quoted or not.
  const asked = ask(leaf, leaf.code, leaf.test.quoted ? value.replace(/[\\,$]/g, '\\$&') : value);
  if (asked.kind !== 'token') return asked;
  return { ...asked, any: asked.any.flatMap(inAnyCase) };
};

function inAnyCase(value: TokenValue): readonly TokenValue[] {
  const { code } = value;
  if (code === undefined) return [value];
  return [...new Set([code, code.toLowerCase(), code.toUpperCase()])].map((one) => ({ ...value, code: one }));
}
const modified =
  (modifier: string): Make =>
  (leaf) =>
    ask(leaf, `${leaf.code}:${modifier}`, leaf.test.value);

const ranges = Object.fromEntries(
  ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'ap', 'sa', 'eb'].map((prefix) => [prefix, prefixed(prefix)]),
) as Readonly<Partial<Record<Operator, Make>>>;

/** What each type of parameter can be asked, `pr` aside. */
const table: Readonly<Partial<Record<SearchParameter['type'], Readonly<Partial<Record<Operator, Make>>>>>> = {
  string: {
    eq: text('equal'),
    ne: butNot(text('equal')),
    co: text('contains'),
    sw: text('starts'),
    ew: text('ends'),
    gt: text('gt'),
    lt: text('lt'),
    ge: text('ge'),
    le: text('le'),
  },
  token: {
    eq: concept,
    ne: butNot(concept),
    // https://hl7.org/fhir/R4/search_filter.html: the value subsumes a concept of the set.
    ss: modified('below'),
    sb: modified('above'),
    in: modified('in'),
    ni: modified('not-in'),
  },
  reference: { eq: exact, ne: butNot(exact), re: exact, ss: modified('below'), sb: modified('above') },
  uri: { eq: exact, ne: butNot(exact), sw: modified('below'), ss: modified('below'), sb: modified('above') },
  date: { ...ranges, po: ranging('ap'), co: ranging('co') },
  number: { ...ranges, co: ranging('co') },
  quantity: ranges,
  composite: { eq: (leaf) => ask(leaf, leaf.code, leaf.test.value) },
};

function testClause(building: Building, type: string, code: string, test: Test): Clause {
  const parameter = building.parameter(type, code);
  const leaf: Leaf = { building, type, code, test };
  if (test.operator === 'pr') {
    if (test.value !== 'true' && test.value !== 'false') throw wrong(test, 'pr is true or false');
    return ask(leaf, `${code}:missing`, test.value === 'true' ? 'false' : 'true');
  }
  const make = table[parameter.type]?.[test.operator];
  if (!make) throw wrong(test, `a ${parameter.type} parameter has no ${test.operator}`);
  return make(leaf);
}
