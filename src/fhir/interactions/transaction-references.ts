/**
 * The bodies and patches of a transaction with every reference between entries, and every conditional one, replaced.
 * https://hl7.org/fhir/R4/http.html#trules
 */
import type { Context } from '../context.ts';
import { type Addresses, resolveReferences, rootOf } from './bundle-references.ts';
import { resolveConditional } from './conditional-references.ts';
import { entryError } from './entries.ts';
import { resolvePatch } from './patch-references.ts';
import { inTurns, located, type Plan } from './transaction-plan.ts';

/** The plans, whose targets are known, with references resolved. Throws `invalid`, `precondition` and `multipleMatches`. */
export async function resolved(context: Context, plans: readonly Plan[]): Promise<readonly Plan[]> {
  const addresses = addressesOf(plans);
  await resolveConditional(context, plans, addresses);
  const done: Plan[] = [];
  await inTurns(plans, (plan) => {
    const root = rootOf(plan.entry.fullUrl, context.base);
    done.push(located(plan, () => resolvedPlan(plan, addresses, root)));
  });
  return done;
}

function resolvedPlan(plan: Plan, addresses: Addresses, root: string): Plan {
  const { body, patch, input } = plan;
  if (input) return { ...plan, input: resolveReferences(input, addresses, root) };
  if (body) return { ...plan, body: resolveReferences(body, addresses, root) };
  return patch ? { ...plan, patch: resolvePatch(patch, addresses, root) } : plan;
}

/** What each fullUrl is stored as. */
function addressesOf(plans: readonly Plan[]): Map<string, string> {
  const addresses = new Map<string, string>();
  for (const { entry, op, type, id } of plans) {
    if (entry.fullUrl === undefined || op === 'get' || op === 'operation' || op === 'delete') continue;
    if (addresses.has(entry.fullUrl)) throw entryError(entry.at, 'fullUrl', `${entry.fullUrl} is another entry's too.`);
    addresses.set(entry.fullUrl, `${type}/${id}`);
  }
  return addresses;
}
