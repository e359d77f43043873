/**
 * Conditional references in a transaction: `Patient?identifier=x` becomes the one Patient that it finds.
 * https://hl7.org/fhir/R4/http.html#trules
 */
import { FhirError } from '../../shared/errors.ts';
import type { Context } from '../context.ts';
import type { Body } from '../reply.ts';
import { searcherOf } from '../search/criteria.ts';
import { parseSearch } from '../search/parse.ts';
import { conditionalReferences } from './bundle-references.ts';
import { type Entry, inEntry } from './entries.ts';
import { demand } from './guard.ts';

/** Adds to `addresses` what each conditional reference finds; throws `precondition` for none and `multipleMatches`. */
export async function resolveConditional(
  context: Context,
  plans: readonly { readonly entry: Entry; readonly body: Body | undefined }[],
  addresses: Map<string, string>,
): Promise<void> {
  for (const { entry, body } of plans) {
    if (!body) continue;
    for (const [reference, expression] of conditionalReferences(body)) {
      if (addresses.has(reference)) continue;
      try {
        addresses.set(reference, await theOne(context, reference, expression));
      } catch (error) {
        throw inEntry(entry.at, error, body.resource);
      }
    }
  }
}

async function theOne(context: Context, reference: string, expression: string): Promise<string> {
  const question = reference.indexOf('?');
  const type = reference.slice(0, question);
  demand(context.access, 's', type);
  const params = new URLSearchParams(reference.slice(question + 1));
  const searcher = searcherOf(context);
  const { query } = parseSearch(searcher, { type, params, strict: true });
  // Without criteria it would find whatever is there.
  const { versions } = params.size === 0 ? { versions: [] } : await context.store.search({ ...query, count: 2 });
  const [first, second] = versions;
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
