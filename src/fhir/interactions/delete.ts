/**
 * FHIR delete interaction: the history stays, reads answer 410 from then on.
 * https://hl7.org/fhir/R4/http.html#delete
 */
import type { Resource } from '@medplum/fhirtypes';
import type { Version } from '../../store/resources/version.ts';
import type { Write } from '../../store/resources/write.ts';
import type { Access } from '../access.ts';
import { demandStateMatch } from '../app-state.ts';
import type { Context } from '../context.ts';
import { guardOfDeletion } from '../integrity/integrity.ts';
import type { Reply } from '../reply.ts';
import { type IfMatch, lookAndWrite, lostUpdate } from './expect.ts';
import { demand, demandTouch, demandType, demandWritable, isUnrestricted, notFound } from './guard.ts';
import { lastSeen } from './last-seen.ts';

export interface Deletion {
  readonly type: string;
  readonly id: string;
  readonly ifMatch?: IfMatch;
}

/** Deletes the current version. What is not there (any more) is as good as deleted: 204 too. */
export async function remove(context: Context, asked: Deletion): Promise<Reply> {
  demandDeletable(context.access, asked.type);
  const { written, warnings } = await lookAndWrite(context, async () => {
    const current = await context.store.resources.read(asked.type, asked.id);
    const write = deletion(context, asked, await lastSeen(context, current), current);
    return write ? [write] : [];
  });
  const [version] = written;
  return { status: 204, warnings: warnings.flat(), ...(version ? { version } : {}) };
}

export function demandDeletable(access: Access, type: string): void {
  demandType(type);
  demandWritable(type);
  demand(access, 'd', type);
}

/**
 * The write that deletes the current version; undefined when there is none. A caller with limits gets `notFound` alike for
 * what is out of reach and for what never was. `last` is the current version, or the one before a deletion.
 */
export function deletion(
  { access, now, integrity }: Pick<Context, 'access' | 'now' | 'integrity'>,
  { type, id, ifMatch }: Deletion,
  last: Version | undefined,
  current: Version | undefined,
): Write | undefined {
  if (!isUnrestricted(access, 'd', type)) {
    if (!last || !access.mayTouch('d', JSON.parse(last.body) as Resource)) throw notFound(`${type}/${id}`);
  } else if (last) demandTouch(access, 'd', JSON.parse(last.body) as Resource);
  demandStateMatch(access, type, ifMatch);
  const isPresent = current !== undefined && !current.deleted;
  if (ifMatch !== undefined && (!isPresent || (ifMatch !== 'present' && ifMatch !== current.version))) {
    throw lostUpdate(type, id, isPresent ? current.version : undefined);
  }
  if (!isPresent) return undefined;
  const guard = guardOfDeletion(integrity);
  const updated = now().toISOString();
  return { op: 'delete', type, id, body: ['', ''], updated, expect: current.version, index: [], ...guard };
}
