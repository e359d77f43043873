/**
 * From an Authorization header to an Access.
 * https://www.rfc-editor.org/rfc/rfc6750
 */
import { createHash } from 'node:crypto';
import type { Access, Caller } from '../fhir/access.ts';
import { FhirError } from '../shared/errors.ts';
import { idHash } from '../store/oidc/artifact.ts';
import { type Bearer, findBearer } from '../store/oidc/find-bearer.ts';
import type { Database } from '../store/store.ts';
import { type Rules, rulesOf } from './access.ts';
import { personAgent } from './agents.ts';
import { stateSystems } from './app-state.ts';
import { type BearerCache, bearerCache } from './bearer-cache.ts';
import type { Confirm, Confirmation, Presented, Proving } from './confirmation.ts';
import type { Veils } from './consents/follow.ts';
import type { Extract } from './restriction.ts';
import { accessUnder, type OpenedRecord } from './veiled-access.ts';

export interface Credentials extends Proving {
  /** The Authorization header as it came. */
  readonly authorization: string | undefined;
  /** The peer's network address. */
  readonly address?: string | undefined;
  readonly requestId?: string | undefined;
}

/** RFC 6750, b64token; no token of ours is longer. RFC 9449 has a scheme of its own for those that are bound to a key. */
const bearer = /^(Bearer|DPoP) +([A-Za-z0-9\-._~+/]{1,4096}=*)$/i;

function presentedBy(authorization: string | undefined): Presented {
  if (authorization === undefined || authorization.trim() === '') {
    throw new FhirError('unauthenticated', 'This needs an access token: Authorization: Bearer TOKEN.');
  }
  const [, scheme, token] = bearer.exec(authorization.trim()) ?? [];
  if (scheme === undefined || token === undefined) {
    throw new FhirError('unauthenticated', 'The Authorization header is not of the form Bearer TOKEN.');
  }
  return { scheme: scheme.toLowerCase() === 'dpop' ? 'dpop' : 'bearer', token };
}

/** What is the same for all requests with one token. */
interface Known {
  readonly caller: Caller;
  readonly rules: Rules;
  /** Undefined for what whoever has it may use. */
  readonly confirmation: Confirmation | undefined;
  /** What its owner has opened by break-the-glass. */
  readonly opened: readonly OpenedRecord[];
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** The same for the same words in any order; the context comes in, because scopes mean something else with another one. */
function rightsOf({ scope, context }: Bearer): string {
  const words = [...new Set((scope ?? '').split(' '))].sort();
  return createHash('sha256')
    .update(JSON.stringify([words, context?.patient ?? null]))
    .digest('base64url');
}

function callerOf(bearer: Bearer): Caller {
  const { user, clientName, clientId, context } = bearer;
  const client = { name: clientName };
  const rights = rightsOf(bearer);
  if (!user) return { client, clientId, rights };
  const practitioner = `Practitioner/${user.practitionerId}`;
  const patient = context?.patient;
  return {
    client,
    clientId,
    rights,
    userId: user.id,
    stateSystems: stateSystems(bearer.redirectUris),
    role: user.role,
    practitioner,
    user: personAgent(user),
    ...(patient ? { patient } : {}),
  };
}

function accessOf(
  veils: Veils | undefined,
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
  return accessUnder(veils, known.rules, caller, known.opened);
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
export function authenticator(
  db: Database,
  base: string,
  extract: Extract,
  confirm: Confirm,
  veils?: Veils,
): Authenticator {
  async function look(hash: string): Promise<Known | undefined> {
    const found = await findBearer(db, hash);
    if (!found || found.audience !== base) return undefined;
    const caller = callerOf(found);
    const { jkt, 'x5t#S256': thumbprint } = found.confirmation;
    const confirmation = jkt === undefined && thumbprint === undefined ? undefined : found.confirmation;
    const rules = rulesOf(caller, found.scope ?? '', extract);
    return { caller, rules, confirmation, opened: found.opened, expires: found.expires * 1000 };
  }
  const cache = bearerCache(
    (token) => look(idHash(token)),
    ({ expires }) => expires,
  );
  return {
    cache,
    async authenticate(credentials) {
      const presented = presentedBy(credentials.authorization);
      const known = await cache.find(presented.token);
      const access = accessOf(veils, known, credentials);
      // Most tokens are bound to nothing, and cost nothing here.
      if (known?.confirmation || presented.scheme === 'dpop') {
        await confirm(presented, known?.confirmation ?? {}, credentials);
      }
      return access;
    },
    ticketOf: ({ authorization }) => idHash(presentedBy(authorization).token),
    // Never from memory: how it stands is asked when the work begins.
    resume: async (ticket, caller) => accessOf(veils, await look(ticket), caller),
  };
}
