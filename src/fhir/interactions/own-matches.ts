/**
 * What criteria find among the resources that a transaction itself writes: conditional references are resolved after the
 * writes. https://hl7.org/fhir/R4/http.html#trules
 */
import type { ClauseOf } from '../../store/search/query.ts';
import type { Context } from '../context.ts';
import { extract } from '../search/extract.ts';
import { holds, type Judged } from '../search/holds.ts';
import type { Criteria } from './conditional-match.ts';
import { inTurns, type Plan } from './transaction-plan.ts';
import { isFound } from './transaction-writes.ts';

export interface OwnMatches {
  /** The names (`Patient/1`) of what criteria find, when they are tokens, as an identifier is. */
  find(criteria: Criteria): readonly string[];
  /** Whether what is stored under this name will be another one, or none. */
  replaces(name: string): boolean;
}

interface Own extends Judged {
  readonly name: string;
}

/** Looks at the resources of these types that the plans write; their ids are known. */
export async function ownMatches(
  { base, parameters }: Pick<Context, 'base' | 'parameters'>,
  plans: readonly Plan[],
  types: ReadonlySet<string>,
): Promise<OwnMatches> {
  const replaced = new Set<string>();
  const byCode = new Map<string, Set<Own>>();
  await inTurns(plans, (plan) => {
    for (const name of replacedBy(plan)) replaced.add(name);
    const { type, id, body } = plan;
    if (!body || !types.has(type) || isFound(plan)) return;
    const rows = extract({ ...body.resource, id }, { base, ...(parameters ? { parameters } : {}) });
    note(byCode, { id, rows, name: `${type}/${id}` });
  });
  return {
    find({ query: { where } }) {
      const [first] = where.filter(isPlainToken);
      if (!first || !where.every(isPlainToken)) return [];
      const candidates = first.any.flatMap(({ code }) => [...(byCode.get(`${first.param} ${code}`) ?? [])]);
      return [...new Set(candidates)].filter((own) => holds(own, where)).map(({ name }) => name);
    },
    replaces: (name) => replaced.has(name),
  };
}

/** Under each parameter with each code. */
function note(byCode: Map<string, Set<Own>>, own: Own): void {
  for (const row of own.rows) {
    if (row.kind !== 'token') continue;
    const key = `${row.param} ${row.code}`;
    byCode.set(key, (byCode.get(key) ?? new Set()).add(own));
  }
}

function replacedBy({ op, type, id, criteria, found = [] }: Plan): readonly string[] {
  if (op === 'update') return [`${type}/${id}`];
  if (op !== 'delete') return [];
  return criteria ? found.map((one) => `${type}/${one.id}`) : [`${type}/${id}`];
}

/** A token by its code and nothing else about it. */
function isPlainToken(clause: Criteria['query']['where'][number]): clause is ClauseOf<'token'> {
  if (clause.kind !== 'token' || clause.not) return false;
  return clause.any.every((value) => {
    return value.code !== undefined && Object.keys(value).every((name) => name === 'system' || name === 'code');
  });
}
