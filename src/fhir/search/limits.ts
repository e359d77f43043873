/**
 * What a posted definition allows less of than parameters of its type have, and what is not indexed yet.
 * https://hl7.org/fhir/R4/searchparameter-definitions.html#SearchParameter.multipleOr
 */
import { FhirError } from '../../shared/errors.ts';
import type { SearchParameter } from './parameters.ts';
import { alternatives, bad } from './values.ts';

/**
 * Throws for a parameter by which not every resource is indexed yet: an answer that misses some would be worse than none. The
 * error is one that a lenient search takes as a warning, and then does without the parameter.
 */
export function demandIndexed(type: string, { code, indexing }: SearchParameter): void {
  if (!indexing) return;
  const diagnostics = `${JSON.stringify(code)} of ${type} is still being indexed; search by it when that is done ($reindex-status).`;
  throw new FhirError('invalid', diagnostics, { issues: [{ severity: 'error', code: 'not-supported', diagnostics }] });
}

/** One criterion as it was asked. */
interface Asked {
  /** As the client wrote it, for messages. */
  readonly name: string;
  readonly modifier: string | undefined;
  readonly value: string;
}

/** Throws `invalid` for what the parameter's definition does not allow. */
export function demandAllowed({ limits, url, type }: SearchParameter, { name, modifier, value }: Asked): void {
  if (!limits) return;
  const values = alternatives(name, value);
  if (limits.multipleOr === false && values.length > 1) throw bad(name, `${url} takes one value, not a list`);
  if (limits.modifiers && modifier !== undefined && !limits.modifiers.includes(modifier)) {
    throw bad(name, `${url} has no modifier :${modifier}`);
  }
  if (!limits.comparators || !['date', 'number', 'quantity'].includes(type)) return;
  for (const one of values) {
    const prefix = /^(eq|ne|gt|lt|ge|le|sa|eb|ap)(?=[\d.+-])/.exec(one)?.[0];
    if (prefix !== undefined && !limits.comparators.includes(prefix as never)) {
      throw bad(name, `${url} has no prefix ${prefix}`);
    }
  }
}

/** Throws `invalid` when nothing of this code may be chained to the parameter. */
export function demandChainable({ limits, url }: SearchParameter, name: string, code: string): void {
  if (!limits?.chains || limits.chains.includes(code)) return;
  throw bad(name, `${url} may not be chained to ${code}`);
}
