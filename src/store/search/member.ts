/**
 * Membership in a compartment: that a resource points at what the compartment is of, or at something within it.
 * https://hl7.org/fhir/R4/compartmentdefinition.html
 */
import { paramKey, typeKey } from '../keys.ts';
import { type Condition, clauseKey, exists, MOST_STREAMS, walking } from './condition.ts';
import type { ClauseOf } from './query.ts';
import { soughtTarget } from './reference.ts';
import type { Sql } from './sql.ts';

interface Bound {
  /** Placeholders: keys of parameters and of targets, one by one and as arrays. */
  readonly params: readonly string[];
  readonly targets: readonly string[];
  readonly anyParam: string;
  readonly anyTarget: string;
}

function bound(sql: Sql, clause: ClauseOf<'member' | 'link'>): Bound {
  const params = [...new Set(clause.params.map(paramKey))];
  const targets = [...new Set(clause.any.map(soughtTarget))];
  const isFew = params.length * targets.length <= MOST_STREAMS;
  return {
    params: isFew ? params.map((key) => sql.bind(key, 'int4')) : [],
    targets: isFew ? targets.map((key) => sql.bind(key, 'int8')) : [],
    anyParam: params.length === 1 ? `= ${sql.bind(params[0], 'int4')}` : `= ANY (${sql.bind(params, 'int4[]')})`,
    anyTarget: targets.length === 1 ? `= ${sql.bind(targets[0], 'int8')}` : `= ANY (${sql.bind(targets, 'int8[]')})`,
  };
}

/** By any of the parameters; each with each target is a range of one index, and their streams are merged. */
export function member(sql: Sql, clause: ClauseOf<'member'>): Condition {
  const { params, targets, anyParam, anyTarget } = bound(sql, clause);
  const rows = (t: string) => `sp_ref ${t} WHERE ${t}.p ${anyParam} AND ${t}.target ${anyTarget}`;
  const pairs = params.flatMap((p) =>
    targets.map((target) => (t: string) => `${t}.p = ${p} AND ${t}.target = ${target}`),
  );
  return {
    holds(v) {
      const t = sql.alias();
      return exists(`${rows(t)} AND ${t}.v = ${v}`);
    },
    list() {
      if (pairs.length === 0) {
        const t = sql.alias();
        return `SELECT ${t}.v FROM ${rows(t)}`;
      }
      const ranges = pairs.map((pair) => {
        const t = sql.alias();
        return `SELECT ${t}.v FROM sp_ref ${t} WHERE ${pair(t)}`;
      });
      return ranges.join(' UNION ALL ');
    },
    ...(pairs.length > 0
      ? {
          streams: (walk) =>
            pairs.map((pair) => {
              const t = sql.alias();
              return `SELECT ${t}.v FROM sp_ref ${t} WHERE ${pair(t)} ${walking(`${t}.v`, walk)}`;
            }),
        }
      : {}),
    key: clauseKey(clause),
  };
}

/** By one reference, at the root itself or at a current member of its compartment. */
export function link(sql: Sql, clause: ClauseOf<'link'>): Condition {
  const { anyParam, anyTarget } = bound(sql, clause);
  const p = sql.bind(paramKey(clause.param), 'int4');
  return {
    holds(v) {
      const [x, y, z] = [sql.alias(), sql.alias(), sql.alias()];
      const points = exists(`sp_ref ${z} WHERE ${z}.v = ${y}.v AND ${z}.p ${anyParam} AND ${z}.target ${anyTarget}`);
      const within = exists(`resource ${y} WHERE ${y}.rkey = ${x}.target AND NOT ${y}.deleted AND ${points}`);
      return exists(`sp_ref ${x} WHERE ${x}.v = ${v} AND ${x}.p = ${p} AND (${x}.target ${anyTarget} OR ${within})`);
    },
    list() {
      const [a, x, y, z, w] = [sql.alias(), sql.alias(), sql.alias(), sql.alias(), sql.alias()];
      const params = sql.bind(clause.params.map(paramKey), 'int4[]');
      const types = sql.bind(
        clause.params.map((param) => typeKey(param.slice(0, param.indexOf('.')))),
        'int4[]',
      );
      // LATERAL and OFFSET keep this order: from the members, each found by its type's index, to what points at them.
      return `SELECT ${w}.v FROM sp_ref ${w} WHERE ${w}.p = ${p} AND ${w}.target ${anyTarget}
        UNION ALL SELECT ${x}.v FROM unnest(${params}, ${types}) ${a}(p, rtype)
          CROSS JOIN LATERAL (SELECT ${z}.v FROM sp_ref ${z} WHERE ${z}.p = ${a}.p AND ${z}.target ${anyTarget} OFFSET 0) ${z}
          CROSS JOIN LATERAL (SELECT ${y}.rkey FROM resource ${y}
            WHERE ${y}.rtype = ${a}.rtype AND NOT ${y}.deleted AND ${y}.v = ${z}.v OFFSET 0) ${y}
          CROSS JOIN LATERAL (SELECT ${x}.v FROM sp_ref ${x} WHERE ${x}.p = ${p} AND ${x}.target = ${y}.rkey OFFSET 0) ${x}`;
    },
    key: clauseKey(clause),
  };
}
