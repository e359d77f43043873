/**
 * Quantities in other units: what is searched for is converted to each unit that the parameter's values are in (the dictionary
 * knows them), so that a stored value costs one row in its own unit. https://hl7.org/fhir/R4/search.html#quantity
 */
import { key32, paramKey, systemKey } from '../keys.ts';
import type { Database } from '../store.ts';
import type { Naming } from './naming.ts';
import type { Clause, PartValue, QuantityValue } from './query.ts';

/** Codes of units by parameter and system. */
type Units = ReadonlyMap<string, readonly string[]>;

const place = (p: number, sys: number) => `${p} ${sys}`;

/** The parameters of quantities in units that can be converted, anywhere in the clauses. */
function* convertible(where: readonly Clause[]): Generator<string> {
  for (const clause of where) {
    if (clause.kind === 'quantity') {
      if (clause.any.some(({ convert }) => convert)) yield clause.param;
    } else if (clause.kind === 'composite') {
      if (clause.any.flat().some((part) => part.kind === 'quantity' && part.convert)) yield* clause.params;
    } else for (const inner of innerOf(clause)) yield* convertible(inner);
  }
}

function innerOf(clause: Clause): readonly (readonly Clause[])[] {
  if (clause.kind === 'chain')
    return [...clause.targets.map(({ where }) => where), ...(clause.contained ?? []).map(({ where }) => where)];
  if (clause.kind === 'either') return clause.ways;
  return clause.kind === 'has' || clause.kind === 'not' ? [clause.where] : [];
}

async function unitsOf(db: Database, name: Naming, params: readonly string[]): Promise<Units> {
  const rows = await db.query<{ p: number; sys: number; codes: string[] }>(
    name({
      text: `SELECT d.p, d.sys, array_agg(DISTINCT d.val) AS codes FROM dictionary d WHERE d.p = ANY ($1::int4[]) AND d.kind = 'u' GROUP BY d.p, d.sys`,
      values: [params.map(paramKey)],
    }),
  );
  return new Map(rows.map(({ p, sys, codes }) => [place(p, sys), codes]));
}

/** The value in each of the units that are there and commensurable with its own. */
function inAll<V extends QuantityValue>(value: V, params: readonly string[], units: Units): readonly V[] {
  const { convert, system, ...plain } = value;
  if (!convert) return [value];
  const sys = systemKey(system);
  const codes = new Set(params.flatMap((param) => units.get(place(key32(param), sys)) ?? []));
  if (plain.code !== undefined) codes.add(plain.code);
  return [...codes].flatMap((code) => {
    const range = convert(code);
    return range ? [{ ...plain, ...(system === undefined ? {} : { system }), code, ...range } as V] : [];
  });
}

/** Every combination of one of each. */
function combinations<T>(lists: readonly (readonly T[])[]): readonly (readonly T[])[] {
  return lists.reduce<readonly (readonly T[])[]>(
    (all, list) => all.flatMap((one) => list.map((next) => [...one, next])),
    [[]],
  );
}

function convertAll(clause: Clause, units: Units): Clause {
  switch (clause.kind) {
    case 'quantity':
      return { ...clause, any: clause.any.flatMap((value) => inAll(value, [clause.param], units)) };
    case 'composite': {
      const { params } = clause;
      const ways = (part: PartValue) => (part.kind === 'quantity' ? inAll(part, params, units) : [part]);
      return { ...clause, any: clause.any.flatMap((parts) => combinations<PartValue>(parts.map(ways))) };
    }
    case 'chain': {
      const targets = clause.targets.map(({ type, where }) => ({
        type,
        where: where.map((one) => convertAll(one, units)),
      }));
      const contained = clause.contained?.map(({ there, where }) => ({
        there,
        where: where.map((one) => convertAll(one, units)),
      }));
      return { ...clause, targets, ...(contained ? { contained } : {}) };
    }
    case 'either':
      return { ...clause, ways: clause.ways.map((way) => way.map((one) => convertAll(one, units))) };
    case 'has':
    case 'not':
      return { ...clause, where: clause.where.map((one) => convertAll(one, units)) };
    default:
      return clause;
  }
}

/** The clauses with every convertible quantity in all units that are stored; one round trip, and only where there are some. */
export async function inStoredUnits(db: Database, name: Naming, where: readonly Clause[]): Promise<readonly Clause[]> {
  const params = [...new Set(convertible(where))];
  if (params.length === 0) return where;
  const units = await unitsOf(db, name, params);
  return where.map((clause) => convertAll(clause, units));
}
