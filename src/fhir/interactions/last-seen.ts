/** What a resource said last, also when it was deleted since. */
import type { Version } from '../../store/resources/version.ts';
import type { Context } from '../context.ts';

/** The version with a body that was current last. */
export async function lastSeen(
  { store }: Pick<Context, 'store'>,
  current: Version | undefined,
): Promise<Version | undefined> {
  if (!current?.deleted) return current;
  return store.resources.readVersion(current.type, current.id, current.version - 1);
}
