/**
 * FHIR create interaction.
 * https://hl7.org/fhir/R4/http.html#create
 */
import { newId } from '../../shared/id.ts';
import type { Context } from '../context.ts';
import type { Body, Reply } from '../reply.ts';
import { demand, demandTouch, demandWritable } from './guard.ts';
import { completed, demandSameType, demandValid, replyOf, writeOf } from './prepare.ts';

/** Stores a new resource under an id of the server's. */
export async function create(
  context: Context,
  { type, body: sent }: { readonly type: string; readonly body: Body },
): Promise<Reply> {
  demandWritable(type);
  demand(context.access, 'c', type);
  demandSameType(type, sent.resource);
  const body = await completed(context, sent);
  demandValid(context, body.resource);
  demandTouch(context.access, 'c', body.resource);
  const write = writeOf(context, { op: 'create', id: newId(context.now().getTime()), body, expect: 'absent' });
  const [written] = await context.store.resources.write([write]);
  return replyOf(write, written);
}
