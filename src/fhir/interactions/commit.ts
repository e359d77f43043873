/** Hands prepared writes to the store, all or none, with what integrity asks of their references. */
import type { Issue } from '../../shared/errors.ts';
import type { Write, Written } from '../../store/resources/write.ts';
import type { Resources } from '../../store/store.ts';
import type { Context } from '../context.ts';
import { demandSeen } from '../integrity/demand-seen.ts';
import { explained, type Locate } from '../integrity/explain.ts';
import { noteWritten, unresolved } from '../integrity/integrity.ts';
import type { Reply } from '../reply.ts';

/** What the store commits together with writes: audit records and jobs. */
export type Effects = NonNullable<Parameters<Resources['write']>[1]>;

export interface CommitOptions {
  readonly effects?: Effects;
  /** Where a write comes from, for the expressions of errors; the resource itself unless told. */
  readonly locate?: Locate;
}

export interface Committed {
  readonly writes: readonly Write[];
  /** What became of each. */
  readonly written: readonly Written[];
  /** What hindered nothing but is worth saying, of each. */
  readonly warnings: readonly (readonly Issue[])[];
}

/**
 * Writes; throws what `Resources.write` throws, `unprocessable` for references that have to resolve and do not, and
 * `conflict` for the deletion of what such references point at.
 */
export async function commit(
  context: Context,
  writes: readonly Write[],
  { effects = {}, locate }: CommitOptions = {},
): Promise<Committed> {
  await demandSeen(context, writes, locate);
  // Beside the write and not before it, as only a remark is at stake; without an answer there is none.
  const remarks = unresolved(context, writes).catch(() => undefined);
  try {
    const written = await context.store.resources.write(writes, effects);
    const warnings = await remarks;
    noteWritten(context, writes);
    return { writes, written, warnings: writes.map((write) => warnings?.get(write) ?? []) };
  } catch (error) {
    await remarks;
    throw await explained(context, error, locate);
  }
}

/** The answer to a single write: 201 when the resource is new (again), else 200. */
export function replyOf({ writes: [write], written: [written], warnings: [said = []] }: Committed): Reply {
  if (!write || !written) throw new Error('The store told nothing about a write.');
  const [before, after] = write.body;
  const status = written.created ? 201 : 200;
  return { status, text: `${before}${written.version}${after}`, version: written, warnings: said };
}
