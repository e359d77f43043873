/** Writes: many requests in one round trip, each with its own result or its own error. */
import { FhirError } from '../../shared/errors.ts';
import type { Database } from '../store.ts';
import { pack, type Request } from './pack.ts';
import type { Write, Written } from './write.ts';

const PARAMETERS = 43;
const statement = `SELECT write_resources(${Array.from({ length: PARAMETERS }, (_, at) => `$${at + 1}`).join(', ')}) AS results`;

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

/**
 * Writes each request wholly or not at all, in one round trip. Rejects when the database took none of them. `careful` looks
 * first which of the resources exist; without it, one that does fails everything with a cause that `mayRetry` knows.
 */
export async function writeAll(
  db: Database,
  requests: readonly Request[],
  careful: boolean,
): Promise<readonly (readonly Written[] | Error)[]> {
  const values = [careful, ...pack(requests)];
  const [row] = await db.query<{ results: number[] }>({ name: 'write-resources', text: statement, values });
  const results = row?.results ?? [];
  let from = 0;
  return requests.map((request) => {
    const own = results.slice(from, from + request.writes.length);
    from += request.writes.length;
    return resultOf(request, own);
  });
}
