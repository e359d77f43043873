/** Conditions of resources that may turn out to hold always or never, put together without what does not matter. */
import type { Clause } from '../../store/search/query.ts';

export type Formula = boolean | Clause;

const clauses = (all: readonly Formula[]) => all.filter((one): one is Clause => typeof one !== 'boolean');

export function and(all: readonly Formula[]): Formula {
  if (all.includes(false)) return false;
  const [first, ...others] = clauses(all);
  if (first === undefined) return true;
  return others.length === 0 ? first : { kind: 'either', ways: [[first, ...others]] };
}

export function or(all: readonly Formula[]): Formula {
  if (all.includes(true)) return true;
  const [first, ...others] = clauses(all);
  if (first === undefined) return false;
  return others.length === 0 ? first : { kind: 'either', ways: [first, ...others].map((one) => [one]) };
}

export function not(one: Formula): Formula {
  if (typeof one === 'boolean') return !one;
  return { kind: 'not', where: [one] };
}

/** As a clause; undefined for what never holds. */
export function clauseOf(formula: Formula): Clause | undefined {
  if (formula === false) return undefined;
  return formula === true ? { kind: 'either', ways: [[]] } : formula;
}
