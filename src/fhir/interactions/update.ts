/**
 * FHIR update interaction, with update-as-create under a client's id.
 * https://hl7.org/fhir/R4/http.html#update
 */
import { FhirError } from '../../shared/errors.ts';
import { isId } from '../../shared/id.ts';
import type { Context } from '../context.ts';
import type { Body, Reply } from '../reply.ts';
import { checkedExpect, type IfMatch, lookAndWrite } from './expect.ts';
import { demand, demandType, demandWritable } from './guard.ts';
import { completed, demandSameType, demandValid, replyOf, writeOf } from './prepare.ts';

export interface Update {
  readonly type: string;
  readonly id: string;
  readonly body: Body;
  readonly ifMatch?: IfMatch;
}

/** Stores a new version. Throws `precondition` when another version than `ifMatch` is current. */
export async function update(context: Context, asked: Update): Promise<Reply> {
  demandTarget(context, asked);
  const { type, id, ifMatch } = asked;
  const body = await completed(context, asked.body, id);
  demandValid(context, body.resource);
  const { writes, written } = await lookAndWrite(context.store, async () => {
    const current = await context.store.resources.read(type, id);
    const expect = checkedExpect(context.access, { current, resource: body.resource, ifMatch });
    return [writeOf(context, { op: 'update', id, body, expect })];
  });
  return replyOf(writes[0], written[0]);
}

/** All that can be said about an update before its body is complete and the version that it replaces is known. */
export function demandTarget(context: Context, { type, id, body }: Update): void {
  demandType(type);
  demandWritable(type);
  // Whether it will be an update or a create shows later; who may do neither need not wait for that.
  if (!context.access.may('c', type)) demand(context.access, 'u', type);
  demandSameType(type, body.resource);
  if (!isId(id)) {
    const message = `${JSON.stringify(id)} is no id: 1 to 64 letters, digits, "-" and "." are.`;
    throw new FhirError('invalid', message, { expression: [`${type}.id`] });
  }
  if (body.resource.id !== id) {
    const found = body.resource.id === undefined ? 'has no id' : `has the id ${JSON.stringify(body.resource.id)}`;
    throw new FhirError('invalid', `The body ${found}, the URL has ${id}.`, { expression: [`${type}.id`] });
  }
}
