/** Composite parameters: what one row says together. https://hl7.org/fhir/R4/search.html#combining */
import { paramKey, systemKey, valueKey } from '../keys.ts';
import { clampTime } from './clamp-time.ts';
import { compare, isPoint, isWide, leastEnd } from './compare.ts';
import { inIndexOrder, isEquality, numberKey, textKey } from './composite-key.ts';
import {
  anyOf,
  type Condition,
  clauseKey,
  equalityCondition,
  type Match,
  MOST_STREAMS,
  type Ranges,
  rangeCondition,
  rowCondition,
} from './condition.ts';
import { fold } from './fold.ts';
import type { ClauseOf, PartValue, QuantityValue, RangeValue } from './query.ts';
import { soughtTarget } from './reference.ts';
import type { Sql } from './sql.ts';
import { beginningWith, storedString } from './stored-text.ts';

/** The columns that hold a part: of an index row the first (`a`), the second (`k`) or the third (in `rest`). */
interface Columns {
  readonly k: string;
  readonly hi: string;
  readonly sys: string;
  readonly unit: string;
  readonly spoken: string;
  readonly val: string;
}

const places = {
  first: (t: string): Columns => ({ ...second(t), k: `${t}.a`, hi: `${t}.a`, sys: `${t}.asys` }),
  second,
  third: (t: string): Columns => ({
    ...{ k: `${t}.rest[1]`, hi: `${t}.rest[2]`, sys: `${t}.rest[3]` },
    ...{ unit: `${t}.rest[4]`, spoken: `${t}.rest[5]`, val: `${t}.val` },
  }),
};

function second(t: string): Columns {
  const [k, hi, sys, unit, spoken, val] = ['k', 'hi', 'sys', 'unit', 'spoken', 'val'].map((name) => `${t}.${name}`);
  return { k, hi, sys, unit, spoken, val } as Columns;
}

type PartMatch = (columns: Columns) => string;

/** Alternatives, each a range of an index. */
type PartMatches = readonly PartMatch[];

/** An equality or a text has one number, and its row is in the index of such; the first column has no end at all. */
const single: PartMatch = ({ k, hi }) => (k === hi ? 'TRUE' : isPoint(k, hi));

function equalTo(sql: Sql, key: bigint): PartMatch {
  const bound = sql.bind(key, 'int8');
  return (columns) => `${columns.k} = ${bound} AND ${single(columns)}`;
}

function within(sql: Sql, { prefix }: RangeValue, low: bigint, high: bigint, unit: PartMatch): PartMatches {
  const bounds = { low: sql.bind(low, 'int8'), high: sql.bind(high, 'int8') };
  const end = leastEnd(prefix, bounds);
  const whole: PartMatch = (columns) => `${compare(prefix, columns.k, columns.hi, bounds)} AND ${unit(columns)}`;
  return [
    (columns) => {
      const point = compare(prefix, columns.k, columns.k, bounds);
      return `${isPoint(columns.k, columns.hi)} AND ${point} AND ${unit(columns)}`;
    },
    (columns) => {
      const from = end === undefined ? '' : `${columns.hi} >= ${end} AND `;
      return `${isWide(columns.k, columns.hi)} AND ${from}${whole(columns)}`;
    },
  ];
}

/** With a system the unit is its code, without one also what is printed. */
function inUnit(sql: Sql, { system, code }: QuantityValue): PartMatch {
  const unit = code === undefined ? undefined : sql.bind(systemKey(code), 'int4');
  const sys = system === undefined ? undefined : sql.bind(systemKey(system), 'int4');
  return (columns) => {
    const inSystem = sys === undefined ? 'TRUE' : `${columns.sys} = ${sys}`;
    if (unit === undefined) return inSystem;
    const spoken = sys === undefined ? ` OR ${columns.spoken} = ${unit}` : '';
    return `${inSystem} AND (${columns.unit} = ${unit}${spoken})`;
  };
}

function stringMatch(sql: Sql, text: string): PartMatch {
  const folded = storedString(fold(text));
  const [from, to] = beginningWith(folded).map((end) => sql.bind(end, 'text'));
  const [low, high] = [sql.bind(textKey(folded), 'int8'), sql.bind(textKey(folded, 0xff), 'int8')];
  return (columns) => {
    const { k, val } = columns;
    return `${k} >= ${low} AND ${k} <= ${high} AND ${val} >= ${from} AND ${val} < ${to} AND ${single(columns)}`;
  };
}

function partMatches(sql: Sql, part: PartValue): PartMatches {
  switch (part.kind) {
    case 'token': {
      const sys = part.system === undefined ? undefined : sql.bind(systemKey(part.system), 'int4');
      const inSystem: PartMatch = (columns) => (sys === undefined ? 'TRUE' : `${columns.sys} = ${sys}`);
      if (part.code === undefined) return [(columns) => `${inSystem(columns)} AND ${single(columns)}`];
      const equal = equalTo(sql, valueKey(part.code));
      return [(columns) => `${equal(columns)} AND ${inSystem(columns)}`];
    }
    case 'reference':
      return [equalTo(sql, soughtTarget(part))];
    case 'uri':
      return [equalTo(sql, valueKey(part.value))];
    case 'string':
      return [stringMatch(sql, part.value)];
    case 'date':
      return within(sql, part, BigInt(clampTime(part.low)), BigInt(clampTime(part.high)), () => 'TRUE');
    case 'quantity':
      return within(sql, part, numberKey(part.low), numberKey(part.high), inUnit(sql, part));
  }
}

function tupleMatches(sql: Sql, parts: readonly PartValue[]): readonly Match[] {
  const ordered = inIndexOrder(parts);
  const leads = ordered[0] !== undefined && isEquality(ordered[0]);
  const used = leads ? [places.first, places.second, places.third] : [places.second, places.third];
  const begin: Match = leads ? () => 'TRUE' : (t) => `${t}.a = 0`;
  return ordered.reduce<readonly Match[]>(
    (matches, part, at) => {
      const place = used[at] ?? places.third;
      const ways = partMatches(sql, part);
      return matches.flatMap((match) =>
        ways.map(
          (way): Match =>
            (t) =>
              `${match(t)} AND ${way(place(t))}`,
        ),
      );
    },
    [begin],
  );
}

const isKnown = (part: PartValue) => isEquality(part) && (part.kind !== 'token' || part.code !== undefined);

const ranges: Ranges = {
  table: 'sp_comp',
  walked: 'a, k + 0 AS k, hi + 0 AS hi, asys, sys, unit, spoken, val, rest',
};

/** Of two equalities an index gives the rows in order of v; of one, all rows that have it, whose other values are then asked. */
function tuple(sql: Sql, p: string, parts: readonly PartValue[]): Condition {
  const matches = tupleMatches(sql, parts);
  if (parts.length === 2 && parts.every(isKnown)) return equalityCondition(sql, 'sp_comp', p, matches);
  const [first] = inIndexOrder(parts);
  if (!first || !isEquality(first)) return rangeCondition(sql, ranges, p, matches, (t) => `${t}.a = 0`);
  if (!isKnown(first)) return rowCondition(sql, 'sp_comp', p, matches);
  const [equal = single] = partMatches(sql, first);
  return rangeCondition(sql, ranges, p, matches, (t) => equal(places.first(t)));
}

export function composite(sql: Sql, clause: ClauseOf<'composite'>): Condition {
  const { any, params } = clause;
  const conditions = params.flatMap((param) => {
    const p = sql.bind(paramKey(param), 'int4');
    if (any.length * params.length <= MOST_STREAMS) return any.map((parts) => tuple(sql, p, parts));
    return [
      rowCondition(
        sql,
        'sp_comp',
        p,
        any.flatMap((parts) => tupleMatches(sql, parts)),
      ),
    ];
  });
  return { ...anyOf(conditions), key: clauseKey(clause) };
}
