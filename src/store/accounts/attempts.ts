/** Counts tries by key and delays the next ones more and more; shared by all processes. */
import type { Database } from '../store.ts';

export interface Patience {
  /** Tries before the first delay. */
  readonly free: number;
  /** The longest delay, seconds. */
  readonly longest: number;
}

// One statement, so of many tries at once each counts and only the allowed ones get through: a try is counted before it
// is judged. A day without a try forgets the count. The delay doubles from one second.
const text = `
  with tried as (
    insert into attempt as a (key, failures, blocked_until)
    values ($1, 1, case when 1 > $2::int then now() + interval '1 second' end)
    on conflict (key) do update set
      failures = case when a.last_at < now() - interval '1 day' then 1 else a.failures + 1 end,
      blocked_until = case when a.last_at >= now() - interval '1 day' and a.failures + 1 > $2::int
        then now() + least($3::double precision, power(2, least(a.failures - $2::int, 30))) * interval '1 second' end,
      last_at = now()
    where a.blocked_until is null or a.blocked_until <= now()
    returning 1)
  select case when exists (select 1 from tried) then 0
    else (select greatest(1, ceil(extract(epoch from blocked_until - now())))::int from attempt where key = $1) end as wait`;

/** Counts a try. Answers 0 when it may go on, otherwise the seconds to wait (the refused try is not counted). */
export async function countTry(db: Database, key: string, patience: Patience): Promise<number> {
  const [row] = await db.query<{ wait: number | null }>({
    name: 'attempt-count',
    text,
    values: [key, patience.free, patience.longest],
  });
  return row?.wait ?? 1;
}

/** Forgets the tries of a key: the last one was right. */
export async function forgetTries(db: Database, keys: readonly string[]): Promise<void> {
  await db.query({ text: 'delete from attempt where key = any($1::text[])', values: [keys] });
}

/** Takes the last try of a key back: it was right, those before it stay. */
export async function takeTryBack(db: Database, key: string): Promise<void> {
  await db.query({
    text: 'update attempt set failures = greatest(failures - 1, 0), blocked_until = null where key = $1',
    values: [key],
  });
}

/** Removes counts that no longer matter. */
export async function removeOldTries(db: Database): Promise<void> {
  await db.query({ text: "delete from attempt where last_at < now() - interval '1 day'" });
}
