/**
 * A parsed `_filter` as a clause of the query: each test is what an ordinary parameter asks, in other words.
 * https://hl7.org/fhir/R4/search_filter.html
 */
import type { FhirError } from '../../../shared/errors.ts';
import type { Clause } from '../../../store/search/query.ts';
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
  const [next] = rest;
  if (!next) return testClause(building, type, step.code, test);
  return building.chain(type, step.code, next.code, (target) => [
    ...(step.filter ? [clauseOf(building, target, step.filter)] : []),
    pathClause(building, target, rest, test),
  ]);
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

/** Has a value, and not this one. */
function unequal(leaf: Leaf, equal: Clause): Clause {
  return { kind: 'either', ways: [[ask(leaf, `${leaf.code}:missing`, 'false'), { kind: 'not', where: [equal] }]] };
}

const butNot =
  (make: Make): Make =>
  (leaf) =>
    unequal(leaf, make(leaf));

function text(match: 'equal' | 'contains' | 'starts' | 'ends'): Make {
  return (leaf) => {
    const clause = ask(leaf, leaf.code, escaped(leaf.test.value));
    return clause.kind === 'string' ? { ...clause, match } : clause;
  };
}

const prefixed =
  (prefix: string): Make =>
  (leaf) =>
    ask(leaf, leaf.code, prefix + leaf.test.value);

/** `po`: ranges overlap, which is what `ap` asks of a range that nothing widens. */
const overlapping: Make = (leaf) => {
  const clause = ask(leaf, leaf.code, leaf.test.value);
  if (clause.kind !== 'date' && clause.kind !== 'updated') return clause;
  return { ...clause, any: clause.any.map((range) => ({ ...range, prefix: 'ap' as const })) };
};

const exact: Make = (leaf) => ask(leaf, leaf.code, leaf.test.quoted ? escaped(leaf.test.value) : leaf.test.value);
const modified =
  (modifier: string): Make =>
  (leaf) =>
    ask(leaf, `${leaf.code}:${modifier}`, leaf.test.value);

const ranges = Object.fromEntries(
  ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'ap', 'sa', 'eb'].map((prefix) => [prefix, prefixed(prefix)]),
) as Readonly<Partial<Record<Operator, Make>>>;

/** What each type of parameter can be asked, `pr` aside. */
const table: Readonly<Partial<Record<SearchParameter['type'], Readonly<Partial<Record<Operator, Make>>>>>> = {
  string: { eq: text('equal'), ne: butNot(text('equal')), co: text('contains'), sw: text('starts'), ew: text('ends') },
  token: {
    eq: exact,
    ne: butNot(exact),
    // https://hl7.org/fhir/R4/search_filter.html: the value subsumes a concept of the set.
    ss: modified('below'),
    sb: modified('above'),
    in: modified('in'),
    ni: modified('not-in'),
  },
  reference: { eq: exact, ne: butNot(exact), re: exact, ss: modified('below'), sb: modified('above') },
  uri: { eq: exact, ne: butNot(exact), sw: modified('below'), ss: modified('below'), sb: modified('above') },
  date: { ...ranges, po: overlapping },
  number: ranges,
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
