/**
 * What is kept from a caller whatever scopes and role allow: records that a patient's Consent or a label closes.
 * https://hl7.org/fhir/R4/consent.html, https://hl7.org/fhir/R4/security-labels.html
 */
import type { Resource } from '@medplum/fhirtypes';
import type { Clause } from '../store/search/query.ts';
import type { Permission } from './access.ts';

export interface Veil {
  /** What of the type is kept from the caller, in words that the store and `holds` know; undefined: nothing. */
  excluded(permission: Permission, type: string): Clause | undefined;
  /** Whether this very resource is. */
  hides(permission: Permission, resource: Resource): boolean;
  /** Texts, one of which is in the body of every resource that might be kept from a reader; undefined: no text tells. */
  suspects(): readonly string[] | undefined;
  /** Whether the caller is to know that a Patient is closed: who may open it by break-the-glass, and nobody else. */
  readonly isTold: boolean;
}
