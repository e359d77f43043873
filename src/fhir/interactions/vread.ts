/**
 * FHIR vread interaction.
 * https://hl7.org/fhir/R4/http.html#vread
 */
import type { Context } from '../context.ts';
import type { Reply } from '../reply.ts';
import { demand, notFound } from './guard.ts';
import { lastSeen } from './last-seen.ts';
import { show } from './read.ts';
import { visiblePast } from './visible.ts';

/** One version, current or not. Throws as `read` does; the version that is a deletion is `gone`. */
export async function vread(
  context: Context,
  { type, id, version }: { readonly type: string; readonly id: string; readonly version: number },
): Promise<Reply> {
  demand(context.access, 'r', type);
  const found = await context.store.resources.readVersion(type, id, version);
  const name = `${type}/${id}/_history/${version}`;
  const last = await lastSeen(context, found);
  if (!last || (await visiblePast(context, [last])).length === 0) throw notFound(name);
  return show(context, found, name);
}
