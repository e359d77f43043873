/**
 * From an Authorization header to an Access.
 * https://www.rfc-editor.org/rfc/rfc6750
 */
import type { Access, Caller } from '../fhir/access.ts';
import { FhirError } from '../shared/errors.ts';
import { idHash } from '../store/oidc/artifact.ts';
import { type Bearer, findBearer } from '../store/oidc/find-bearer.ts';
import type { Database } from '../store/store.ts';
import { type Rules, rulesOf } from './access.ts';
import { personAgent } from './agents.ts';
import { type BearerCache, bearerCache } from './bearer-cache.ts';
import type { Extract } from './restriction.ts';

export interface Credentials {
  /** The Authorization header as it came. */
  readonly authorization: string | undefined;
  /** The peer's network address. */
  readonly address?: string | undefined;
  readonly requestId?: string | undefined;
}

/** RFC 6750, b64token; no token of ours is longer. */
const bearer = /^Bearer +([A-Za-z0-9\-._~+/]{1,4096}=*)$/i;

function tokenOf(authorization: string | undefined): string {
  if (authorization === undefined || authorization.trim() === '') {
    throw new FhirError('unauthenticated', 'This needs an access token: Authorization: Bearer TOKEN.');
  }
  const token = bearer.exec(authorization.trim())?.[1];
  if (token === undefined) {
    throw new FhirError('unauthenticated', 'The Authorization header is not of the form Bearer TOKEN.');
  }
  return token;
}

/** What is the same for all requests with one token. */
interface Known {
  readonly caller: Caller;
  readonly rules: Rules;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

function callerOf({ user, clientName, clientId }: Bearer): Caller {
  const client = { name: clientName };
  if (!user) return { client, clientId };
  const practitioner = `Practitioner/${user.practitionerId}`;
  return { client, clientId, userId: user.id, role: user.role, practitioner, user: personAgent(user) };
}

function accessOf(
  known: Known | undefined,
  { address, requestId }: Pick<Credentials, 'address' | 'requestId'>,
): Access {
  if (!known) {
    throw new FhirError('unauthenticated', 'The access token is not known here, has expired or was revoked.');
  }
  const caller: Caller = {
    ...known.caller,
    ...(address === undefined ? {} : { address }),
    ...(requestId === undefined ? {} : { requestId }),
  };
  return Object.freeze({ ...known.rules, caller });
}

export interface Authenticator {
  /** Throws FhirError `unauthenticated`, with the same words for every token that is not good. */
  authenticate(credentials: Credentials): Promise<Access>;
  /** What a request that is carried out later keeps instead of its token. Throws `unauthenticated` for what is no token. */
  ticketOf(credentials: Credentials): string;
  /** The access that a ticket's token gives now: none when it has expired or was revoked meanwhile. */
  resume(ticket: string, caller: Pick<Caller, 'address' | 'requestId'>): Promise<Access>;
  readonly cache: Pick<BearerCache<unknown>, 'clear' | 'remember'>;
}

/**
 * Judges the bearers of tokens by the database: a revoked token, a suspended person or a removed client is refused from the
 * next request on, or from the moment on at which the cache, where there is one, hears of it.
 */
export function authenticator(db: Database, base: string, extract: Extract): Authenticator {
  async function look(hash: string): Promise<Known | undefined> {
    const found = await findBearer(db, hash);
    if (!found || found.audience !== base) return undefined;
    const caller = callerOf(found);
    return { caller, rules: rulesOf(caller, found.scope ?? '', extract), expires: found.expires * 1000 };
  }
  const cache = bearerCache(
    (token) => look(idHash(token)),
    ({ expires }) => expires,
  );
  return {
    cache,
    authenticate: async ({ authorization, address, requestId }) =>
      accessOf(await cache.find(tokenOf(authorization)), { address, requestId }),
    ticketOf: ({ authorization }) => idHash(tokenOf(authorization)),
    // Never from memory: how it stands is asked when the work begins.
    resume: async (ticket, caller) => accessOf(await look(ticket), caller),
  };
}
