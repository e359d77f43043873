/** Hands prepared writes to the store, all or none. */
import type { Issue } from '../../shared/errors.ts';
import type { Write, Written } from '../../store/resources/write.ts';
import type { Resources } from '../../store/store.ts';
import type { Context } from '../context.ts';
import type { Reply } from '../reply.ts';

/** What the store commits together with writes: audit records and jobs. */
export type Effects = NonNullable<Parameters<Resources['write']>[1]>;

export interface Committed {
  readonly writes: readonly Write[];
  /** What became of each. */
  readonly written: readonly Written[];
  /** What hindered nothing but is worth saying, of each. */
  readonly warnings: readonly (readonly Issue[])[];
}

/** Writes; throws what `Resources.write` throws. */
export async function commit(
  { store }: Pick<Context, 'store'>,
  writes: readonly Write[],
  effects: Effects = {},
): Promise<Committed> {
  return { writes, written: await store.resources.write(writes, effects), warnings: [] };
}

/** The answer to a single write: 201 when the resource is new (again), else 200. */
export function replyOf({ writes: [write], written: [written], warnings: [said = []] }: Committed): Reply {
  if (!write || !written) throw new Error('The store told nothing about a write.');
  const [before, after] = write.body;
  const status = written.created ? 201 : 200;
  return { status, text: `${before}${written.version}${after}`, version: written, warnings: said };
}
