/** Which concepts of an imported code system are meant, as a tree; compiled to a condition on `c`, a row of term_concept. */

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
  /** Each of these begins a word of one of the names. */
  | { readonly kind: 'words'; readonly all: readonly string[] }
  | { readonly kind: 'and' | 'or'; readonly of: readonly ConceptTest[] }
  | { readonly kind: 'not'; readonly of: ConceptTest };

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

type Hierarchical = Extract<ConceptTest, { readonly kind: 'below' | 'above' }>;

function hierarchy({ kind, code, self, direct }: Hierarchical, values: Values): string {
  const start = values.add(code);
  const [table, low, high] = direct ? ['term_parent', 'child', 'parent'] : ['term_ancestor', 'descendant', 'ancestor'];
  const [wanted, given] = kind === 'below' ? [low, high] : [high, low];
  const related = `SELECT ${wanted} FROM ${table} WHERE system = $1 AND ${given} = ${one(start)}`;
  return `c.n IN (${related}${self ? ` UNION ALL ${one(start)}` : ''})`;
}

/** The end of the range of texts that begin with `prefix`. */
function after(prefix: string): string {
  return `${prefix}\u{10ffff}`;
}

function words(all: readonly string[], values: Values): string {
  const each = all.map((word) => {
    const [low, high] = [values.add(word), values.add(after(word))];
    return `c.n IN (SELECT n FROM term_word WHERE system = $1 AND word >= ${low} AND word < ${high})`;
  });
  return each.length === 0 ? 'true' : each.join(' AND ');
}

function joined({ kind, of }: Extract<ConceptTest, { readonly kind: 'and' | 'or' }>, values: Values): string {
  if (of.length === 0) return kind === 'and' ? 'true' : 'false';
  return `(${of.map((test) => conditionOf(test, values)).join(kind === 'and' ? ' AND ' : ' OR ')})`;
}

/** SQL that holds for the concepts meant. */
export function conditionOf(test: ConceptTest, values: Values): string {
  switch (test.kind) {
    case 'all':
      return 'true';
    case 'codes':
      return `c.code = ANY (${values.add([...test.any])}::text[])`;
    case 'below':
    case 'above':
      return hierarchy(test, values);
    case 'property': {
      const named = `c.n IN (SELECT n FROM term_property WHERE system = $1 AND name = ${values.add(test.name)}`;
      return test.any ? `${named} AND value = ANY (${values.add([...test.any])}::text[]))` : `${named})`;
    }
    case 'matches': {
      const whole = values.add(`^(?:${test.expression})$`);
      if (test.name === 'code') return `c.code ~ ${whole}`;
      if (test.name === 'display') return `c.display ~ ${whole}`;
      return `c.n IN (SELECT n FROM term_property WHERE system = $1 AND name = ${values.add(test.name)} AND value ~ ${whole})`;
    }
    case 'inactive':
      return 'c.inactive';
    case 'words':
      return words(test.all, values);
    case 'not':
      return `NOT (${conditionOf(test.of, values)})`;
    default:
      return joined(test, values);
  }
}
