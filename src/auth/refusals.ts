/**
 * Leaves a trace of tokens that are refused: a guess, or a token used after its end, is worth knowing of.
 * https://hl7.org/fhir/R4/security.html#AccessDenied
 */
import type { Access } from '../fhir/access.ts';
import { FhirError } from '../shared/errors.ts';
import type { AuditRecord } from '../store/audit/record.ts';
import type { Store } from '../store/store.ts';
import type { Credentials } from './authenticate.ts';

/** Records a second that one process makes: who has no token must not fill the disk with what is said of them. */
const mostASecond = 10;

/** Counts what a second leaves out, so that the next record can tell. */
function limited(now: () => Date): () => number | undefined {
  let second = 0;
  let told = 0;
  let untold = 0;
  return () => {
    const current = Math.floor(now().getTime() / 1000);
    if (current !== second) [second, told] = [current, 0];
    if (told >= mostASecond) {
      untold += 1;
      return undefined;
    }
    const before = untold;
    [told, untold] = [told + 1, 0];
    return before;
  };
}

function recordOf({ address, requestId }: Credentials, recorded: Date, why: string, untold: number): AuditRecord {
  return {
    type: 'access-denied',
    subtype: 'token',
    action: 'E',
    outcome: '4',
    outcomeText: untold === 0 ? why : `${why} ${untold} more like it are not told.`,
    recorded,
    client: { name: 'unknown client' },
    ...(address === undefined ? {} : { address }),
    ...(requestId === undefined ? {} : { requestId }),
    entities: [],
    patients: [],
  };
}

/**
 * `authenticate`, whose refusals are in the audit trail before they are answered; past ten a second only their number is. A
 * request without any credentials is no attempt: clients begin with one to learn what is asked of them.
 */
export function auditedRefusals(
  authenticate: (credentials: Credentials) => Promise<Access>,
  { audit }: Pick<Store, 'audit'>,
  now: () => Date,
): (credentials: Credentials) => Promise<Access> {
  const next = limited(now);
  return async (credentials) => {
    try {
      return await authenticate(credentials);
    } catch (error) {
      const isAttempt = credentials.authorization !== undefined;
      if (error instanceof FhirError && error.kind === 'unauthenticated' && isAttempt) {
        const untold = next();
        if (untold !== undefined) await audit.append(recordOf(credentials, now(), error.message, untold));
      }
      throw error;
    }
  };
}
