/**
 * Which search parameters put a resource into a compartment.
 * https://hl7.org/fhir/R4/compartmentdefinition.html
 */
import { lazy, readGenerated } from './generated.ts';

export type CompartmentType = 'Patient' | 'Encounter' | 'Practitioner' | 'RelatedPerson' | 'Device';

const compartments = lazy(() => readGenerated<Record<CompartmentType, Record<string, string[]>>>('compartments.json'));

export function isCompartmentType(type: string): type is CompartmentType {
  return Object.hasOwn(compartments(), type);
}

/** Codes of the parameters of `type` that make it a member (`{def}` for the resource itself); empty: never a member. */
export function compartmentParameters(compartment: CompartmentType, type: string): readonly string[] {
  const members = compartments()[compartment];
  return Object.hasOwn(members, type) ? (members[type] ?? []) : [];
}

/** The types that can be members of a compartment, sorted. */
export function compartmentMembers(compartment: CompartmentType): readonly string[] {
  return Object.keys(compartments()[compartment]).sort();
}
