/**
 * FHIR vread interaction.
 * https://hl7.org/fhir/R4/http.html#vread
 */
import type { Context } from '../context.ts';
import type { Reply } from '../reply.ts';
import { demand } from './guard.ts';
import { show } from './read.ts';

/** One version, current or not. Throws as `read` does; the version that is a deletion is `gone`. */
export async function vread(
  context: Context,
  { type, id, version }: { readonly type: string; readonly id: string; readonly version: number },
): Promise<Reply> {
  demand(context.access, 'r', type);
  const found = await context.store.resources.readVersion(type, id, version);
  return show(context, found, `${type}/${id}/_history/${version}`);
}
