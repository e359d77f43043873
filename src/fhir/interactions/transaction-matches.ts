/**
 * The targets of a transaction's conditional entries: what their criteria find, and what else they stand for.
 * https://hl7.org/fhir/R4/http.html#trules
 */
import { FhirError } from '../../shared/errors.ts';
import type { Version } from '../../store/resources/version.ts';
import type { Context } from '../context.ts';
import { deletable } from './conditional-delete.ts';
import { matchesOfAll, tooMany } from './conditional-match.ts';
import { demandFree, demandMatchingId, idOfNew } from './conditional-update.ts';
import { demandName, notFound } from './guard.ts';
import { inTurns, locatedLater, type Plan } from './transaction-plan.ts';

/** The plans with the ids that their criteria find. Throws `multipleMatches`, `notFound` (patch), `invalid`, `conflict`. */
export async function matched(context: Context, plans: readonly Plan[]): Promise<readonly Plan[]> {
  const asked = plans.flatMap(({ op, criteria }) => (criteria && op !== 'delete' ? [criteria] : []));
  if (!plans.some(({ criteria }) => criteria)) return plans;
  const found = await matchesOfAll(context, asked);
  const settled: Plan[] = [];
  await inTurns(plans, async (plan) => {
    settled.push(await locatedLater(plan, () => settle(context, plan, found)));
  });
  return withRepeats(settled);
}

async function settle(context: Context, plan: Plan, all: ReadonlyMap<string, readonly Version[]>): Promise<Plan> {
  const { op, criteria, body, id } = plan;
  if (!criteria) return plan;
  if (op === 'delete') return { ...plan, found: await deletable(context, criteria) };
  const [only, ...others] = all.get(criteria.text) ?? [];
  if (others.length > 0) throw tooMany(criteria);
  if (only) {
    if (op === 'update' && body) demandMatchingId(body, only.id, criteria);
    return { ...plan, id: only.id, found: [only] };
  }
  if (op === 'patch') throw notFound(criteria.text);
  if (op === 'create' || !body) return { ...plan, id, found: [] };
  const ofNew = idOfNew(context, body);
  if (body.resource.id !== undefined) {
    demandName(context.access, plan.type);
    demandFree(await context.store.resources.read(plan.type, ofNew), criteria);
  }
  return { ...plan, id: ofNew, found: [], isNew: body.resource.id === undefined };
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
  const asked = plans.flatMap(({ criteria, found, op, isRepeated }) =>
    criteria && found?.length === 0 && op !== 'delete' && !isRepeated ? [criteria] : [],
  );
  const all = await matchesOfAll(context, asked);
  if ([...all.values()].some((found) => found.length > 0)) throw changed;
}

/** What is thrown when the criteria find something else than a moment ago; the client sees it only when that never ends. */
export function changedMeanwhile(): FhirError {
  return new FhirError('busy', 'Others keep changing what the criteria of this transaction find; try again.', {
    retryAfter: 1,
  });
}
