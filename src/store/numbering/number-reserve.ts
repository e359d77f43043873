/** Record numbers in small blocks, so that not every new patient waits for a round trip of its own. Gaps are allowed. */
import type { Database } from '../store.ts';

/** Numbers of one round trip: a registration desk never needs more at once, an import makes few round trips of it. */
const blockSize = 32;
/** A client may bring a number that lies in the reserve; it does not lie there long. */
const freshMilliseconds = 2000;

interface Block {
  readonly year: number;
  readonly taken: number;
  readonly numbers: string[];
}

/** Gives the next number of a year, never the same twice, also to servers that ask at once. */
export function numberReserve(db: Database): (year: number) => Promise<string> {
  let block: Promise<Block> | undefined;

  async function take(year: number): Promise<Block> {
    const rows = await db.query<{ numero: string }>({
      name: 'number-reserve',
      text: 'SELECT next_numero_dossier($1) AS numero FROM generate_series(1, $2::integer)',
      values: [year, blockSize],
    });
    return { year, taken: Date.now(), numbers: rows.map(({ numero }) => numero).reverse() };
  }

  return async function next(year) {
    const current = block;
    const found = await current?.catch(() => undefined);
    const isUsable = found && found.year === year && Date.now() - found.taken < freshMilliseconds;
    const number = isUsable ? found.numbers.pop() : undefined;
    if (number !== undefined) return number;
    // Whoever finds the block used up first asks for another; the rest wait for that one.
    if (block === current) block = take(year);
    await block;
    return next(year);
  };
}
