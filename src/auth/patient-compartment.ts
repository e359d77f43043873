/**
 * What `patient/` scopes reach: the Patient compartment of the patient in context, and what is no patient's data.
 * http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources,
 * https://hl7.org/fhir/R4/compartmentdefinition-patient.html
 */
import type { Permission } from '../fhir/access.ts';
import { compartmentParameters } from '../fhir/definitions/compartments.ts';
import { r4Parameters } from '../fhir/search/parameters.ts';
import { groupOf } from './resource-groups.ts';
import type { Ways } from './restriction.ts';

const everywhere: Ways = [[]];
const nowhere: Ways = [];

/** Types of the clinical groups that say nothing of a person by themselves: a record only points at them. */
const ofNobody: ReadonlySet<string> = new Set(['DeviceDefinition', 'Medication', 'Substance']);

function isNobodys(type: string): boolean {
  const group = groupOf(type);
  return group === 'directory' || group === 'definitions' || ofNobody.has(type);
}

/** R4 has types that are in no compartment and name their patient all the same: Device, Task, GuidanceResponse. */
function namesPatient(type: string): boolean {
  return r4Parameters.parameter(type, 'patient')?.targets?.includes('Patient') ?? false;
}

/** Of what is not in the compartment as R4 defines it. */
function outsideWays(isReading: boolean, type: string, root: string): Ways {
  if (type === 'Binary') return isReading ? [[['securityContext._compartment', root]]] : nowhere;
  if (namesPatient(type)) {
    // A Device of no patient is a machine: the one that took an image, or read it.
    const shared: Ways = type === 'Device' && isReading ? [[['patient:missing', 'true']]] : [];
    return [[['patient', root]], ...shared];
  }
  return isReading && isNobodys(type) ? everywhere : nowhere;
}

/** The ways in which a `patient/` scope gives the permission on a type to who has this patient (an id) in context. */
export function patientWays(permission: Permission, type: string, patient: string): Ways {
  const root = `Patient/${patient}`;
  const isReading = permission === 'r' || permission === 's';
  // A Provenance is of the patient whose resources it is about: the definition knows those about the Patient itself only.
  if (type === 'Provenance') return isReading ? [[['target._compartment', root]]] : nowhere;
  // The Patient is part of its own compartment. Nobody is created by who has somebody in context.
  if (type === 'Patient' && permission === 'c') return nowhere;
  const isMember = type === 'Patient' || compartmentParameters('Patient', type).length > 0;
  if (!isMember) return outsideWays(isReading, type, root);
  return [[[isReading ? '_compartment' : '_compartment:only', root]]];
}
