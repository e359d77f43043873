/** Whether a resource fulfils clauses, told from its own index rows as the store tells it from the stored ones. */
import type { IndexRow } from '../../store/search/index-row.ts';
import type { Clause, ClauseOf, RangeValue } from '../../store/search/query.ts';

/** What is judged: the resource's key and what it can be found by. */
export interface Judged {
  readonly id: string | undefined;
  readonly rows: readonly IndexRow[];
}

function tokenHolds({ rows }: Judged, { param, any, not = false }: ClauseOf<'token'>): boolean {
  const own = rows.filter((row) => row.kind === 'token' && row.param === param);
  const isAny = own.some(
    (row) =>
      row.kind === 'token' &&
      any.some(
        ({ system, code }) =>
          (system === undefined || (row.system ?? '') === system) && (code === undefined || row.code === code),
      ),
  );
  return isAny !== not;
}

function referenceHolds({ rows }: Judged, { param, any }: ClauseOf<'reference'>): boolean {
  const sought = new Set(any.map(({ type, id, url }) => url ?? `${type}/${id}`));
  return rows.some(
    (row) =>
      row.kind === 'reference' &&
      row.param === param &&
      sought.has(row.target ? `${row.target.type}/${row.target.id}` : (row.url ?? '')),
  );
}

function memberHolds({ rows }: Judged, { params, any }: ClauseOf<'member'>): boolean {
  const sought = new Set(any.map(({ type, id }) => `${type}/${id}`));
  return rows.some(
    (row) =>
      row.kind === 'reference' &&
      row.target !== undefined &&
      params.includes(row.param) &&
      sought.has(`${row.target.type}/${row.target.id}`),
  );
}

function inRange(low: number, high: number, range: RangeValue): boolean {
  if (range.prefix === 'ap') return low <= range.high && high >= range.low;
  if (range.prefix === 'eq') return low >= range.low && high <= range.high;
  throw new Error(`A date with the prefix ${range.prefix} is not judged here.`);
}

function dateHolds({ rows }: Judged, { param, any }: ClauseOf<'date'>): boolean {
  return rows.some(
    (row) => row.kind === 'date' && row.param === param && any.some((range) => inRange(row.low, row.high, range)),
  );
}

/** Whether all hold. Throws Error for kinds that are no condition of access: text, chains, quantities. */
export function holds(judged: Judged, clauses: readonly Clause[]): boolean {
  return clauses.every((clause) => clauseHolds(judged, clause));
}

function clauseHolds(judged: Judged, clause: Clause): boolean {
  switch (clause.kind) {
    case 'id':
      return judged.id !== undefined && clause.any.includes(judged.id);
    case 'token':
      return tokenHolds(judged, clause);
    case 'reference':
      return referenceHolds(judged, clause);
    case 'member':
      return memberHolds(judged, clause);
    // What another resource says is not in these rows: whoever judges a resource with links looks at those, too.
    case 'link':
      return false;
    case 'date':
      return dateHolds(judged, clause);
    case 'missing':
      return judged.rows.some(({ param }) => param === clause.param) !== clause.missing;
    case 'either':
      return clause.ways.some((way) => holds(judged, way));
    case 'not':
      return !holds(judged, clause.where);
    default:
      throw new Error(`A clause of kind ${clause.kind} is not judged here.`);
  }
}
