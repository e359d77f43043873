/** Group commit in the application: what arrives while one round trip is under way goes together in the next. */

export interface GroupOptions<Item, Result> {
  /** One round trip for all; results in the order of the items. A rejection is tried again item by item. */
  readonly run: (items: readonly Item[]) => Promise<readonly (Result | Error)[]>;
  /** Round trips under way at once. */
  readonly lanes: number;
  /** Weight of an item (1 unless told) and the most that one round trip carries; a single heavier item goes alone. */
  readonly weight?: (item: Item) => number;
  readonly limit: number;
  /** Items that share a key never go in the same or in simultaneous round trips; the later one waits. */
  readonly keys?: (item: Item) => readonly string[];
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly keys: readonly string[];
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Makes a function that hands one item to a shared round trip and resolves with its own result. */
export function group<Item, Result>(options: GroupOptions<Item, Result>): (item: Item) => Promise<Result> {
  const { run, lanes, limit, weight = () => 1, keys = () => [] } = options;
  type Entry = Waiting<Item, Result>;
  let queue: Entry[] = [];
  let underWay = 0;
  let scheduled = false;
  const busy = new Set<string>();

  function take(): Entry[] {
    const taken: Entry[] = [];
    const left: Entry[] = [];
    const seen = new Set<string>();
    let total = 0;
    for (const entry of queue) {
      const heavy = weight(entry.item);
      const blocked = entry.keys.some((key) => busy.has(key) || seen.has(key));
      // An entry that waits makes later ones with its keys wait too: first come, first served.
      for (const key of entry.keys) seen.add(key);
      if (blocked || (taken.length > 0 && total + heavy > limit)) left.push(entry);
      else {
        taken.push(entry);
        total += heavy;
      }
    }
    queue = left;
    return taken;
  }

  function settle(entries: readonly Entry[], results: readonly (Result | Error)[]): void {
    entries.forEach((entry, at) => {
      const result = results[at];
      if (result instanceof Error) entry.reject(result);
      else entry.resolve(result as Result);
    });
  }

  async function send(entries: readonly Entry[]): Promise<void> {
    try {
      settle(entries, await run(entries.map(({ item }) => item)));
    } catch (error) {
      if (entries.length === 1) return entries[0]?.reject(error);
      // One client's bad data must not fail the others that happened to travel with it.
      for (const entry of entries) await send([entry]);
    }
  }

  async function fly(entries: readonly Entry[]): Promise<void> {
    underWay++;
    for (const { keys: own } of entries) for (const key of own) busy.add(key);
    await send(entries);
    for (const { keys: own } of entries) for (const key of own) busy.delete(key);
    underWay--;
    start();
  }

  function start(): void {
    scheduled = false;
    while (underWay < lanes && queue.length > 0) {
      const entries = take();
      if (entries.length === 0) return;
      void fly(entries);
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      queue.push({ item, keys: keys(item), resolve, reject });
      if (scheduled || underWay >= lanes) return;
      scheduled = true;
      // After this turn's input has been read, so that requests that came together travel together.
      setImmediate(start);
    });
}
