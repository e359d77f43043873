/**
 * The targets of a transaction's conditional entries: what their criteria find, and what else they stand for.
 * https://hl7.org/fhir/R4/http.html#trules
 */
import { FhirError } from '../../shared/errors.ts';
import type { Version } from '../../store/resources/version.ts';
import type { Context } from '../context.ts';
import { deletable } from './conditional-delete.ts';
import { type Criteria, theMatch } from './conditional-match.ts';
import { demandFree, demandMatchingId, idOfNew } from './conditional-update.ts';
import { notFound } from './guard.ts';
import { locatedLater, type Plan } from './transaction-plan.ts';

/** Searches under way at once: a large Bundle leaves connections to everybody else. */
const searchesAtOnce = 4;

/** `work` on each item, a few at once; the results in the order of the items. */
export async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at] as T);
  };
  await Promise.all(Array.from({ length: Math.min(searchesAtOnce, items.length) }, worker));
  return results;
}

/** The plans with the ids that their criteria find. Throws `multipleMatches`, `notFound` (patch), `invalid`, `conflict`. */
export async function matched(context: Context, plans: readonly Plan[]): Promise<readonly Plan[]> {
  if (!plans.some(({ criteria }) => criteria)) return plans;
  const known = new Map<string, Promise<Version | undefined>>();
  const look = (criteria: Criteria) => {
    const found = known.get(criteria.text) ?? theMatch(context, criteria);
    known.set(criteria.text, found);
    return found;
  };
  const settled = await inParallel(plans, (plan) => locatedLater(plan, () => settle(context, plan, look)));
  return withRepeats(settled);
}

async function settle(
  context: Context,
  plan: Plan,
  look: (criteria: Criteria) => Promise<Version | undefined>,
): Promise<Plan> {
  const { op, criteria, body, id } = plan;
  if (!criteria) return plan;
  if (op === 'delete') return { ...plan, found: await deletable(context, criteria) };
  const only = await look(criteria);
  if (only) {
    if (op === 'update' && body) demandMatchingId(body, only.id, criteria);
    return { ...plan, id: only.id, found: [only] };
  }
  if (op === 'patch') throw notFound(criteria.text);
  if (op === 'create' || !body) return { ...plan, id, found: [] };
  const ofNew = idOfNew(context, body);
  if (body.resource.id !== undefined) demandFree(await context.store.resources.read(plan.type, ofNew), criteria);
  return { ...plan, id: ofNew, found: [] };
}

/** One after the other, a second conditional create would find what the first one has created. */
function withRepeats(plans: readonly Plan[]): readonly Plan[] {
  const creators = new Map<string, string>();
  return plans.map((plan) => {
    const { op, criteria, found, id } = plan;
    if (op !== 'create' || !criteria || found?.length !== 0) return plan;
    const other = creators.get(criteria.text);
    if (other !== undefined) return { ...plan, id: other, isRepeated: true };
    creators.set(criteria.text, id);
    return plan;
  });
}

/** The names to be held while the transaction writes: those of criteria that found nothing and will be fulfilled then. */
export function locksOf(plans: readonly Plan[]): readonly string[] {
  return plans.flatMap(({ op, criteria, found }) =>
    criteria && found?.length === 0 && op !== 'delete' ? criteria.locks : [],
  );
}

/** Throws `changed` when, now that the names are held, something is there that was not. */
export async function demandStillNone(context: Context, plans: readonly Plan[], changed: FhirError): Promise<void> {
  for (const { criteria, found, op, isRepeated } of plans) {
    if (!criteria || found?.length !== 0 || op === 'delete' || isRepeated) continue;
    if (await theMatch(context, criteria)) throw changed;
  }
}

/** What is thrown when the criteria find something else than a moment ago; the client sees it only when that never ends. */
export function changedMeanwhile(): FhirError {
  return new FhirError('busy', 'Others keep changing what the criteria of this transaction find; try again.', {
    retryAfter: 1,
  });
}
