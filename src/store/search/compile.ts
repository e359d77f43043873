/** Clauses as conditions, and conditions as the list of what fulfils them all; chains hold clauses, so both are here. */
import { paramKey } from '../keys.ts';
import { composite } from './composite.ts';
import { all, type Condition, clauseKey, exists, not } from './condition.ts';
import { date, dates } from './date.ts';
import { link, member } from './member.ts';
import { currentOf, id, isCurrent, updated } from './meta.ts';
import { missing } from './missing.ts';
import { named } from './named.ts';
import { near } from './near.ts';
import { quantity } from './quantity.ts';
import type { Clause, ClauseOf } from './query.ts';
import { reference } from './reference.ts';
import type { Sql } from './sql.ts';
import { string, uri } from './string.ts';
import { text } from './text.ts';
import { token, typed } from './token.ts';
import { unequal } from './unequal.ts';

/** How many versions fulfil a condition, as far as that is known. */
export type Frequency = (condition: Condition) => number | undefined;

export interface Compiling {
  readonly sql: Sql;
  readonly frequency: Frequency;
  /** A frequency from which on a condition finds many. */
  readonly dense: number;
}

/** The one that the fewest versions fulfil; of those about which nothing is known, the first. */
export function rarest(conditions: readonly Condition[], frequency: Frequency): Condition | undefined {
  const listed = conditions.filter(({ list }) => list);
  const ranked = listed.map((condition) => [condition, frequency(condition) ?? Number.POSITIVE_INFINITY] as const);
  return ranked.reduce<(typeof ranked)[number] | undefined>(
    (best, one) => (best === undefined || one[1] < best[1] ? one : best),
    undefined,
  )?.[0];
}

/**
 * What the driver lists and what is still to be asked of it. Of few, an equality is asked at once: its index is gone through once
 * for all of them, where asking one by one begins at its root each time.
 */
function narrowed(
  { sql, frequency, dense }: Compiling,
  driver: Condition,
  conditions: readonly Condition[],
): { readonly list: string; readonly others: readonly Condition[] } {
  const list = driver.list?.() ?? '';
  const others = conditions.filter((condition) => condition !== driver);
  const next = others.find(({ among }) => among);
  if (!next?.among || (frequency(driver) ?? dense) >= dense) return { list, others };
  const d = sql.alias();
  const versions = `ARRAY(SELECT ${d}.v FROM (${list}) ${d})`;
  return { list: next.among(versions), others: others.filter((condition) => condition !== next) };
}

/** A query of one column `v`: every current resource of the type that fulfils all clauses, once. */
export function members(compiling: Compiling, type: string, conditions: readonly Condition[]): string {
  const { sql, frequency } = compiling;
  const driver = rarest(conditions, frequency);
  const c = sql.alias();
  if (!driver?.list) return `SELECT ${c}.v FROM ${currentOf(sql, type)(c)} AND ${all(conditions, `${c}.v`)}`;
  const { list, others } = narrowed(compiling, driver, conditions);
  const d = sql.alias();
  const distinct = `SELECT DISTINCT ${d}.v FROM (${list}) ${d}`;
  return `SELECT ${c}.v FROM (${distinct}) ${c} WHERE ${isCurrent(sql, type, `${c}.v`)} AND ${all(others, `${c}.v`)}`;
}

/** What fulfils all of the conditions: a single one's own list, which may have stale versions in it. */
function listed(compiling: Compiling, type: string, conditions: readonly Condition[]): string {
  const [only, ...more] = conditions;
  return more.length === 0 && only?.list ? only.list() : members(compiling, type, conditions);
}

/** Resources whose reference points at one that fulfils the clauses. */
function chain(compiling: Compiling, of: string, clause: ClauseOf<'chain'>): Condition {
  const { sql } = compiling;
  const p = sql.bind(paramKey(clause.param), 'int4');
  const targets = clause.targets.map(({ type, where }) => ({
    type,
    conditions: compile(compiling, type, where),
    from: currentOf(sql, type),
  }));
  const inside = (clause.contained ?? []).map(({ there, where }) => ({
    there: sql.bind(paramKey(there), 'int4'),
    conditions: compile(compiling, of, where),
  }));
  return {
    holds(v) {
      const outside = targets.map(({ conditions, from }) => {
        const [x, y] = [sql.alias(), sql.alias()];
        const pointed = exists(`${from(y)} AND ${y}.rkey = ${x}.target AND ${all(conditions, `${y}.v`)}`);
        return exists(`sp_ref ${x} WHERE ${x}.v = ${v} AND ${x}.p = ${p} AND ${pointed}`);
      });
      // Nearly nobody contains any, which is asked once and not of each version.
      const within = inside.map(({ there, conditions }) => {
        const g = sql.alias();
        return `(EXISTS (SELECT FROM sp_token ${g} WHERE ${g}.p = ${there}) AND ${all(conditions, v)})`;
      });
      const ways = [...outside, ...within];
      return `(${ways.join(' OR ')})`;
    },
    list: () =>
      targets
        .map(({ type, conditions, from }) => {
          const [i, x, y] = [sql.alias(), sql.alias(), sql.alias()];
          // LATERAL and OFFSET keep this order: from the few targets to what points at them.
          return `SELECT ${x}.v FROM (${members(compiling, type, conditions)} OFFSET 0) ${i}
            CROSS JOIN LATERAL (SELECT ${y}.rkey FROM ${from(y)} AND ${y}.v = ${i}.v OFFSET 0) ${y}
            CROSS JOIN LATERAL (SELECT ${x}.v FROM sp_ref ${x} WHERE ${x}.p = ${p} AND ${x}.target = ${y}.rkey OFFSET 0) ${x}`;
        })
        .concat(inside.map(({ conditions }) => listed(compiling, of, conditions)))
        .join(' UNION ALL '),
    key: clauseKey(clause),
  };
}

/** Resources at which one points that fulfils the clauses. */
function has(compiling: Compiling, type: string, clause: ClauseOf<'has'>): Condition {
  const { sql } = compiling;
  const p = sql.bind(paramKey(clause.param), 'int4');
  const conditions = compile(compiling, clause.type, clause.where);
  const from = currentOf(sql, type);
  return {
    holds(v) {
      const [x, y] = [sql.alias(), sql.alias()];
      const current = isCurrent(sql, clause.type, `${x}.v`);
      const points = `sp_ref ${x} WHERE ${x}.p = ${p} AND ${x}.target = ${y}.rkey AND ${current}`;
      return exists(`${from(y)} AND ${y}.v = ${v} AND ${exists(`${points} AND ${all(conditions, `${x}.v`)}`)}`);
    },
    list() {
      const [i, x, y] = [sql.alias(), sql.alias(), sql.alias()];
      return `SELECT ${y}.v FROM (${members(compiling, clause.type, conditions)} OFFSET 0) ${i}
        CROSS JOIN LATERAL (SELECT ${x}.target FROM sp_ref ${x} WHERE ${x}.v = ${i}.v AND ${x}.p = ${p} OFFSET 0) ${x}
        CROSS JOIN LATERAL (SELECT ${y}.v FROM ${from(y)} AND ${y}.rkey = ${x}.target OFFSET 0) ${y}`;
    },
    key: clauseKey(clause),
    within: conditions,
  };
}

function either(compiling: Compiling, type: string, clause: ClauseOf<'either'>): Condition {
  const ways = clause.ways.map((where) => compile(compiling, type, where));
  const listed = ways.every((conditions) => conditions.some(({ list }) => list));
  return {
    holds: (v) =>
      ways.length === 0 ? 'FALSE' : `(${ways.map((conditions) => `(${all(conditions, v)})`).join(' OR ')})`,
    ...(listed && ways.length > 0
      ? {
          list: () => ways.map((conditions) => members(compiling, type, conditions)).join(' UNION ALL '),
          key: clauseKey(clause),
          current: true,
        }
      : {}),
  };
}

/** Whatever is not found by all of the clauses together. */
function negation(compiling: Compiling, type: string, { where }: ClauseOf<'not'>): Condition {
  const conditions = compile(compiling, type, where);
  return not({ holds: (v) => `(${all(conditions, v)})` });
}

/** The conditions of a search of `type`: one for each clause, but one for all date clauses of a parameter. */
export function compile(compiling: Compiling, type: string, where: readonly Clause[]): readonly Condition[] {
  const periods = new Map<string, ClauseOf<'date'>[]>();
  const rest: Clause[] = [];
  for (const clause of where) {
    if (clause.kind !== 'date' || clause.any.length !== 1) rest.push(clause);
    else periods.set(clause.param, [...(periods.get(clause.param) ?? []), clause]);
  }
  return [
    ...rest.map((clause) => condition(compiling, type, clause)),
    ...[...periods.values()].map((clauses) => dates(compiling.sql, clauses)),
  ];
}

function condition(compiling: Compiling, type: string, clause: Clause): Condition {
  const { sql } = compiling;
  switch (clause.kind) {
    case 'id':
      return id(sql, type, clause);
    case 'updated':
      return updated(sql, type, clause);
    case 'token':
      return token(sql, clause);
    case 'reference':
      return reference(sql, clause);
    case 'member':
      return member(sql, clause);
    case 'link':
      return link(sql, clause);
    case 'string':
      return string(sql, clause);
    case 'date':
      return date(sql, clause);
    case 'quantity':
      return quantity(sql, clause);
    case 'uri':
      return uri(sql, clause);
    case 'named':
      return named(sql, clause);
    case 'typed':
      return typed(sql, clause);
    case 'composite':
      return composite(sql, clause);
    case 'near':
      return near(sql, clause);
    case 'text':
      return text(sql, type, clause);
    case 'missing':
      return missing(sql, clause);
    case 'chain':
      return chain(compiling, type, clause);
    case 'has':
      return has(compiling, type, clause);
    case 'unequal':
      return unequal(sql, clause);
    case 'either':
      return either(compiling, type, clause);
    case 'not':
      return negation(compiling, type, clause);
  }
}
