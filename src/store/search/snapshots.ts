/**
 * A search that is paged through is the search of its first page: later pages see what that one saw (PostgreSQL's snapshot,
 * which the page link carries), whatever is written meanwhile. For that the janitor leaves the search rows of versions
 * superseded since then; here is noted since when. Decision 0010.
 */
import type { Database } from '../store.ts';

/** How long a search can be paged through from one page to the next. */
export const pageMinutes = 30;

/** A note covers what is handed out this long after it, so that one in so long is enough. */
const NOTE_MS = 30_000;

export interface Snapshots {
  /** Resolves when the snapshot (as PostgreSQL writes it) will be kept for `pageMinutes`. */
  hold(db: Database, snapshot: string): Promise<void>;
}

interface Note {
  readonly oldest: bigint;
  readonly at: number;
}

const statement = {
  name: 'hold-snapshot',
  text: `INSERT INTO page_snapshot (oldest, until) VALUES ($1::text::xid8, now() + $2::int8 * interval '1 millisecond')`,
};

export function openSnapshots(now: () => number = Date.now): Snapshots {
  let notes: readonly Note[] = [];
  return {
    async hold(db, snapshot) {
      const oldest = BigInt(snapshot.slice(0, snapshot.indexOf(':')));
      const at = now();
      notes = notes.filter((note) => note.at > at - NOTE_MS);
      if (notes.some((note) => note.oldest <= oldest)) return;
      await db.query({ ...statement, values: [String(oldest), pageMinutes * 60_000 + 2 * NOTE_MS] });
      notes = [...notes, { oldest, at }];
    },
  };
}
