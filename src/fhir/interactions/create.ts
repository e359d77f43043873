/**
 * FHIR create interaction.
 * https://hl7.org/fhir/R4/http.html#create
 */
import { newId } from '../../shared/id.ts';
import type { Write } from '../../store/resources/write.ts';
import type { Context } from '../context.ts';
import type { Body, Reply } from '../reply.ts';
import { commit, replyOf } from './commit.ts';
import { demand, demandTouch, demandWritable } from './guard.ts';
import { completed, demandSameType, demandValid, writeOf } from './prepare.ts';

/** Stores a new resource under an id of the server's. */
export async function create(context: Context, asked: { readonly type: string; readonly body: Body }): Promise<Reply> {
  demandCreatable(context, asked);
  return replyOf(await commit(context, [await newWrite(context, asked.body)]));
}

/** All that can be said about a create before its body is complete. */
export function demandCreatable(
  { access }: Pick<Context, 'access'>,
  { type, body }: { readonly type: string; readonly body: Body },
): void {
  demandWritable(type);
  demand(access, 'c', type);
  demandSameType(type, body.resource);
}

/** The write of a new resource, completed and valid. */
export async function newWrite(context: Context, sent: Body): Promise<Write> {
  const body = await completed(context, sent);
  await demandValid(context, body.resource);
  demandTouch(context.access, 'c', body.resource);
  return writeOf(context, { op: 'create', id: newId(context.now().getTime()), body, expect: 'absent' });
}
