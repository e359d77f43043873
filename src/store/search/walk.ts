/**
 * A page sorted by one date or string parameter, read along its index until the page is full: for searches that find too
 * much to be sorted as a whole.
 */
import { paramKey } from '../keys.ts';
import type { Compiling } from './compile.ts';
import { all, type Condition, exists, type Match } from './condition.ts';
import { aloneKinds, severalKinds } from './date.ts';
import { currentOf, isCurrent } from './meta.ts';
import { afterPosition, orderBy, sortValue, sources } from './order.ts';
import type { PagePlan } from './page-plan.ts';
import type { SortKey } from './query.ts';
import type { Sql } from './sql.ts';

interface Walk {
  readonly sql: Sql;
  readonly plan: PagePlan;
  readonly key: SortKey & { readonly kind: 'date' | 'string' };
  readonly p: string;
}

/** Whether the order is one that an index gives, or that of its first key is: what is equal in that is sorted. */
export function isWalkable([key]: readonly SortKey[]): boolean {
  return key !== undefined && (key.kind === 'date' || key.kind === 'string');
}

/** Rows after the position, in order; `column` and v of `t`. */
function continuing({ sql, plan, key }: Walk, t: string, column: string): string {
  const [last] = plan.after?.keys ?? [];
  const direction = key.descending ? 'DESC' : 'ASC';
  if (plan.after && last != null && plan.sort.length > 1) {
    const value = sql.bind(last, sources[key.kind][2]);
    return `AND ${column} ${key.descending ? '<=' : '>='} ${value} ORDER BY ${column} ${direction}, ${t}.v ${direction}`;
  }
  const from =
    plan.after && last != null
      ? `AND (${column}, ${t}.v) ${key.descending ? '<' : '>'} (${sql.bind(last, sources[key.kind][2])}, ${sql.bind(plan.after.v, 'int8')})`
      : '';
  return `${from} ORDER BY ${column} ${direction}, ${t}.v ${direction}`;
}

/** The row has the least or the greatest value of its version, by which the version is sorted. */
function isBest({ sql, key, p }: Walk, t: string): string {
  const [table, column] = sources[key.kind];
  const b = sql.alias();
  const whole = key.kind === 'string' ? ` AND ${b}.exact <> 0` : '';
  const better = `${b}.${column} ${key.descending ? '>' : '<'} ${t}.${column}`;
  return `NOT ${exists(`${table} ${b} WHERE ${b}.v = ${t}.v AND ${b}.p = ${p}${whole} AND ${better}`)}`;
}

/** Dates: those that are alone, short ones and long ones, and the few versions with several, each by its index. */
function dateStreams(walk: Walk, condition: Condition | undefined): string[] {
  const { sql, p } = walk;
  const stream = (match: Match) => {
    const t = sql.alias();
    return `SELECT ${t}.v, ${t}.lo AS k0 FROM sp_date ${t} WHERE ${t}.p = ${p} AND ${match(t)} ${continuing(walk, t, `${t}.lo`)}`;
  };
  const several = severalKinds.map(
    (kind): Match =>
      (t) =>
        `${kind(t)} AND ${isBest(walk, t)}${condition ? ` AND ${condition.holds(`${t}.v`)}` : ''}`,
  );
  return [...(condition?.dates?.alone ?? aloneKinds), ...several].map(stream);
}

/** Strings: several values are usual, and the least or the greatest of them is the one to be sorted by. */
function stringStreams(walk: Walk): string[] {
  const { sql, p } = walk;
  const t = sql.alias();
  return [
    `SELECT ${t}.v, ${t}.val AS k0 FROM sp_str ${t} WHERE ${t}.p = ${p} AND ${t}.exact <> 0 AND ${isBest(walk, t)} ${continuing(walk, t, `${t}.val`)}`,
  ];
}

/** What has no value comes last, in the order of v. */
function valueless({ sql, plan, key, p }: Walk, c: string): string {
  const [table] = sources[key.kind];
  const x = sql.alias();
  const bound =
    plan.after && plan.after.keys[0] === null
      ? `AND ${c}.v ${key.descending ? '<' : '>'} ${sql.bind(plan.after.v, 'int8')}`
      : '';
  const none = `NOT ${exists(`${table} ${x} WHERE ${x}.v = ${c}.v AND ${x}.p = ${p}`)}`;
  return `${currentOf(sql, plan.type)(c)} AND ${none} ${bound}`;
}

/**
 * Several keys: what the first one's index gives until the page is full, with all that equals the last row in it, is sorted by
 * the others. What has no first value is looked for only when the page is not full.
 */
function tiedPage(walk: Walk, ordered: string, others: readonly Condition[]): string {
  const { sql, plan, key, p } = walk;
  const { type, sort, after, limit } = plan;
  const [c, d, x, y] = [sql.alias(), sql.alias(), sql.alias(), sql.alias()];
  const [u, w, q] = [sql.alias(), sql.alias(), sql.alias()];
  const direction = key.descending ? 'DESC' : 'ASC';
  const more = (v: string) =>
    sort
      .slice(1)
      .map((one, at) => `, ${sortValue(sql, type, one, v)} AS k${at + 1}`)
      .join('');
  const following = (t: string) => (after ? `WHERE ${afterPosition(sql, sort, after, t)}` : '');
  const found = `SELECT ${c}.v, ${c}.k0${more(`${c}.v`)} FROM (${ordered}) ${c}
    WHERE ${isCurrent(sql, type, `${c}.v`)} AND ${all(others, `${c}.v`)} ORDER BY ${c}.k0 ${direction}, ${c}.v ${direction} OFFSET 0`;
  const valued = `SELECT ${x}.* FROM (${found}) ${x} ${following(x)}
    ORDER BY ${x}.k0 ${direction} FETCH FIRST ${limit} ROWS WITH TIES`;
  // A condition on the same parameter leaves nothing that has no value.
  if (others.length < plan.conditions.length) {
    return `SELECT ${u}.* FROM (${valued}) ${u} ORDER BY ${orderBy(sort, u)} LIMIT ${limit}`;
  }
  const none = `NOT ${exists(`${sources[key.kind][0]} ${q} WHERE ${q}.v = ${d}.v AND ${q}.p = ${p}`)}`;
  const bare = `SELECT ${d}.v, NULL::${sources[key.kind][2]} AS k0${more(`${d}.v`)} FROM ${currentOf(sql, type)(d)} AND ${none}
    AND ${all(plan.conditions, `${d}.v`)} OFFSET 0`;
  const rest = `SELECT ${y}.* FROM (${bare}) ${y} ${following(y)}`;
  return `WITH ${w} AS MATERIALIZED (${valued})
    SELECT ${u}.* FROM (SELECT * FROM ${w} UNION ALL (SELECT * FROM (${rest} OFFSET 0) r WHERE (SELECT count(*) FROM ${w}) < ${limit})) ${u}
    ORDER BY ${orderBy(sort, u)} LIMIT ${limit}`;
}

/** A query of v and k0. */
export function walkedPage({ sql }: Compiling, plan: PagePlan): string {
  const key = plan.sort[0] as Walk['key'];
  const walk: Walk = { sql, plan, key, p: sql.bind(paramKey(key.param), 'int4') };
  const condition = plan.conditions.find(({ dates }) => dates?.param === key.param);
  const others = plan.conditions.filter((one) => one !== condition);
  const direction = key.descending ? 'DESC' : 'ASC';
  const [m, c, d] = [sql.alias(), sql.alias(), sql.alias()];
  const streams = key.kind === 'date' ? dateStreams(walk, condition) : stringStreams(walk);
  const merged = streams.map((stream) => `(${stream})`).join(' UNION ALL ');
  const ordered = `SELECT DISTINCT ${m}.v, ${m}.k0 FROM (${merged}) ${m} ORDER BY ${m}.k0 ${direction}, ${m}.v ${direction} OFFSET 0`;
  if (plan.sort.length > 1) return tiedPage(walk, ordered, others);
  const valued = `SELECT ${c}.v, ${c}.k0 FROM (${ordered}) ${c} WHERE ${isCurrent(sql, plan.type, `${c}.v`)} AND ${all(others, `${c}.v`)} LIMIT ${plan.limit}`;
  const rest = `SELECT ${d}.v, NULL AS k0 FROM ${valueless(walk, d)} AND ${all(plan.conditions, `${d}.v`)} ORDER BY ${d}.v ${direction} LIMIT ${plan.limit}`;
  if (plan.after?.keys[0] === null) return rest;
  // A date clause of the same parameter leaves nothing that has no value. Otherwise those are looked for only when the page is not full.
  return condition ? valued : `SELECT * FROM ((${valued}) UNION ALL (${rest})) u LIMIT ${plan.limit}`;
}
