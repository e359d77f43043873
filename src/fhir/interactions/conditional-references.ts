/**
 * Conditional references in a transaction: `Patient?identifier=x` becomes the one Patient that it finds.
 * https://hl7.org/fhir/R4/http.html#trules
 */
import { FhirError } from '../../shared/errors.ts';
import type { Version } from '../../store/resources/version.ts';
import type { Context } from '../context.ts';
import { conditionalReferences } from './bundle-references.ts';
import { type Criteria, criteriaOf, matches, matchesOfAll } from './conditional-match.ts';
import { type OwnMatches, ownMatches } from './own-matches.ts';
import { conditionalReferencesOf } from './patch-references.ts';
import { located, locatedLater, type Plan } from './transaction-plan.ts';

interface Asked {
  readonly reference: string;
  readonly expression: string;
  readonly plan: Plan;
  readonly criteria: Criteria;
}

/**
 * Adds to `addresses` what each conditional reference finds when the writes are done: what an entry with the same criteria is
 * stored as, or the one that fulfils them among what is there and what the entries write. Throws `precondition` for nothing
 * and `multipleMatches`.
 */
export async function resolveConditional(
  context: Context,
  plans: readonly Plan[],
  addresses: Map<string, string>,
): Promise<void> {
  const asked = [...(await askedIn(context, plans)).values()];
  if (asked.length === 0) return;
  const same = new Map(plans.flatMap(({ criteria, op, type, id }) => named(criteria, op, `${type}/${id}`)));
  const others = asked.filter(({ criteria }) => !same.has(criteria.text)).map(({ criteria }) => criteria);
  const own = await ownMatches(context, plans, new Set(others.map(({ type }) => type)));
  const found = await matchesOfAll(context, others);
  for (const one of asked) {
    const { criteria, reference, plan } = one;
    const known = same.get(criteria.text);
    const names = known ? [known] : await namesOf(context, criteria, found.get(criteria.text) ?? [], own);
    addresses.set(
      reference,
      located(plan, () => theOne(one, names)),
    );
  }
}

/** What fulfils the criteria then, two at most. */
async function namesOf(
  context: Context,
  criteria: Criteria,
  found: readonly Version[],
  own: OwnMatches,
): Promise<readonly string[]> {
  const stays = (version: Version) => !own.replaces(`${version.type}/${version.id}`);
  // Behind two that go there may be more.
  const isCut = found.length > 1 && !found.every(stays);
  const all = isCut ? await matches(context, criteria, mostLooked) : found;
  return [...own.find(criteria), ...all.filter(stays).map(({ type, id }) => `${type}/${id}`)].slice(0, 2);
}

/** Of what criteria find and the transaction itself replaces; more is no reference to one resource. */
const mostLooked = 100;

/** Each conditional reference once, with the first place that has it. */
async function askedIn(context: Context, plans: readonly Plan[]): Promise<ReadonlyMap<string, Asked>> {
  const asked = new Map<string, Asked>();
  for (const plan of plans) {
    for (const [reference, expression] of referencesIn(plan)) {
      if (asked.has(reference)) continue;
      const criteria = await locatedLater(plan, () => criteriaIn(context, reference));
      asked.set(reference, { reference, expression, plan, criteria });
    }
  }
  return asked;
}

function criteriaIn(context: Context, reference: string): Promise<Criteria> {
  const question = reference.indexOf('?');
  return criteriaOf(context, reference.slice(0, question), reference.slice(question));
}

/** The references with where they are; those of a patch are in the whole of it. */
function referencesIn({ body, patch, entry }: Plan): Iterable<readonly [reference: string, expression: string]> {
  if (body) return conditionalReferences(body);
  const type = entry.body?.resource.resourceType ?? '';
  return patch ? conditionalReferencesOf(patch).map((reference) => [reference, type] as const) : [];
}

function named(criteria: Criteria | undefined, op: Plan['op'], name: string): readonly (readonly [string, string])[] {
  return criteria && (op === 'create' || op === 'update') ? [[criteria.text, name]] : [];
}

function theOne({ reference, expression }: Asked, [first, second]: readonly string[]): string {
  if (first === undefined) {
    throw new FhirError('precondition', `The reference ${reference} finds nothing.`, { expression: [expression] });
  }
  if (second !== undefined) {
    throw new FhirError('multipleMatches', `The reference ${reference} finds more than one.`, {
      expression: [expression],
    });
  }
  return first;
}
