/**
 * Which concepts of an imported code system are meant, as a tree. It becomes a set of their numbers, which is what listing
 * needs, or a condition on one of them: asking for one concept by way of a set would make the whole set.
 */

export type ConceptTest =
  | { readonly kind: 'all' }
  | { readonly kind: 'codes'; readonly any: readonly string[] }
  /** Below or above a code; `direct`: parents or children only. `self`: the code itself too. */
  | {
      readonly kind: 'below' | 'above';
      readonly code: string;
      readonly self: boolean;
      readonly direct?: boolean;
    }
  /** A property has one of these values; without values: it is there at all. */
  | { readonly kind: 'property'; readonly name: string; readonly any?: readonly string[] }
  | { readonly kind: 'matches'; readonly name: string; readonly expression: string }
  | { readonly kind: 'inactive' }
  | Attribute
  /** All of the attributes in one relationship group. */
  | { readonly kind: 'group'; readonly of: readonly Attribute[] }
  /** What the concepts of a set have as values of attributes. */
  | { readonly kind: 'values'; readonly name: ConceptTest; readonly of: ConceptTest }
  /** Each of these begins a word of one of the names. */
  | { readonly kind: 'words'; readonly all: readonly string[] }
  | { readonly kind: 'and' | 'or'; readonly of: readonly ConceptTest[] }
  | { readonly kind: 'not'; readonly of: ConceptTest };

/** An attribute (a property whose name and value are codes of the system) has a value of a set; `differs`: one that is not. */
export interface Attribute {
  readonly kind: 'attribute';
  readonly name: ConceptTest;
  readonly value: ConceptTest;
  readonly differs?: boolean;
}

/** $1 is the system; further values are added to the list. */
export interface Values {
  add(value: unknown): string;
}

export function valuesOf(first: readonly unknown[]): Values & { readonly list: readonly unknown[] } {
  const list = [...first];
  return {
    list,
    add(value) {
      list.push(value);
      return `$${list.length}`;
    },
  };
}

const one = (code: string) => `(SELECT n FROM term_concept WHERE system = $1 AND code = ${code})`;

/** Rows of a table that has concepts by number. */
interface Rows {
  readonly table: string;
  /** The column that is the concept's number. */
  readonly n: string;
  readonly where: string;
}

/** The end of the range of texts that begin with `prefix`. */
const after = (prefix: string) => `${prefix}\u{10ffff}`;

type Hierarchical = Extract<ConceptTest, { readonly kind: 'below' | 'above' }>;

function related({ kind, direct }: Hierarchical, start: string): Rows {
  const [table, low, high] = direct ? ['term_parent', 'child', 'parent'] : ['term_ancestor', 'descendant', 'ancestor'];
  const [n, given] = kind === 'below' ? [low, high] : [high, low];
  return { table, n, where: `${given} = ${one(start)}` };
}

function withWord(word: string, values: Values): Rows {
  const [low, high] = [values.add(word), values.add(after(word))];
  return { table: 'term_word', n: 'n', where: `word >= ${low} AND word < ${high}` };
}

function withProperty(name: string, any: readonly string[] | undefined, values: Values): Rows {
  const named = `name = ${values.add(name)}`;
  const valued = any ? ` AND value = ANY (${values.add([...any])}::text[])` : '';
  return { table: 'term_property', n: 'n', where: named + valued };
}

function thatMatches(name: string, expression: string, values: Values): Rows {
  const whole = values.add(`^(?:${expression})$`);
  if (name === 'code' || name === 'display') return { table: 'term_concept', n: 'n', where: `${name} ~ ${whole}` };
  return { table: 'term_property', n: 'n', where: `name = ${values.add(name)} AND value ~ ${whole}` };
}

/** That a column of codes has one of those meant. */
function isOneOf(column: string, test: ConceptTest, values: Values): string {
  if (test.kind === 'codes') return `${column} = ANY (${values.add([...test.any])}::text[])`;
  return `${column} IN (SELECT code FROM term_concept WHERE system = $1 AND n IN (${setOf(test, values)}))`;
}

/** Names that are codes are attributes: other properties have words. */
const anyAttribute = "name ~ '^[0-9]'";

function attributeWhere({ name, value, differs }: Attribute, values: Values): string {
  const named = name.kind === 'all' ? anyAttribute : isOneOf('name', name, values);
  if (value.kind === 'all') return differs ? 'false' : named;
  return `${named} AND ${differs ? 'NOT ' : ''}${isOneOf('value', value, values)}`;
}

function inOneGroup(of: readonly Attribute[], values: Values): Rows {
  const alone = of.length === 1 ? '' : ' AND role_group > 0';
  const sets = of.map(
    (one) => `SELECT n, role_group FROM term_property WHERE system = $1${alone} AND ${attributeWhere(one, values)}`,
  );
  return { table: 'term_concept', n: 'n', where: `n IN (SELECT g.n FROM (${sets.join(' INTERSECT ')}) g)` };
}

function asValues(name: ConceptTest, of: ConceptTest, values: Values): Rows {
  const named = name.kind === 'all' ? anyAttribute : isOneOf('name', name, values);
  const found = `SELECT value FROM term_property WHERE system = $1 AND ${named} AND n IN (${setOf(of, values)})`;
  return { table: 'term_concept', n: 'n', where: `code IN (${found})` };
}

type Leaf = Exclude<ConceptTest, { readonly kind: 'and' | 'or' | 'not' | 'words' }>;

/** The rows that a test without parts looks for; several: any of them will do. */
function rowsOf(test: Leaf, values: Values): readonly Rows[] {
  switch (test.kind) {
    case 'all':
      return [{ table: 'term_concept', n: 'n', where: 'true' }];
    case 'inactive':
      return [{ table: 'term_concept', n: 'n', where: 'inactive' }];
    case 'codes':
      return [{ table: 'term_concept', n: 'n', where: `code = ANY (${values.add([...test.any])}::text[])` }];
    case 'property':
      return [withProperty(test.name, test.any, values)];
    case 'matches':
      return [thatMatches(test.name, test.expression, values)];
    case 'attribute':
      return [{ table: 'term_property', n: 'n', where: attributeWhere(test, values) }];
    case 'group':
      return [inOneGroup(test.of, values)];
    case 'values':
      return [asValues(test.name, test.of, values)];
    default: {
      const start = values.add(test.code);
      const self = { table: 'term_concept', n: 'n', where: `code = ${start}` };
      return test.self ? [related(test, start), self] : [related(test, start)];
    }
  }
}

const setOfRows = ({ table, n, where }: Rows) => `SELECT ${n} AS n FROM ${table} WHERE system = $1 AND ${where}`;
/** Tests that find a concept more than once. */
const repeating = new Set<ConceptTest['kind']>(['property', 'matches', 'attribute']);
const everything = 'SELECT n FROM term_concept WHERE system = $1';

function intersection(of: readonly ConceptTest[], values: Values): string {
  const kept = of.flatMap((test) => (test.kind === 'not' ? [] : [`(${setOf(test, values)})`]));
  const taken = of.flatMap((test) => (test.kind === 'not' ? [`(${setOf(test.of, values)})`] : []));
  const whole = kept.length === 0 ? `(${everything})` : kept.join(' INTERSECT ');
  return taken.length === 0 ? whole : `(${whole}) EXCEPT ${taken.join(' EXCEPT ')}`;
}

/** SQL that gives the numbers `n` of the concepts meant, each once. */
export function setOf(test: ConceptTest, values: Values): string {
  switch (test.kind) {
    case 'and':
    case 'not':
      return intersection(test.kind === 'and' ? test.of : [test], values);
    case 'or':
      return test.of.length === 0
        ? `${everything} AND false`
        : test.of.map((part) => `(${setOf(part, values)})`).join(' UNION ');
    case 'words':
      return test.all.length === 0
        ? everything
        : test.all
            .map((word) => `(SELECT DISTINCT n FROM (${setOfRows(withWord(word, values))}) w)`)
            .join(' INTERSECT ');
    default: {
      const sets = rowsOf(test, values).map(setOfRows);
      return sets.length === 1 && !repeating.has(test.kind)
        ? (sets[0] as string)
        : `SELECT DISTINCT n FROM (${sets.join(' UNION ALL ')}) s`;
    }
  }
}

const holdsFor = ({ table, n, where }: Rows) =>
  `EXISTS (SELECT FROM ${table} WHERE system = $1 AND ${n} = c.n AND ${where})`;

/** SQL that holds for the row `c` of term_concept when it is meant. */
export function conditionOf(test: ConceptTest, values: Values): string {
  switch (test.kind) {
    case 'and':
      return test.of.length === 0 ? 'true' : `(${test.of.map((part) => conditionOf(part, values)).join(' AND ')})`;
    case 'or':
      return test.of.length === 0 ? 'false' : `(${test.of.map((part) => conditionOf(part, values)).join(' OR ')})`;
    case 'not':
      return `NOT ${conditionOf(test.of, values)}`;
    case 'words':
      return `(${['true', ...test.all.map((word) => holdsFor(withWord(word, values)))].join(' AND ')})`;
    default:
      return `(${rowsOf(test, values).map(holdsFor).join(' OR ')})`;
  }
}
