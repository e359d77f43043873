/** Indexes versions again that are stored already, as long as they are still current. */
import { int4s, int8s } from '../arrays.ts';
import { arrayOf } from '../resources/columns.ts';
import { wordColumns } from '../resources/pack.ts';
import { indexColumns } from '../resources/pack-index.ts';
import { type Word, wordKey, wordsOf } from '../search/dictionary.ts';
import type { IndexRow } from '../search/index-row.ts';
import type { Database } from '../store.ts';
import { indexStatement } from './index-tables.ts';

/** A version as it was read, to be told apart from what may have superseded it. */
export interface StoredVersion {
  readonly rkey: string;
  readonly v: string;
  /** `Type/id`. */
  readonly ref: string;
  readonly body: string;
}

export interface Reindexed {
  /** Versions that were still current. */
  readonly current: number;
  /** Search rows that were put in or taken away. */
  readonly changed: number;
}

export interface IndexVersions {
  readonly versions: readonly (Pick<StoredVersion, 'rkey' | 'v'> & { readonly index: readonly IndexRow[] })[];
  /** Keys of the search parameters whose rows are to be as told; absent: of all. */
  readonly params?: readonly number[] | undefined;
  /** Marks the versions as done by this job. */
  readonly job?: string | undefined;
}

function words(versions: IndexVersions['versions']): readonly Word[] {
  const found = new Map<string, Word>();
  for (const { index } of versions) {
    for (const row of index) for (const word of wordsOf(row)) found.set(wordKey(word), word);
  }
  return [...found.values()];
}

/** Only inside a transaction, which should be short: the versions cannot be superseded until it ends. */
export async function indexVersions(db: Database, { versions, params, job }: IndexVersions): Promise<Reindexed> {
  // Here rows are compared with rows, and how many there are makes the plan: with the settings of the store's connections
  // (database.ts) it took four times as long.
  await db.query({
    name: 'index-versions-settings',
    text: `SELECT set_config('enable_hashjoin', 'on', true), set_config('plan_cache_mode', 'force_custom_plan', true)`,
  });
  const [row] = await db.query<Reindexed>({
    text: indexStatement,
    values: [
      int8s(versions.map(({ rkey }) => BigInt(rkey))),
      int8s(versions.map(({ v }) => BigInt(v))),
      params ? int4s(params) : null,
      job ?? null,
      ...indexColumns(versions).flat().map(arrayOf),
      ...wordColumns(words(versions)).map(arrayOf),
    ],
  });
  // What was counted by the rows as they were is counted again (search/tally.ts).
  if (row && row.changed > 0)
    await db.query({ name: 'note-rewrite', text: 'INSERT INTO search_rewrite DEFAULT VALUES' });
  return row ?? { current: 0, changed: 0 };
}
