/**
 * Which condition a search starts from and in what order it looks at the rest. PostgreSQL is not asked: with LIMIT and
 * skewed values its estimates lead it to read whole tables. The statement names the order, OFFSET 0 and LATERAL keep it.
 */
import { type Compiling, members, rarest } from './compile.ts';
import { all, type Condition, type Walk } from './condition.ts';
import { isCurrent, wholeType } from './meta.ts';
import { afterPosition, beforePosition, orderBy, recency, sortValue } from './order.ts';
import type { PagePlan } from './page-plan.ts';
import type { SortKey } from './query.ts';
import { isWalkable, walkedPage } from './walk.ts';

/** What is driven from: a list that is short, or streams in the order of v that are left as soon as the page is full. */
interface Driver {
  /** A query of one column v, in the order of the walk, each once. */
  readonly text: string;
  /** Conditions that are still to be asked of each version. */
  readonly others: readonly Condition[];
  readonly short: boolean;
}

/** What gives versions in order of v: best by nothing but an index. */
export function streamingOf(conditions: readonly Condition[]): Condition | undefined {
  const all = conditions.filter(({ streams }) => streams);
  return all.find(({ filters }) => !filters) ?? all[0];
}

function chooseDriver(compiling: Compiling, plan: PagePlan, walk: Walk): Driver {
  const { sql, frequency, dense } = compiling;
  const { conditions } = plan;
  const few = rarest(conditions, frequency);
  const known = few && frequency(few);
  const streaming = streamingOf(conditions);
  const listing = few?.list && (known === undefined ? !streaming : known < dense);
  const s = sql.alias();
  const order = `ORDER BY ${s}.v ${walk.descending ? 'DESC' : 'ASC'} OFFSET 0`;
  if (few?.list && listing) {
    const bounds = [walk.above && `${s}.v > ${walk.above}`, walk.below && `${s}.v < ${walk.below}`].filter(Boolean);
    const where = bounds.length > 0 ? `WHERE ${bounds.join(' AND ')}` : '';
    return {
      text: `SELECT DISTINCT ${s}.v FROM (${few.list()}) ${s} ${where} ${order}`,
      others: conditions.filter((one) => one !== few),
      short: known !== undefined,
    };
  }
  const streams = streaming?.streams?.(walk);
  if (streams) {
    const merged = streams.map((stream) => `(${stream})`).join(' UNION ALL ');
    return {
      text: `SELECT DISTINCT ${s}.v FROM (${merged}) ${s} ${order}`,
      others: conditions.filter((one) => one !== streaming),
      short: false,
    };
  }
  return { text: `${wholeType(sql, plan.type)(walk)} OFFSET 0`, others: conditions, short: false };
}

/** In the order of writing: no values, the walk itself is the order. */
function recencyPage(compiling: Compiling, plan: PagePlan, descending: boolean): string {
  const { sql } = compiling;
  const bound = plan.after && sql.bind(plan.after.v, 'int8');
  const walk = { descending, above: descending ? undefined : bound, below: descending ? bound : undefined };
  const { text, others } = chooseDriver(compiling, plan, walk);
  const c = sql.alias();
  const keys = plan.sort.map((_, at) => `, ${c}.v AS k${at}`).join('');
  return `SELECT ${c}.v${keys} FROM (${text}) ${c} WHERE ${isCurrent(sql, plan.type, `${c}.v`)} AND ${all(others, `${c}.v`)}
    ORDER BY ${c}.v ${descending ? 'DESC' : 'ASC'} LIMIT ${plan.limit}`;
}

/** By values: all that is found is sorted. */
function sortedPage(compiling: Compiling, plan: PagePlan): string {
  const { sql } = compiling;
  const { type, conditions, sort, after, backwards, limit } = plan;
  const [m, c] = [sql.alias(), sql.alias()];
  const values = sort.map((key, at) => `, ${sortValue(sql, type, key, `${m}.v`)} AS k${at}`).join('');
  const rows = `SELECT ${m}.v${values} FROM (${members(compiling, type, conditions)}) ${m}`;
  const where = after ? `WHERE ${(backwards ? beforePosition : afterPosition)(sql, sort, after, c)}` : '';
  return `SELECT ${c}.* FROM (${rows} OFFSET 0) ${c} ${where} ORDER BY ${orderBy(sort, c, backwards)} LIMIT ${limit}`;
}

/** Whether a condition is a range of the index along which a page that is sorted so would be walked. */
export function isAlong([key]: readonly SortKey[], { dates }: Condition): boolean {
  return dates !== undefined && dates.param === key?.param;
}

/** Whether every condition is known to leave much; where a range along the walk begins and ends costs nothing. */
function isDense({ frequency, dense }: Compiling, { conditions, sort }: PagePlan): boolean {
  return conditions.every(
    (condition) => !condition.list || isAlong(sort, condition) || (frequency(condition) ?? 0) >= dense,
  );
}

/** A query of v, k0, k1 ...: the rows of one page, in order. */
export function planPage(compiling: Compiling, plan: PagePlan): string {
  const order = recency(plan.sort);
  if (order) return recencyPage(compiling, plan, (order === 'descending') !== plan.backwards);
  const walks = !plan.backwards && isWalkable(plan.sort) && isDense(compiling, plan);
  return walks ? walkedPage(compiling, plan) : sortedPage(compiling, plan);
}
