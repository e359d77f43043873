/** Token parameters. https://hl7.org/fhir/R4/search.html#token */
import { paramKey, systemKey, valueKey } from '../keys.ts';
import {
  type Condition,
  clauseKey,
  equalityCondition,
  type Match,
  MOST_STREAMS,
  not,
  rowCondition,
} from './condition.ts';
import type { ClauseOf, TokenValue } from './query.ts';
import type { Sql } from './sql.ts';

function systemMatch(sql: Sql, system: string | undefined): Match {
  if (system === undefined) return () => 'TRUE';
  const key = sql.bind(systemKey(system), 'int4');
  return (t) => `${t}.sys = ${key}`;
}

export function codeMatch(sql: Sql, { system, code }: TokenValue): Match {
  const inSystem = systemMatch(sql, system);
  if (code === undefined) return inSystem;
  const key = sql.bind(valueKey(code), 'int8');
  return (t) => `${t}.code = ${key} AND ${inSystem(t)}`;
}

/** The codes of each system, or of any, as one array. */
function listMatches(sql: Sql, values: readonly TokenValue[]): Match[] {
  const systems = new Map<string | undefined, bigint[]>();
  for (const { system, code } of values) {
    if (code !== undefined) systems.set(system, [...(systems.get(system) ?? []), valueKey(code)]);
  }
  const lists = [...systems].map(([system, codes]): Match => {
    const inSystem = systemMatch(sql, system);
    const keys = sql.bind(codes, 'int8[]');
    return (t) => `${t}.code = ANY (${keys}) AND ${inSystem(t)}`;
  });
  return [...lists, ...values.filter(({ code }) => code === undefined).map((value) => codeMatch(sql, value))];
}

/** Every code of a system, which the dictionary knows, instead of everything that the parameter has. */
function ofSystem(sql: Sql, p: string, system: string): string {
  const sys = sql.bind(systemKey(system), 'int4');
  const [d, t, w] = [sql.alias(), sql.alias(), sql.alias()];
  return `SELECT ${t}.v FROM (SELECT DISTINCT ${w}.code FROM dictionary ${w} WHERE ${w}.p = ${p} AND ${w}.kind = 'c' AND ${w}.sys = ${sys} OFFSET 0) ${d}
    CROSS JOIN LATERAL (SELECT ${t}.v FROM sp_token ${t} WHERE ${t}.p = ${p} AND ${t}.code = ${d}.code AND ${t}.sys = ${sys} OFFSET 0) ${t}`;
}

/** Systems without a code: found by the codes that they are known to have. */
function systems(sql: Sql, p: string, clause: ClauseOf<'token'>): Condition | undefined {
  const named = clause.any.map(({ system, code }) => (code === undefined ? system : undefined));
  if (!clause.coded || clause.not || !named.every((system) => system !== undefined && system !== '')) return undefined;
  const rows = rowCondition(sql, 'sp_token', p, listMatches(sql, clause.any));
  const list = () => named.map((system) => ofSystem(sql, p, system as string)).join(' UNION ALL ');
  return { ...rows, list, key: clauseKey(clause) };
}

export function token(sql: Sql, clause: ClauseOf<'token'>): Condition {
  const { param, any } = clause;
  const p = sql.bind(paramKey(param), 'int4');
  const bySystem = systems(sql, p, clause);
  if (bySystem) return bySystem;
  if (any.length > MOST_STREAMS || any.some(({ code }) => code === undefined)) {
    const condition = rowCondition(sql, 'sp_token', p, listMatches(sql, any));
    return clause.not ? not(condition) : { ...condition, key: clauseKey(clause) };
  }
  const matches = any.map((value) => codeMatch(sql, value));
  const condition = equalityCondition(sql, 'sp_token', p, matches);
  return clause.not ? not(condition) : { ...condition, key: clauseKey(clause) };
}

type Typed = ClauseOf<'typed'>['any'][number];

/** `:of-type`: the dictionary knows which labels stand for a type. */
function typedMatch(sql: Sql, p: string, { system, type, value }: Typed): Match {
  const code = sql.bind(valueKey(value), 'int8');
  const kind = sql.bind(valueKey(type), 'int8');
  const inSystem = system === undefined ? 'TRUE' : `d.sys = ${sql.bind(systemKey(system), 'int4')}`;
  const labels = `SELECT d.label FROM dictionary d WHERE d.p = ${p} AND d.kind = 't' AND d.code = ${kind} AND ${inSystem}`;
  return (t) => `${t}.code = ${code} AND ${t}.label = ANY (ARRAY(${labels}))`;
}

/** https://hl7.org/fhir/R4/search.html#token, `:of-type` */
export function typed(sql: Sql, clause: ClauseOf<'typed'>): Condition {
  const p = sql.bind(paramKey(clause.param), 'int4');
  const matches = clause.any.map((value) => typedMatch(sql, p, value));
  return { ...rowCondition(sql, 'sp_token', p, matches), key: clauseKey(clause) };
}
