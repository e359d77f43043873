/**
 * What a security label closes a resource to, and one of a Patient the whole record: confidentiality, and the restriction
 * of GDPR article 18. https://hl7.org/fhir/R4/security-labels.html
 */
import type { Meta } from '@medplum/fhirtypes';
import type { Role } from '../../fhir/access.ts';
import { confidentiality } from './judge.ts';

/** LIVEDOC's own label: closed to everybody but who breaks the glass. */
export const restrictionSystem = 'https://livedoc.health/fhir/CodeSystem/restriction';

/** From the least to the most closed: restricted, very restricted, processing restricted. */
const closings = ['R', 'V', 'restricted'] as const;
export type Closing = (typeof closings)[number];

const systemOf: Readonly<Record<Closing, string>> = {
  R: confidentiality,
  V: confidentiality,
  restricted: restrictionSystem,
};

export const closingLabels = closings.map((code) => ({ system: systemOf[code], code }));

/** The most that a meta closes; undefined: nothing. */
export function closingOf(meta: Meta | undefined): Closing | undefined {
  const labels = meta?.security ?? [];
  return closings.findLast((code) => labels.some((label) => label.system === systemOf[code] && label.code === code));
}

/** What is closed to a caller. Backend services have no rank: what they are trusted with, their scopes say. */
export function closedTo(role: Role | undefined): readonly Closing[] {
  if (role === undefined) return ['restricted'];
  return role === 'MEDECIN' ? ['V', 'restricted'] : ['R', 'V', 'restricted'];
}
