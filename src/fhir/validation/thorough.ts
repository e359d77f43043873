/**
 * What $validate tells and no write is refused for: a missing narrative, and XHTML that does not say that it is XHTML.
 * https://hl7.org/fhir/R4/domainresource.html#invs, https://hl7.org/fhir/R4/narrative.html
 */
import type { Issue } from '../../shared/errors.ts';
import { isA } from '../definitions/types.ts';
import { isObject, type Json } from '../fhirpath/collection.ts';

/** Problems of one object of a resource; a contained resource needs no narrative. */
export function thoroughIssues(object: Json, type: string, isContained: boolean, path: () => string): readonly Issue[] {
  if (type === 'Narrative') {
    const { div } = object;
    if (typeof div !== 'string' || /^\s*<div[^>]*xmlns\s*=/.test(div)) return [];
    const diagnostics = 'The <div> must be in the namespace http://www.w3.org/1999/xhtml.';
    return [{ severity: 'error', code: 'value', diagnostics, expression: [`${path()}.div`] }];
  }
  if (object['resourceType'] !== type || isContained || !isA(type, 'DomainResource')) return [];
  const { text } = object;
  if (isObject(text) && text['div'] !== undefined) return [];
  const diagnostics = 'dom-6: A resource should have narrative for robust management';
  return [{ severity: 'warning', code: 'invariant', diagnostics, expression: [path()] }];
}
