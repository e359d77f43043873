/**
 * FHIR conditional create: created unless the criteria find it, however many try at once.
 * https://hl7.org/fhir/R4/http.html#ccreate
 */
import type { Version } from '../../store/resources/version.ts';
import type { Context } from '../context.ts';
import type { Body, Reply } from '../reply.ts';
import { commit, replyOf } from './commit.ts';
import { type Criteria, criteriaOf, theMatch } from './conditional-match.ts';
import { create, demandCreatable, newWrite } from './create.ts';
import { mayShow } from './visible.ts';

export interface ConditionalCreate {
  readonly type: string;
  readonly body: Body;
  /** The header If-None-Exist. */
  readonly ifNoneExist: string | undefined;
}

/** A create that may have a condition. 201 with the new resource, or 200 with the one that is there. */
export async function createUnlessFound(context: Context, asked: ConditionalCreate): Promise<Reply> {
  const { type, body, ifNoneExist } = asked;
  if (ifNoneExist === undefined) return create(context, { type, body });
  demandCreatable(context, asked);
  const criteria = await criteriaOf(context, type, ifNoneExist);
  const before = await theMatch(context, criteria);
  if (before) return found(context, criteria, before);
  // Prepared before the names are held, as this may take a while and a connection of its own.
  const write = await newWrite(context, body);
  return context.store.exclusively(criteria.locks, async (store) => {
    const inner = { ...context, store };
    const meanwhile = await theMatch(inner, criteria);
    return meanwhile ? found(inner, criteria, meanwhile) : replyOf(await commit(inner, [write]));
  });
}

/** The answer when nothing is created: where it is, and what it is if the caller may read that. */
async function found(context: Context, { text }: Criteria, version: Version): Promise<Reply> {
  const shows = await mayShow(context, 'r', version);
  return { status: 200, version, query: text, ...(shows ? { text: version.body, shown: [version] } : {}) };
}
