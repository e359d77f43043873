/**
 * What is asked of a contained resource, asked of the one that contains it.
 * https://hl7.org/fhir/R4/search.html#contained
 */
import type { Clause } from '../../store/search/query.ts';

const nothing: Clause = { kind: 'either', ways: [] };

/** The clause of a search of `type` as one of the version that contains it, indexed under `prefix` (contained-names.ts). */
function insideClause(prefix: string, type: string, clause: Clause): Clause {
  const each = (where: readonly Clause[]) => where.map((one) => insideClause(prefix, type, one));
  switch (clause.kind) {
    case 'id':
      return { kind: 'token', param: thereParam(prefix, type), any: clause.any.map((code) => ({ code })) };
    // What is contained has no history, and no text index, of its own: its container's are meant.
    case 'updated':
    case 'text':
      return clause;
    case 'composite':
      return { ...clause, params: clause.params.map((param) => prefix + param) };
    case 'chain': {
      const contained = clause.contained?.map(({ there, where }) => ({ there: prefix + there, where: each(where) }));
      return { ...clause, param: prefix + clause.param, ...(contained ? { contained } : {}) };
    }
    case 'unequal':
      return { ...clause, to: { ...clause.to, param: prefix + clause.to.param } };
    case 'either':
      return { ...clause, ways: clause.ways.map(each) };
    case 'not':
      return { ...clause, where: each(clause.where) };
    // Nothing but its container points at what is contained.
    case 'has':
    case 'member':
    case 'link':
      return nothing;
    default:
      return { ...clause, param: prefix + clause.param };
  }
}

/** Whether resources may fulfil it that have no value under the prefix, and so also those that contain nothing. */
function isNegative(clause: Clause): boolean {
  switch (clause.kind) {
    case 'token':
      return clause.not === true;
    case 'missing':
      return clause.missing;
    case 'not':
    case 'updated':
    case 'text':
      return true;
    case 'either':
      return clause.ways.some((way) => way.every(isNegative));
    default:
      return false;
  }
}

/** What every resource has that contains one of the type under this prefix. */
export const thereParam = (prefix: string, type: string): string => `${prefix}${type}._id`;

/** That something of the type is contained under this prefix, and fulfils all of the clauses. */
export function insideClauses(prefix: string, type: string, where: readonly Clause[]): readonly Clause[] {
  const inside = where.map((clause) => insideClause(prefix, type, clause));
  const isThere: Clause = { kind: 'missing', param: thereParam(prefix, type), missing: false, of: 'token' };
  return where.every(isNegative) ? [...inside, isThere] : inside;
}
