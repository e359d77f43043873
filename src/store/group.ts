/** Group commit in the application: what arrives while one round trip is under way goes together in the next. */

export interface GroupOptions<Item, Result> {
  /** One round trip for all; results in the order of the items. A rejection is tried again item by item. */
  readonly run: (items: readonly Item[]) => Promise<readonly (Result | Error)[]>;
  /** Round trips under way at once at most. */
  readonly lanes: number;
  /**
   * While round trips wait long for the disk, another begins beside one under way only when so much waits (1 unless told), and
   * the next waits a millisecond for those whose answers have just gone out: two small ones, each waiting for the disk,
   * take as long as a single one that carries both.
   */
  readonly enough?: number;
  /** What a weight of one adds to a round trip, roughly, milliseconds; what is left of its time is waiting for the disk. */
  readonly itemMs?: number;
  /** Weight of an item (1 unless told) and the most that one round trip carries; a single heavier item goes alone. */
  readonly weight?: (item: Item) => number;
  readonly limit: number;
  /** Items that share a key never go in the same or in simultaneous round trips; the later one waits. */
  readonly keys?: (item: Item) => readonly string[];
}

interface Entry<Item, Result> {
  readonly item: Item;
  readonly keys: readonly string[];
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** From here on waiting for others pays: the timer has a grain of a millisecond. */
const SLOW_MS = 2;
const GATHER_MS = 1;
/** Weight of the newest round trip in the running mean of how long they wait. */
const NEWEST = 0.2;

function settle<Item, Result>(entries: readonly Entry<Item, Result>[], results: readonly (Result | Error)[]): void {
  for (const [at, entry] of entries.entries()) {
    const result = results[at];
    if (result instanceof Error) entry.reject(result);
    else entry.resolve(result as Result);
  }
}

/** Entries whose keys nobody is busy with, up to the limit, and those that are left; first come, first served. */
function choose<Item, Result>(
  queue: readonly Entry<Item, Result>[],
  busy: ReadonlySet<string>,
  weight: (item: Item) => number,
  limit: number,
): readonly [taken: Entry<Item, Result>[], left: Entry<Item, Result>[]] {
  const taken: Entry<Item, Result>[] = [];
  const left: Entry<Item, Result>[] = [];
  const seen = new Set<string>();
  let total = 0;
  for (const entry of queue) {
    const blocked = entry.keys.some((key) => busy.has(key) || seen.has(key));
    for (const key of entry.keys) seen.add(key);
    const heavy = weight(entry.item);
    if (blocked || (taken.length > 0 && total + heavy > limit)) left.push(entry);
    else {
      taken.push(entry);
      total += heavy;
    }
  }
  return [taken, left];
}

/** Makes a function that hands one item to a shared round trip and resolves with its own result. */
export function group<Item, Result>(options: GroupOptions<Item, Result>): (item: Item) => Promise<Result> {
  const { run, lanes, limit, enough = 1, itemMs = 0, weight = () => 1, keys = () => [] } = options;
  const isSlow = () => wait > SLOW_MS;
  const waiting = () => queue.reduce((sum, { item }) => sum + weight(item), 0);
  const mayStart = () => underWay === 0 || (underWay < lanes && (!isSlow() || waiting() >= enough));
  let queue: Entry<Item, Result>[] = [];
  const busy = new Set<string>();
  let underWay = 0;
  let scheduled = false;
  /** Running mean of the time that round trips wait for the disk, milliseconds. */
  let wait = 0;
  /** How many came back together last time; so many are waited for, but only a moment. */
  let expected = 0;
  let timer: NodeJS.Timeout | undefined;

  async function send(entries: readonly Entry<Item, Result>[]): Promise<void> {
    try {
      settle(entries, await run(entries.map(({ item }) => item)));
    } catch (error) {
      if (entries.length === 1) return entries[0]?.reject(error);
      // One client's bad data must not fail the others that happened to travel with it.
      for (const entry of entries) await send([entry]);
    }
  }

  async function fly(entries: readonly Entry<Item, Result>[]): Promise<void> {
    const began = performance.now();
    const taken = entries.flatMap(({ keys: own }) => own);
    underWay++;
    for (const key of taken) busy.add(key);
    await send(entries);
    for (const key of taken) busy.delete(key);
    underWay--;
    const total = entries.reduce((sum, { item }) => sum + weight(item), 0);
    wait += (performance.now() - began - total * itemMs - wait) * NEWEST;
    const gathers = enough > 1 && entries.length > 1 && isSlow();
    expected = gathers ? entries.length + queue.length : 0;
    if (!gathers) start();
    else timer ??= setTimeout(start, GATHER_MS);
  }

  function start(): void {
    clearTimeout(timer);
    timer = undefined;
    scheduled = false;
    expected = 0;
    while (queue.length > 0 && mayStart()) {
      const [taken, left] = choose(queue, busy, weight, limit);
      queue = left;
      if (taken.length === 0) return;
      void fly(taken);
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      queue.push({ item, keys: keys(item), resolve, reject });
      if (scheduled || queue.length < expected || !mayStart()) return;
      scheduled = true;
      // After this turn's input has been read, so that requests that came together travel together.
      setImmediate(start);
    });
}
