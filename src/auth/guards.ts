/** What no scope and no role lifts, as search parameters that a resource must fulfil to be written. */
import type { Caller, Permission } from '../fhir/access.ts';
import type { Ways } from './restriction.ts';

const everywhere: Ways = [[]];
const nowhere: Ways = [];

/**
 * What our model reads changes through a physician's validation only: before it by HL7's label for what an artificial
 * intelligence asserted, after it by the code of the reading.
 */
const isNoReading: Ways = [
  [
    ['_security:not', 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue|AIAST'],
    ['code:not', 'https://livedoc.health/fhir/CodeSystem/tb-cad|'],
  ],
];

/** The types in which the model's reading is written. */
const readings: ReadonlySet<string> = new Set(['DiagnosticReport', 'Observation', 'ServiceRequest']);

/** The ways in which the caller may use the permission on the type when scopes and role give it everything. */
export function guardWays(permission: Permission, type: string, caller: Caller): Ways {
  if (permission === 'r' || permission === 's') return everywhere;
  // The audit trail is only ever appended to, by the server itself.
  if (type === 'AuditEvent') return nowhere;
  const isPerson = caller.userId !== undefined;
  // Another system may send what its own model asserts; only changing a reading afterwards is closed to it.
  if (readings.has(type) && (isPerson || permission !== 'c')) return isNoReading;
  // A medical note is signed by who writes it.
  if (type === 'ClinicalImpression' && isPerson) {
    const own: Ways = caller.practitioner ? [[['assessor', caller.practitioner]]] : nowhere;
    return [...own, [['assessor:missing', 'true']]];
  }
  return everywhere;
}
