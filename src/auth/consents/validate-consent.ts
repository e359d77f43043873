/**
 * Refuses what could not be enforced: a Consent in force whose denials cannot be told would let its patient believe in a
 * protection that is none. https://hl7.org/fhir/R4/consent.html
 */
import type { Consent } from '@medplum/fhirtypes';
import type { Validate, ValidateDeep } from '../../fhir/validation/validate.ts';
import type { Issue } from '../../shared/errors.ts';
import { isInForce, understand } from './understand.ts';

function consentIssues(resource: unknown, base: string): readonly Issue[] {
  const consent = resource as Consent | null;
  if (consent?.resourceType !== 'Consent' || !isInForce(consent)) return [];
  return understand(consent, base).issues;
}

const isError = ({ severity }: Issue) => severity === 'error' || severity === 'fatal';

/** What is no valid Consent is not asked what it means. */
function withMeaning(found: readonly Issue[], resource: unknown, base: string): readonly Issue[] {
  return found.some(isError) ? found : [...found, ...consentIssues(resource, base)];
}

/** `validate`, with what access control has to say of Consents. `base` is the FHIR base. */
export function withConsents(validate: Validate, base: string): Validate {
  return (resource, options) => withMeaning(validate(resource, options), resource, base);
}

export function withConsentsDeep(validate: ValidateDeep, base: string): ValidateDeep {
  return async (resource, options) => withMeaning(await validate(resource, options), resource, base);
}
