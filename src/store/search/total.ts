/** How many resources a search finds: exactly, or about. https://hl7.org/fhir/R4/search.html#total */
import { type Compiling, members, rarest } from './compile.ts';
import { all, type Condition } from './condition.ts';
import { currentOf } from './meta.ts';
import { streamingOf } from './plan.ts';

/** With more superseded versions than these, each version that is found is looked up among them instead. */
const FEW_STALE = 2000;

/**
 * An expression: the exact number. All versions that the index lists are counted, and of them those that are superseded, which
 * are few, are taken away: to ask of each whether it is current costs several times as much.
 */
export function exactTotal(compiling: Compiling, type: string, conditions: readonly Condition[]): string {
  const { sql, frequency } = compiling;
  const [m, d, s, f, x] = Array.from({ length: 5 }, () => sql.alias());
  const oneByOne = `(SELECT count(*) FROM (${members(compiling, type, conditions)}) ${m})`;
  const driver = rarest(conditions, frequency);
  if (!driver?.list || sql.asOf !== undefined) return oneByOne;
  const others = conditions.filter((condition) => condition !== driver);
  const listed = `(SELECT count(DISTINCT ${d}.v) FROM (${driver.list()}) ${d} WHERE ${all(others, `${d}.v`)})`;
  if (driver.current) return listed;
  const stale = `(SELECT count(*) FROM stale ${s} WHERE ${all(conditions, `${s}.v`)})`;
  const few = `(SELECT count(*) FROM (SELECT FROM stale ${f} LIMIT ${FEW_STALE}) ${x}) < ${FEW_STALE}`;
  return `(CASE WHEN ${few} THEN ${listed} - ${stale} ELSE ${oneByOne} END)`;
}

/** So many of the newest versions are looked at: of a share of a half it tells within 4 of a hundred, most of the time. */
const SAMPLE = 500;

/**
 * An expression: roughly the number. Of what finds few it is exact; otherwise how many of the newest versions that the index
 * gives fulfil everything, and how much of the order of all versions they span, tell about the rest.
 */
export function roughTotal(compiling: Compiling, type: string, conditions: readonly Condition[]): string {
  const { sql, frequency, dense } = compiling;
  const driver = rarest(conditions, frequency);
  const known = driver && frequency(driver);
  const streaming = streamingOf(conditions);
  const newest = streaming?.streams?.({ descending: true });
  if ((driver && known !== undefined && known < dense) || (conditions.length > 0 && !newest)) {
    return exactTotal(compiling, type, conditions);
  }
  const [c, t, u, w] = [sql.alias(), sql.alias(), sql.alias(), sql.alias()];
  const from = newest
    ? newest.map((stream) => `(${stream} LIMIT ${SAMPLE})`).join(' UNION ALL ')
    : `SELECT ${t}.v FROM ${currentOf(sql, type)(t)} ORDER BY ${t}.v DESC LIMIT ${SAMPLE}`;
  const sample = `SELECT DISTINCT ${u}.v FROM (${from}) ${u} ORDER BY ${u}.v DESC LIMIT ${SAMPLE}`;
  const end = (direction: 'ASC' | 'DESC') => {
    const e = sql.alias();
    return `(SELECT ${e}.v FROM ${currentOf(sql, type)(e)} ORDER BY ${e}.v ${direction} LIMIT 1)`;
  };
  // What the index gives fulfils the condition that it was asked for.
  const others = conditions.filter((condition) => condition !== streaming);
  const fulfil = others.length > 0 ? all(others, `${c}.v`) : 'TRUE';
  // A sample that is not full is everything there is.
  return `(SELECT CASE WHEN count(*) < ${SAMPLE} THEN count(*) FILTER (WHERE ${w}.fits)
      ELSE round(count(*) FILTER (WHERE ${w}.fits) * ((max(${w}.v) - ${end('ASC')} + 1)::numeric / greatest(max(${w}.v) - min(${w}.v), 1))) END
    FROM (SELECT ${c}.v, ${fulfil} AS fits FROM (${sample}) ${c}) ${w})`;
}
