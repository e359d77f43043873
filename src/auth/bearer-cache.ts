/**
 * Remembers for a moment what the database said of a token, as long as the database would say if that changed. Without it
 * every request would cost a query more than its own.
 */

export interface BearerCache<T> {
  find(token: string): Promise<T | undefined>;
  /** Forgets everything: something was revoked. */
  clear(): void;
  /** Whether anything may be remembered: not while revocations cannot be heard of. */
  remember(isAllowed: boolean): void;
}

/** However it is revoked, a token is good no longer than this, also if the news of it were lost. */
const milliseconds = 1000;
/** Far more tokens than a server sees in a second; past it the oldest go. */
const maximum = 10_000;

interface Entry<T> {
  readonly value: T;
  readonly until: number;
}

/** `look` asks the database; `expires` tells when its answer ends by itself, in milliseconds since 1970. */
export function bearerCache<T>(
  look: (token: string) => Promise<T | undefined>,
  expires: (value: T) => number,
  now: () => number = Date.now,
): BearerCache<T> {
  const entries = new Map<string, Entry<T>>();
  let isAllowed = false;
  /** Grows when something is forgotten, so that an answer that was under way then is not remembered. */
  let generation = 0;

  function clear(): void {
    generation += 1;
    entries.clear();
  }

  async function ask(token: string): Promise<T | undefined> {
    const asked = generation;
    const value = await look(token);
    if (value === undefined || !isAllowed || asked !== generation) return value;
    const [oldest] = entries.keys();
    if (entries.size >= maximum && oldest !== undefined) entries.delete(oldest);
    entries.delete(token);
    entries.set(token, { value, until: Math.min(now() + milliseconds, expires(value)) });
    return value;
  }

  return {
    async find(token) {
      const entry = entries.get(token);
      return entry && entry.until > now() ? entry.value : ask(token);
    },
    clear,
    remember(allowed) {
      isAllowed = allowed;
      clear();
    },
  };
}
