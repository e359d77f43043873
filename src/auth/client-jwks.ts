/**
 * The key sets that clients have by URL, kept exactly as long as their own cache-control says, in the database so that all
 * processes know the same. While a URL is down its last good copy serves on.
 * http://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html, https://www.rfc-editor.org/rfc/rfc9111
 */
import type { Logger } from '../shared/logger.ts';
import {
  claimTry,
  findKeySet,
  type KeySet,
  type StoredKeySet,
  saveKeySet,
  saveKeySetProblem,
} from '../store/oidc/client-jwks.ts';
import type { Database } from '../store/store.ts';
import { usefulKeys } from './client-keys.ts';

type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

export interface KeySets {
  /**
   * The keys at a URL, fetched again when they are older than they may be or when `kid` is not among them. Throws Error
   * that says why there are none.
   */
  keysFor(url: string, kid?: string): Promise<KeySet>;
}

const day = 86_400;
/** Without a word about caching. */
const silentSeconds = 60;
/** How long a copy serves on while its URL is down. */
const staleSeconds = 7 * day;
/** A key that is not in a fresh set may be new; asking for it is no way to make this server send requests. */
const unknownKeySeconds = 10;
/** Time between tries at a URL that does not answer, with and without a copy that helps meanwhile. */
const downSeconds = { withCopy: 5, without: 1 };

export interface Freshness {
  /** Whether the answer may be kept at all. */
  readonly mayStore: boolean;
  readonly freshSeconds: number;
  /** Beyond it, while it cannot be had again. */
  readonly staleSeconds: number;
}

function directives(header: string | null): ReadonlyMap<string, string> {
  const parts = (header ?? '').toLowerCase().split(',');
  return new Map(
    parts.map((part) => {
      const [name = '', value = ''] = part.trim().split('=', 2);
      return [name.trim(), value.trim().replace(/^"|"$/g, '')];
    }),
  );
}

const secondsOf = (text: string | null | undefined): number | undefined =>
  /^\d{1,10}$/.test(text ?? '') ? Number(text) : undefined;

function lifetimeOf(headers: Headers, said: ReadonlyMap<string, string>, now: number): number {
  if (said.has('no-store') || said.has('no-cache')) return 0;
  if (said.has('max-age')) return secondsOf(said.get('max-age')) ?? 0;
  const expires = headers.get('expires');
  if (expires === null) return silentSeconds;
  const until = Date.parse(expires);
  // What is no date has expired (RFC 9111, 5.3).
  return Number.isNaN(until) ? 0 : (until - (Date.parse(headers.get('date') ?? '') || now)) / 1000;
}

/** How long an answer with these headers may be used; at most a day. `now` in milliseconds. */
export function freshness(headers: Headers, now: number): Freshness {
  const said = directives(headers.get('cache-control'));
  const age = secondsOf(headers.get('age')) ?? 0;
  const freshSeconds = Math.floor(Math.min(Math.max(lifetimeOf(headers, said, now) - age, 0), day));
  const mustAsk = said.has('must-revalidate') || said.has('no-cache') || said.has('no-store');
  const allowed = Math.min(secondsOf(said.get('stale-if-error')) ?? staleSeconds, staleSeconds);
  return { mayStore: !said.has('no-store'), freshSeconds, staleSeconds: mustAsk ? 0 : allowed };
}

const hasKey = ({ keys }: KeySet, kid: string | undefined) =>
  kid === undefined || keys.some((key) => key['kid'] === kid);

/** `fetch` guards against addresses inside the hospital and against large and slow answers. */
export function keySetsOf(db: Database, fetch: Fetch, log: Logger): KeySets {
  /** What is being fetched: many requests at once are one. */
  const underWay = new Map<string, Promise<KeySet>>();

  async function load(url: string): Promise<KeySet> {
    const response = await fetch(url, { headers: { accept: 'application/jwk-set+json, application/json' } });
    if (response.status !== 200) throw new Error(`it answered with status ${response.status}`);
    const jwks = { keys: usefulKeys(JSON.parse(await response.text())) };
    const { mayStore, ...kept } = freshness(response.headers, Date.now());
    await saveKeySet(db, {
      url,
      jwks: mayStore ? jwks : null,
      ...kept,
      staleSeconds: kept.freshSeconds + kept.staleSeconds,
    });
    return jwks;
  }

  async function loadNoting(url: string): Promise<KeySet> {
    try {
      return await load(url);
    } catch (error) {
      const problem = (error as Error).message.slice(0, 500);
      log.warn('the key set of a client cannot be fetched', { url, reason: problem });
      await saveKeySetProblem(db, url, problem);
      throw error;
    }
  }

  /** Looks once more before it asks: what was under way when `stored` was looked at may have come to its end since. */
  async function loadUnlessThere(url: string, stored: StoredKeySet | undefined): Promise<KeySet> {
    const now = stored?.isFresh ? undefined : await findKeySet(db, url);
    return now?.jwks && now.isFresh ? now.jwks : loadNoting(url);
  }

  function fetchOnce(url: string, stored: StoredKeySet | undefined): Promise<KeySet> {
    const running = underWay.get(url);
    if (running !== undefined) return running;
    const fresh = loadUnlessThere(url, stored).finally(() => underWay.delete(url));
    underWay.set(url, fresh);
    return fresh;
  }

  /** Whether the URL is asked now, with what is known of it. */
  async function isAsked(url: string, stored: StoredKeySet | undefined): Promise<boolean> {
    if (!stored) return true;
    if (stored.isFresh) return claimTry(db, url, unknownKeySeconds);
    if (stored.problem === null) return true;
    return claimTry(db, url, stored.jwks && stored.isUsable ? downSeconds.withCopy : downSeconds.without);
  }

  /** A fresh set, or the copy where there is none to be had. */
  async function fetchedOr(url: string, stored: StoredKeySet | undefined): Promise<KeySet> {
    try {
      return await fetchOnce(url, stored);
    } catch (error) {
      const copy = stored?.isUsable ? stored.jwks : null;
      if (copy) return copy;
      throw error;
    }
  }

  return {
    async keysFor(url, kid) {
      const stored = await findKeySet(db, url);
      if (stored?.jwks && stored.isFresh && hasKey(stored.jwks, kid)) return stored.jwks;
      if (await isAsked(url, stored)) return fetchedOr(url, stored);
      if (stored?.jwks && stored.isUsable) return stored.jwks;
      throw new Error(stored?.problem ?? 'it was asked a moment ago');
    },
  };
}
