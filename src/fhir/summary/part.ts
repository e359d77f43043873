/**
 * The tag by which a part of a resource says that it is only that, and what happens when somebody wants it stored.
 * https://hl7.org/fhir/R4/search.html#summary
 */
import type { Resource } from '@medplum/fhirtypes';
import type { Issue } from '../../shared/errors.ts';

/** https://hl7.org/fhir/R4/resource.html#simple-tags */
export const subsetted = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  code: 'SUBSETTED',
} as const;

/** An error for a resource that is a part: stored, it would replace the whole, and what it lacks would be lost. */
export function partIssues({ resourceType, meta }: Pick<Resource, 'resourceType' | 'meta'>): readonly Issue[] {
  const isPart = meta?.tag?.some?.(({ system, code }) => system === subsetted.system && code === subsetted.code);
  if (!isPart) return [];
  const diagnostics = 'This is only a part of the resource (SUBSETTED); read it whole, or take the tag away.';
  return [{ severity: 'error', code: 'business-rule', diagnostics, expression: [`${resourceType}.meta.tag`] }];
}
