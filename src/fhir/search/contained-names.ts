/**
 * The names under which contained resources are indexed with the version that contains them: no search parameter has such a
 * name, so that a search that does not ask for what is contained passes over it.
 * https://hl7.org/fhir/R4/search.html#contained
 */

/** Before the parameters of the contained resource at a place among those of its type: `#0 Medication.code`. */
export const placed = (place: number): string => `#${place} `;

/** Before the parameters of the contained resource that a reference names: `MedicationRequest.medication>Medication.code`. */
export const through = (param: string): string => `${param}>`;

/** The codes of this parameter are `Container place`: which types contain one of the type, and at which places. */
export const placesParam = (type: string): string => `#${type}`;

export const placeCode = (container: string, place: number): string => `${container} ${place}`;
