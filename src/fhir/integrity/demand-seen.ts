/** Refuses references that have to resolve and point at what the caller may not see. */
import type { Context } from '../context.ts';
import { asItIs, type Locate, unresolvable } from './explain.ts';
import { mustBeSeen, unseen } from './hidden.ts';
import type { CheckedWrite } from './integrity.ts';

const nameOf = ({ type, id }: { readonly type: string; readonly id: string }) => `${type}/${id}`;

/** Throws `unprocessable`, in the words for what is not there, for references that have to resolve and are not to be seen. */
export async function demandSeen(
  context: Context,
  writes: readonly CheckedWrite[],
  locate: Locate = asItIs,
): Promise<void> {
  const own = new Set(writes.filter(({ op }) => op !== 'delete').map(nameOf));
  const needs = writes.flatMap((write) => (write.needs ?? []).map(({ type, id }) => ({ write, target: { type, id } })));
  const judged = needs.filter(({ target }) => !own.has(nameOf(target)) && mustBeSeen(context, target));
  if (judged.length === 0) return;
  const hidden = await unseen(
    context,
    judged.map(({ target }) => target),
  );
  const missing = judged.filter(({ target }) => hidden.has(nameOf(target)));
  if (missing.length > 0) throw unresolvable(missing, locate);
}
