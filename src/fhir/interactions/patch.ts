/**
 * FHIR patch interaction, of a resource by its id or by criteria.
 * https://hl7.org/fhir/R4/http.html#patch
 */
import type { Resource } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import type { Version } from '../../store/resources/version.ts';
import type { Write } from '../../store/resources/write.ts';
import type { Access } from '../access.ts';
import type { Context } from '../context.ts';
import { type Patch as Document, patched } from '../patch/patch-document.ts';
import type { Reply } from '../reply.ts';
import { replyOf } from './commit.ts';
import { criteriaOf, theMatch } from './conditional-match.ts';
import { type IfMatch, type IfNoneMatch, lookAndWrite, replacement } from './expect.ts';
import { demand, demandWritable, gone, isUnrestricted, notFound } from './guard.ts';
import { completed, demandValid } from './prepare.ts';
import { unchanged } from './update.ts';

interface Conditions {
  readonly ifMatch?: IfMatch;
  readonly ifNoneMatch?: IfNoneMatch;
}

export interface PatchById extends Conditions {
  readonly type: string;
  readonly id: string;
  readonly patch: Document;
}

export interface PatchByCriteria extends Conditions {
  readonly type: string;
  readonly params: URLSearchParams;
  readonly patch: Document;
}

/** Stores what the patch makes of the current version; of the one that is current then, when others write meanwhile. */
export async function patch(context: Context, asked: PatchById): Promise<Reply> {
  const { type, id } = asked;
  demandPatchable(context.access, type);
  return patchWith(context, asked, () => context.store.resources.read(type, id), `${type}/${id}`);
}

/** The same for the one that criteria find. Throws `notFound` and `multipleMatches`. */
export async function patchFound(context: Context, asked: PatchByCriteria): Promise<Reply> {
  demandPatchable(context.access, asked.type);
  const criteria = await criteriaOf(context, asked.type, asked.params);
  return patchWith(context, asked, () => theMatch(context, criteria), criteria.text);
}

export function demandPatchable(access: Access, type: string): void {
  demandWritable(type);
  demand(access, 'u', type);
}

async function patchWith(
  context: Context,
  asked: Conditions & { readonly patch: Document },
  find: () => Promise<Version | undefined>,
  name: string,
): Promise<Reply> {
  let current: Version | undefined;
  const committed = await lookAndWrite(context, async () => {
    current = await find();
    const write = await patching(context, asked, current, name);
    return write ? [write] : [];
  });
  return committed.writes.length > 0 ? replyOf(committed) : unchanged(current);
}

/**
 * The write that patches the current version; undefined when nothing changes by it. A caller with limits gets `notFound`
 * alike for what is out of reach and for what never was. `name` is how the client asked for it.
 */
export async function patching(
  context: Context,
  { patch: document, ...conditions }: Conditions & { readonly patch: Document },
  current: Version | undefined,
  name: string,
): Promise<Write | undefined> {
  const { access } = context;
  if (!current || !mayKnow(access, current)) throw notFound(name);
  if (current.deleted) throw gone(name);
  const { type, id, version } = current;
  const { ifMatch } = conditions;
  // Whether a patch fits depends on the version: that another one is current is the first thing to say.
  if (typeof ifMatch === 'number' && ifMatch !== version) {
    throw new FhirError('precondition', `${name} is at version ${version}, which is not what If-Match asks for.`);
  }
  const body = await completed(context, await patched({ type, id, text: current.body }, document), id);
  await demandValid(context, body.resource);
  return replacement(context, { ...conditions, id, body, current });
}

function mayKnow(access: Access, { type, body, deleted }: Version): boolean {
  if (isUnrestricted(access, 'u', type)) return true;
  return !deleted && access.mayTouch('u', JSON.parse(body) as Resource);
}
