/**
 * Conditional references in a transaction: `Patient?identifier=x` becomes the one Patient that it finds.
 * https://hl7.org/fhir/R4/http.html#trules
 */
import { FhirError } from '../../shared/errors.ts';
import type { Context } from '../context.ts';
import type { Body } from '../reply.ts';
import { conditionalReferences } from './bundle-references.ts';
import { type Criteria, criteriaOf, matches } from './conditional-match.ts';
import { inEntry } from './entries.ts';
import { inParallel } from './transaction-matches.ts';
import type { Plan } from './transaction-plan.ts';

interface Asked {
  readonly reference: string;
  readonly expression: string;
  readonly plan: Plan;
}

/**
 * Adds to `addresses` what each conditional reference finds: what an entry with the same criteria is stored as, or what is
 * there. Throws `precondition` for nothing and `multipleMatches`.
 */
export async function resolveConditional(
  context: Context,
  plans: readonly Plan[],
  addresses: Map<string, string>,
): Promise<void> {
  const asked = new Map<string, Asked>();
  for (const plan of plans) {
    for (const body of bodiesOf(plan)) {
      for (const [reference, expression] of conditionalReferences(body)) {
        if (!asked.has(reference)) asked.set(reference, { reference, expression, plan });
      }
    }
  }
  if (asked.size === 0) return;
  const own = new Map(plans.flatMap(({ criteria, op, type, id }) => named(criteria, op, `${type}/${id}`)));
  await inParallel([...asked.values()], async (one) => {
    try {
      addresses.set(one.reference, await theOne(context, one, own));
    } catch (error) {
      throw inEntry(one.plan.entry.at, error, one.plan.entry.body?.resource);
    }
  });
}

function bodiesOf({ body, patch }: Plan): readonly Body[] {
  if (body) return [body];
  return patch?.kind === 'fhirpath' ? [patch.body] : [];
}

function named(criteria: Criteria | undefined, op: Plan['op'], name: string): readonly (readonly [string, string])[] {
  return criteria && (op === 'create' || op === 'update') ? [[criteria.text, name]] : [];
}

async function theOne(
  context: Context,
  { reference, expression }: Asked,
  own: ReadonlyMap<string, string>,
): Promise<string> {
  const question = reference.indexOf('?');
  const criteria = criteriaOf(context, reference.slice(0, question), reference.slice(question));
  const ours = own.get(criteria.text);
  if (ours !== undefined) return ours;
  const [first, second] = await matches(context, criteria);
  if (!first) {
    throw new FhirError('precondition', `The reference ${reference} finds nothing.`, { expression: [expression] });
  }
  if (second) {
    throw new FhirError('multipleMatches', `The reference ${reference} finds more than one.`, {
      expression: [expression],
    });
  }
  return `${first.type}/${first.id}`;
}
