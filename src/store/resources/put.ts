/** Writes: many requests in one round trip, each with its own result or its own error. */
import { FhirError } from '../../shared/errors.ts';
import { type KnownWords, type Word, wordKey, wordsKey, wordsOf } from '../search/dictionary.ts';
import type { Database } from '../store.ts';
import { type Guard, guardOf } from './guard-references.ts';
import { pack, type Request } from './pack.ts';
import type { Write, Written } from './write.ts';

const writing = 'write_resources($1, $2, $3, $4, $5, $6)';
const PARAMETERS = 6;
const statement = `SELECT ${writing} AS results`;

export interface WriteOptions {
  /** Whether some of the resources may exist. */
  readonly careful: boolean;
  readonly known: KnownWords;
  /** Whether what is written is committed by itself; inside a transaction nobody knows yet. */
  readonly commits: boolean;
}

/** Why a write was refused, by the number that `write_resources` gives. */
function refusal({ type, id, expect }: Write, code: number): FhirError {
  const name = `${type}/${id}`;
  switch (code) {
    case -1:
      return new FhirError('conflict', `Resource ${name} exists already.`);
    case -2:
      return new FhirError('notFound', `Resource ${name} does not exist.`);
    case -3:
      return new FhirError('gone', `Resource ${name} was deleted.`);
    case -4:
      return new FhirError('precondition', `Resource ${name} is no longer at version ${expect}; read it again.`);
    default:
      return new FhirError('conflict', `The id of ${name} cannot be used; choose another.`);
  }
}

function toWritten({ type, id, updated }: Write, result: number): Written {
  return { type, id, updated, version: result >> 1, created: (result & 1) === 1 };
}

/** The results of one request out of those of all, or the error of its first refused write. */
function resultOf(request: Request, results: readonly number[]): readonly Written[] | Error {
  const at = results.findIndex((result) => result < 0);
  if (at >= 0) return refusal(request.writes[at] as Write, results[at] as number);
  return request.writes.map((write, index) => toWritten(write, results[index] as number));
}

interface News {
  /** Words that may not be in the dictionary yet, each once. */
  readonly words: Map<string, Word>;
  /** Of the rows that have them. */
  readonly keys: Set<string>;
}

function newWords(requests: readonly Request[], known: KnownWords): News {
  const words = new Map<string, Word>();
  const keys = new Set<string>();
  for (const row of requests.flatMap(({ writes }) => writes.flatMap(({ index }) => index))) {
    const key = wordsKey(row);
    if (key === undefined || key === '' || known.has(key) || keys.has(key)) continue;
    keys.add(key);
    for (const word of wordsOf(row)) words.set(wordKey(word), word);
  }
  return { words, keys };
}

/** The oldest state of the posted search parameters by which one of the writes was indexed. */
function generationOf(requests: readonly Request[]): number {
  let oldest = Number.POSITIVE_INFINITY;
  for (const { writes } of requests) {
    for (const { op, generation = 1 } of writes) if (op !== 'delete') oldest = Math.min(oldest, generation);
  }
  // Deletions alone have no search rows.
  return Number.isFinite(oldest) ? oldest : 0;
}

interface Row {
  readonly results: readonly number[];
}

async function write(db: Database, values: readonly unknown[]): Promise<readonly number[]> {
  const [row] = await db.query<Row>({ name: 'write-resources', text: statement, values });
  return row?.results ?? [];
}

async function writeGuarded(db: Database, values: readonly unknown[], guard: Guard): Promise<readonly number[]> {
  const text = guard.text(writing, PARAMETERS);
  try {
    const [row] = await db.query<Row>({ name: 'write-guarded', text, values: [...values, ...guard.values] });
    return row?.results ?? [];
  } catch (error) {
    throw guard.explain(error);
  }
}

/**
 * Writes each request wholly or not at all, in one round trip. Rejects when the database took none of them. `careful` looks
 * first which of the resources exist; without it, one that does fails everything with a cause that `mayRetry` knows.
 */
export async function writeAll(
  db: Database,
  requests: readonly Request[],
  { careful, known, commits }: WriteOptions,
): Promise<readonly (readonly Written[] | Error)[]> {
  const { words, keys } = newWords(requests, known);
  const values = [careful, generationOf(requests), ...pack(requests, [...words.values()])];
  const guard = guardOf(requests.flatMap(({ writes }) => writes));
  const results = await (guard ? writeGuarded(db, values, guard) : write(db, values));
  if (commits) known.add(keys);
  let from = 0;
  return requests.map((request) => {
    const own = results.slice(from, from + request.writes.length);
    from += request.writes.length;
    return resultOf(request, own);
  });
}
