/**
 * Many writes of one transaction, some at a time: making and sending a statement of thousands would hold up everybody else
 * in this process meanwhile (60 µs a write, and the whole of it at once).
 */
import { setImmediate } from 'node:timers/promises';
import { resourceKey } from '../keys.ts';
import { guardOf } from './guard-references.ts';
import type { Write, Written } from './write.ts';

/** About 10 ms of work. */
export const writesAtOnce = 128;

type Piece = (writes: readonly Write[], isLast: boolean) => Promise<readonly Written[]>;

/** Whether writes are better sent in pieces. References that have to resolve are checked in one statement with all of them. */
export function areMany(writes: readonly Write[]): boolean {
  return writes.length > writesAtOnce && guardOf(writes) === undefined;
}

/**
 * Writes one piece after the other, in the order of the resources' keys: two transactions that write the same resources lock
 * them in the same order, as one statement does. Resolves in the order of `writes`.
 */
export async function inPieces(writes: readonly Write[], piece: Piece): Promise<readonly Written[]> {
  const keyed = writes.map((write, at) => ({ write, at, key: resourceKey(write.type, write.id) }));
  keyed.sort((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0));
  const written = new Array<Written>(writes.length);
  for (let from = 0; from < keyed.length; from += writesAtOnce) {
    const own = keyed.slice(from, from + writesAtOnce);
    const writes = await indexed(own.map(({ write }) => write));
    const results = await piece(writes, from + writesAtOnce >= keyed.length);
    own.forEach(({ at }, index) => {
      written[at] = results[index] as Written;
    });
    await setImmediate();
  }
  return written;
}

/** Search rows that are made in one go. */
const indexedAtOnce = 16;

/** The writes with their search rows made, which are as large as everything else and go with the piece that they are for. */
async function indexed(writes: readonly Write[]): Promise<readonly Write[]> {
  const made: Write[] = [];
  for (const write of writes) {
    // A copy has the rows themselves.
    made.push({ ...write });
    if (made.length % indexedAtOnce === 0) await setImmediate();
  }
  return made;
}
