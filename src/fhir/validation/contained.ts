/**
 * What R4 says of contained resources in prose: each has an id of its own, by which it is referred to.
 * https://hl7.org/fhir/R4/references.html#contained
 */
import type { Issue } from '../../shared/errors.ts';
import { isObject, type Json } from '../fhirpath/collection.ts';

/** Contained resources without an id, or with another one's; `path` is the container's. */
export function containedIssues({ contained }: Json, path: string): readonly Issue[] {
  const seen = new Set<unknown>();
  const issues: Issue[] = [];
  const report = (code: string, diagnostics: string, at: number): void => {
    issues.push({ severity: 'error', code, diagnostics, expression: [`${path}.contained[${at}].id`] });
  };
  const all: readonly unknown[] = Array.isArray(contained) ? contained : [];
  all.forEach((one, at) => {
    if (!isObject(one)) return;
    const { id } = one;
    if (id === undefined) report('required', 'A contained resource needs an id, by which it is referred to.', at);
    else if (seen.has(id)) report('invalid', `Another contained resource has the id ${JSON.stringify(id)} too.`, at);
    seen.add(id);
  });
  return issues;
}
