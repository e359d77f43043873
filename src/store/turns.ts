/** Within one process, work on the same names goes one after the other, before it costs a connection. */

type Turns = <T>(names: readonly string[], work: () => Promise<T>) => Promise<T>;

/** Makes the function that runs work when no earlier work that shares a name with it is still under way. */
export function openTurns(): Turns {
  const tails = new Map<string, Promise<unknown>>();
  return (names, work) => {
    const before = names.flatMap((name) => tails.get(name) ?? []);
    const mine = before.length === 0 ? work() : Promise.allSettled(before).then(work);
    // All names at once, in one turn of the event loop: two works never wait for each other.
    const leave = () => {
      for (const name of names) if (tails.get(name) === ended) tails.delete(name);
    };
    const ended: Promise<void> = mine.then(leave, leave);
    for (const name of names) tails.set(name, ended);
    return mine;
  };
}
