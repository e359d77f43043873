/**
 * The bodies and patches of a transaction with every reference between entries, and every conditional one, replaced.
 * https://hl7.org/fhir/R4/http.html#trules
 */
import type { Context } from '../context.ts';
import { jsonPatchOf, type Patch } from '../patch/patch-document.ts';
import { type Addresses, resolvePatchText, resolveReferences, rootOf } from './bundle-references.ts';
import { resolveConditional } from './conditional-references.ts';
import { entryError } from './entries.ts';
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
  const { body, patch } = plan;
  if (body) return { ...plan, body: resolveReferences(body, addresses, root) };
  return patch ? { ...plan, patch: resolvedPatch(patch, addresses, root) } : plan;
}

function resolvedPatch(patch: Patch, addresses: Addresses, root: string): Patch {
  if (patch.kind === 'fhirpath') return { ...patch, body: resolveReferences(patch.body, addresses, root) };
  const text = resolvePatchText(patch.text, addresses, root);
  return text === patch.text ? patch : jsonPatchOf(text);
}

/** What each fullUrl is stored as. */
function addressesOf(plans: readonly Plan[]): Map<string, string> {
  const addresses = new Map<string, string>();
  for (const { entry, op, type, id } of plans) {
    if (entry.fullUrl === undefined || op === 'get' || op === 'delete') continue;
    if (addresses.has(entry.fullUrl)) throw entryError(entry.at, 'fullUrl', `${entry.fullUrl} is another entry's too.`);
    addresses.set(entry.fullUrl, `${type}/${id}`);
  }
  return addresses;
}
