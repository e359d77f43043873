/** PostgreSQL's errors in the words of the one error that clients get. https://www.postgresql.org/docs/18/errcodes-appendix.html */
import { FhirError } from '../shared/errors.ts';

/** The five characters of an error of PostgreSQL or of its connection; `undefined` for anything else. */
function sqlstateOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string') return undefined;
  if (/^[0-9A-Z]{5}$/.test(code)) return code;
  // Sockets that fail have names of their own; to a caller they are class 08, a broken connection.
  return /^(ECONN|EPIPE|ENOENT|ETIMEDOUT)/.test(code) ? '08006' : undefined;
}

/** Whether the same transaction may succeed when it is run again: serialization failure, deadlock. */
export function mayRetry(error: unknown): boolean {
  const state = sqlstateOf(error instanceof FhirError ? error.detail.cause : error);
  return state === '40001' || state === '40P01';
}

const RETRY_AFTER_SECONDS = 2;

const table: readonly (readonly [pattern: RegExp, make: (cause: unknown) => FhirError])[] = [
  [/^23505$/, (cause) => new FhirError('conflict', 'Something with the same key exists already.', { cause })],
  [/^23/, (cause) => new FhirError('conflict', 'The change contradicts something that exists.', { cause })],
  [/^57014$/, (cause) => busy('The database took too long for this request; narrow it, or try again later.', cause)],
  [/^(40001|40P01)$/, (cause) => busy('Others were changing the same resources; try again.', cause)],
  [/^55P03$/, (cause) => busy('Something that this request needs is locked; try again.', cause)],
  [/^53100$/, (cause) => new FhirError('full', 'The disk of the database is full.', { cause })],
  [/^53/, (cause) => busy('The database has no room for this request now; try again later.', cause)],
  [/^(08|57P)/, (cause) => busy('The database cannot be reached now; try again later.', cause)],
  [/^54/, (cause) => new FhirError('tooLarge', 'The request is too large for the database.', { cause })],
  [/^22(021|P05)$/, (cause) => new FhirError('invalid', 'Text must not contain the character U+0000.', { cause })],
];

function busy(message: string, cause: unknown): FhirError {
  return new FhirError('busy', message, { cause, retryAfter: RETRY_AFTER_SECONDS });
}

const lostConnection = /Connection terminated|is not queryable|timeout exceeded when trying to connect/;

/** What callers of the store get instead of a `pg` error; errors that are not PostgreSQL's stay as they are. */
export function toStoreError(error: unknown): unknown {
  if (error instanceof FhirError) return error;
  const state = sqlstateOf(error);
  if (state === undefined) {
    // `pg` and its pool report a lost connection as bare errors.
    const lost = error instanceof Error && lostConnection.test(error.message);
    return lost ? busy('The database cannot be reached now; try again later.', error) : error;
  }
  return table.find(([pattern]) => pattern.test(state))?.[1](error) ?? error;
}
