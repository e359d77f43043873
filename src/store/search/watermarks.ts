/**
 * Up to which version number everything is settled in a snapshot: there, or never to be. A number is given out after its
 * transaction has its own (write_resources), so that whoever began later knows of it: when every transaction older than such a later
 * one has ended, no number that had been given out before is still to come.
 */

interface Note {
  readonly last: bigint;
  /** The first transaction that cannot have one of the numbers up to `last`; as yet unknown. */
  horizon?: bigint;
}

interface Seen {
  /** As PostgreSQL writes it: the oldest transaction under way, the first that has not begun, those between under way. */
  readonly snapshot: string;
  /** The last version number that was given out, as the statement read it. */
  readonly last: string;
}

export interface Watermarks {
  /** To be called before a statement is sent; what it then has seen is handed to `settled`. */
  begin(): { settled(seen: Seen): string | undefined };
}

const MOST_NOTES = 64;

export function openWatermarks(): Watermarks {
  let notes: readonly Note[] = [];
  return {
    begin() {
      // Read before the statement began, and so before its snapshot.
      const before = notes;
      return {
        settled({ snapshot, last }) {
          const [oldest = 0n, next = 0n] = snapshot.split(':', 2).map(BigInt);
          for (const note of before) note.horizon ??= next;
          const done = before.filter(({ horizon }) => horizon !== undefined && horizon <= oldest);
          const number = BigInt(last);
          if (!notes.some((note) => note.last >= number)) notes = [...notes, { last: number }].slice(-MOST_NOTES);
          const most = done.reduce<bigint | undefined>(
            (best, note) => (best === undefined || note.last > best ? note.last : best),
            undefined,
          );
          return most?.toString();
        },
      };
    },
  };
}
