/** What the layers above may ask of the store; `openStore` (open.ts) makes one, and a transaction hands out another. */
import type { AuditRecord } from './audit/record.ts';
import type { Job } from './jobs/job.ts';
import type { Version } from './resources/version.ts';
import type { Write, Written } from './resources/write.ts';
import type { SearchPage, SearchQuery, TokenSearch } from './search/query.ts';

/** A pool or the one connection of a transaction; only files of `store` look inside. */
export interface Database {
  /** Runs one parameterised statement; `name` makes it a prepared one. PostgreSQL's errors arrive as FhirError (sqlstate.ts). */
  query<Row>(statement: {
    readonly name?: string;
    readonly text: string;
    readonly values?: readonly unknown[];
  }): Promise<Row[]>;
}

export interface HistoryRange {
  /** All of these are optional: none is the system's history, type or types are their history, type and id an instance's. */
  readonly type?: string;
  readonly id?: string;
  readonly types?: readonly string[];
  readonly count: number;
  /** Where another page ended (or, backwards, began); absent for the first page. */
  readonly after?: string;
  /** The page that ends before the position, and not the one that begins after it. */
  readonly backwards?: boolean;
  /** Oldest first; otherwise newest first. */
  readonly ascending?: boolean;
  readonly since?: string;
  /** Only versions that were current at some time of this range, milliseconds since 1970. */
  readonly at?: { readonly low: number; readonly high: number };
  /** Absent: a total of types only when counting is cheap. */
  readonly total?: 'none' | 'accurate';
  /** Which of these versions may be shown; with it there is no total. */
  readonly shows?: (versions: readonly Version[]) => Promise<readonly boolean[]>;
}

export interface HistoryPage {
  readonly versions: readonly Version[];
  readonly total?: number;
  /** Pass it as `after` for the next page; absent at the end. */
  readonly next?: string;
  /** Pass it as `after`, backwards, for the page before; absent at the beginning. */
  readonly previous?: string;
}

export interface Resources {
  /** The current version; a deleted one has `deleted`. `undefined` when it never existed. */
  read(type: string, id: string): Promise<Version | undefined>;
  readMany(
    targets: readonly { readonly type: string; readonly id: string }[],
  ): Promise<readonly (Version | undefined)[]>;
  /** Which of them are there and not deleted. */
  present(targets: readonly { readonly type: string; readonly id: string }[]): Promise<readonly boolean[]>;
  readVersion(type: string, id: string, version: number): Promise<Version | undefined>;
  /** `read` for somebody to see, with the record of it when there is something to see: durable when it resolves. */
  readAudited(
    type: string,
    id: string,
    record: Omit<AuditRecord, 'entities'>,
    /** A body with one of these texts has no record yet: whether it is shown is still to be seen. */
    unless?: readonly string[],
  ): Promise<Version | undefined>;
  history(range: HistoryRange): Promise<HistoryPage>;
  /**
   * All of the writes or none, with these audit records and jobs, in one round trip; the order of the results is the
   * order of the writes. Throws FhirError: `conflict` (exists, or changed meanwhile), `precondition` (If-Match), `notFound`, `gone`.
   */
  write(
    writes: readonly Write[],
    effects?: { readonly audit?: readonly AuditRecord[]; readonly jobs?: readonly Job[] },
  ): Promise<readonly Written[]>;
}

export interface Store {
  readonly db: Database;
  readonly resources: Resources;
  search(query: SearchQuery): Promise<SearchPage>;
  /** For each of many tokens of one parameter the newest two resources that have it, in one round trip. */
  findTokens(search: TokenSearch): Promise<readonly (readonly Version[])[]>;
  readonly audit: {
    /** Durable when it resolves; concurrent callers share a commit. */
    append(record: AuditRecord): Promise<void>;
  };
  readonly jobs: { add(job: Job): Promise<void> };
  /**
   * Waits until no other transaction holds any of these names, and holds them to the end of this one; only inside a
   * transaction. Conditional writes lock their criteria, so that two of them cannot both find nothing.
   */
  lock(names: readonly string[]): Promise<void>;
  /** Everything asked of the store that `work` is given commits together, or not at all when it throws. */
  transaction<T>(work: (store: Store) => Promise<T>): Promise<T>;
  /**
   * A transaction that holds these names from its beginning, as `lock` does. Callers of this process wait for each other
   * without a connection, so that many of them leave some to everybody else.
   */
  exclusively<T>(names: readonly string[], work: (store: Store) => Promise<T>): Promise<T>;
}
