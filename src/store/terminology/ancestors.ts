/** The transitive closure of an imported hierarchy, computed in arrays of integers: a few megabytes for SNOMED CT. */
import { int4s } from '../arrays.ts';
import type { Database } from '../store.ts';

const pageSize = 50_000;
const batchSize = 50_000;

interface Link {
  readonly child: number;
  readonly parent: number;
}

/** Parents of concept n are `parent[start[n]]` to `parent[start[n + 1] - 1]`. */
interface Parents {
  readonly start: Int32Array;
  readonly parent: Int32Array;
}

async function readParents(db: Database, system: number, concepts: number): Promise<Parents> {
  const [row] = await db.query<{ links: number }>({
    text: 'SELECT count(*)::int AS links FROM term_parent WHERE system = $1',
    values: [system],
  });
  const parent = new Int32Array(row?.links ?? 0);
  const start = new Int32Array(concepts + 1);
  let at = 0;
  let last: Link = { child: -1, parent: -1 };
  for (;;) {
    const page = await db.query<Link>({
      text: `SELECT child, parent FROM term_parent WHERE system = $1 AND (child, parent) > ($2, $3)
              ORDER BY child, parent LIMIT ${pageSize}`,
      values: [system, last.child, last.parent],
    });
    for (const link of page) {
      parent[at++] = link.parent;
      start[link.child + 1] = at;
    }
    if (page.length < pageSize) break;
    last = page.at(-1) ?? last;
  }
  for (let n = 1; n <= concepts; n++) start[n] = Math.max(start[n] ?? 0, start[n - 1] ?? 0);
  return { start, parent };
}

/** Every concept above each one, once, whatever cycles there are. */
function* ancestors({ start, parent }: Parents, concepts: number): Generator<readonly [descendant: number, number]> {
  const seen = new Int32Array(concepts).fill(-1);
  const stack: number[] = [];
  for (let n = 0; n < concepts; n++) {
    seen[n] = n;
    stack.push(n);
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      for (let link = start[at] ?? 0; link < (start[at + 1] ?? 0); link++) {
        const above = parent[link] as number;
        if (seen[above] === n) continue;
        seen[above] = n;
        stack.push(above);
        yield [n, above];
      }
    }
  }
}

/** Fills term_ancestor from term_parent; `concepts` is one more than the greatest n. Gives the number of pairs. */
export async function addAncestors(
  db: Database,
  system: number,
  concepts: number,
  told: (pairs: number) => void,
): Promise<number> {
  const parents = await readParents(db, system, concepts);
  let [low, high]: [number[], number[]] = [[], []];
  let pairs = 0;
  const flush = async () => {
    await db.query({
      text: `INSERT INTO term_ancestor (system, descendant, ancestor) SELECT $1, * FROM unnest($2::int[], $3::int[])`,
      values: [system, int4s(low), int4s(high)],
    });
    pairs += low.length;
    [low, high] = [[], []];
    told(pairs);
  };
  for (const [descendant, ancestor] of ancestors(parents, concepts)) {
    low.push(descendant);
    high.push(ancestor);
    if (low.length >= batchSize) await flush();
  }
  if (low.length > 0) await flush();
  return pairs;
}
