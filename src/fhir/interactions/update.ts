/**
 * FHIR update interaction, with update-as-create under a client's id.
 * https://hl7.org/fhir/R4/http.html#update
 */
import { FhirError } from '../../shared/errors.ts';
import { isId } from '../../shared/id.ts';
import type { Version } from '../../store/resources/version.ts';
import type { Context } from '../context.ts';
import type { Body, Reply } from '../reply.ts';
import { replyOf } from './commit.ts';
import { type IfMatch, type IfNoneMatch, lookAndWrite, replacement } from './expect.ts';
import { demand, demandType, demandWritable } from './guard.ts';
import { completed, demandSameType, demandValid } from './prepare.ts';

export interface Update {
  readonly type: string;
  readonly id: string;
  readonly body: Body;
  readonly ifMatch?: IfMatch;
  readonly ifNoneMatch?: IfNoneMatch;
}

/**
 * Stores a new version; a body that says what the current version says makes none. Throws `precondition` when another
 * version than `ifMatch` is current.
 */
export async function update(context: Context, asked: Update): Promise<Reply> {
  demandTarget(context, asked);
  const { type, id } = asked;
  const body = await completed(context, asked.body, id);
  await demandValid(context, body.resource);
  let current: Version | undefined;
  const committed = await lookAndWrite(context, async () => {
    current = await context.store.resources.read(type, id);
    const write = replacement(context, { ...asked, body, current });
    return write ? [write] : [];
  });
  return committed.writes.length > 0 ? replyOf(committed) : unchanged(current);
}

/** The answer to an update that says nothing new: the version that is there. */
export function unchanged(current: Version | undefined): Reply {
  if (!current) throw new Error('Nothing was written, and nothing was there.');
  return { status: 200, text: current.body, version: current };
}

/** All that can be said about an update before its body is complete and the version that it replaces is known. */
export function demandTarget(context: Pick<Context, 'access'>, { type, id, body }: Update): void {
  demandUpdatable(context, { type, body });
  if (!isId(id)) {
    const message = `${JSON.stringify(id)} is no id: 1 to 64 letters, digits, "-" and "." are.`;
    throw new FhirError('invalid', message, { expression: [`${type}.id`] });
  }
  if (body.resource.id !== id) {
    const found = body.resource.id === undefined ? 'has no id' : `has the id ${JSON.stringify(body.resource.id)}`;
    throw new FhirError('invalid', `The body ${found}, the URL has ${id}.`, { expression: [`${type}.id`] });
  }
}

/** The same where the id is not known yet. */
export function demandUpdatable(
  { access }: Pick<Context, 'access'>,
  { type, body }: { readonly type: string; readonly body: Body },
): void {
  demandType(type);
  demandWritable(type);
  demand(access, 'u', type);
  demandSameType(type, body.resource);
}
