/**
 * FHIR conditional update: the resource is the one that the criteria find, or a new one.
 * https://hl7.org/fhir/R4/http.html#cond-update
 */
import { FhirError } from '../../shared/errors.ts';
import { isId, newId } from '../../shared/id.ts';
import type { Version } from '../../store/resources/version.ts';
import type { Context } from '../context.ts';
import type { Body, Reply } from '../reply.ts';
import { replyOf } from './commit.ts';
import { type Criteria, criteriaOf, theMatch } from './conditional-match.ts';
import { type IfMatch, type IfNoneMatch, lookAndWrite, replacement } from './expect.ts';
import { demandName } from './guard.ts';
import { completed, demandValid } from './prepare.ts';
import { demandUpdatable, unchanged } from './update.ts';

export interface ConditionalUpdate {
  readonly type: string;
  readonly params: URLSearchParams;
  readonly body: Body;
  readonly ifMatch?: IfMatch;
  readonly ifNoneMatch?: IfNoneMatch;
}

/** What was found may be gone, and what was not may be there, before it is written: then it is looked for again, so often. */
const maxLooks = 10;

/** 200 with the one that was found, updated, or 201 with a new one. Throws `multipleMatches`; `invalid` for another id. */
export async function updateFound(context: Context, asked: ConditionalUpdate): Promise<Reply> {
  demandUpdatable(context, asked);
  const criteria = await criteriaOf(context, asked.type, asked.params);
  for (let looks = 1; looks <= maxLooks; looks += 1) {
    const found = await theMatch(context, criteria);
    const reply = found ? await replace(context, criteria, asked, found.id) : await add(context, criteria, asked);
    if (reply) return reply;
  }
  throw new FhirError('busy', `Others keep changing what ${criteria.text} finds; try again.`, { retryAfter: 1 });
}

/** Updates the match; undefined when it is another one, or none, meanwhile. */
async function replace(
  context: Context,
  criteria: Criteria,
  asked: ConditionalUpdate,
  id: string,
): Promise<Reply | undefined> {
  demandMatchingId(asked.body, id, criteria);
  const body = await completed(context, asked.body, id);
  await demandValid(context, body.resource);
  let current: Version | undefined;
  const committed = await lookAndWrite(context, async () => {
    current = await theMatch(context, criteria);
    const write = current?.id === id ? replacement(context, { ...asked, id, body, current }) : undefined;
    return write ? [write] : [];
  });
  if (current?.id !== id) return undefined;
  return committed.writes.length > 0 ? replyOf(committed) : unchanged(current);
}

/** Throws `invalid` when the body says that it is another resource than the one found. */
export function demandMatchingId({ resource }: Body, id: string, { text }: Criteria): void {
  if (resource.id === undefined || resource.id === id) return;
  const message = `The body has the id ${JSON.stringify(resource.id)}, ${text} finds ${id}.`;
  throw new FhirError('invalid', message, { expression: [`${resource.resourceType}.id`] });
}

/** Creates what was not found, under the body's id if it has one; undefined when it is there meanwhile. */
async function add(context: Context, criteria: Criteria, asked: ConditionalUpdate): Promise<Reply | undefined> {
  const id = idOfNew(context, asked.body);
  const isNew = asked.body.resource.id === undefined;
  const body = await completed(context, asked.body, isNew ? undefined : id);
  await demandValid(context, body.resource);
  return context.store.exclusively(criteria.locks, async (store) => {
    const inner = { ...context, store };
    if (await theMatch(inner, criteria)) return undefined;
    return replyOf(
      await lookAndWrite(inner, async () => {
        const current = await store.resources.read(asked.type, id);
        if (!isNew) demandName(inner.access, asked.type);
        demandFree(current, criteria);
        const write = replacement(inner, { ...asked, id, body, current, isNew });
        return write ? [write] : [];
      }),
    );
  });
}

/** The id under which a body is created that no criteria found. Throws `invalid` for what is no id. */
export function idOfNew({ now }: Pick<Context, 'now'>, { resource }: Body): string {
  const { id, resourceType } = resource;
  if (id === undefined) return newId(now().getTime());
  if (isId(id)) return id;
  const message = `${JSON.stringify(id)} is no id: 1 to 64 letters, digits, "-" and "." are.`;
  throw new FhirError('invalid', message, { expression: [`${resourceType}.id`] });
}

/** Throws `conflict` when the id of a body that no criteria found belongs to another resource. */
export function demandFree(current: Version | undefined, { text }: Pick<Criteria, 'text'>): void {
  if (!current || current.deleted) return;
  const message = `${current.type}/${current.id} exists already, but ${text} does not find it.`;
  throw new FhirError('conflict', message, { expression: [`${current.type}.id`] });
}
