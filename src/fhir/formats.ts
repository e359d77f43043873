/**
 * The formats that resources are taken and given in, as the CapabilityStatement lists them and `_format` may say them.
 * https://hl7.org/fhir/R4/http.html#mime-type
 */

export const fhirJson = 'application/fhir+json';
export const fhirXml = 'application/fhir+xml';
export const fhirNdjson = 'application/fhir+ndjson';

/** CapabilityStatement.format: what is both read and written. */
export const formats: readonly string[] = ['json', fhirJson, 'xml', fhirXml];
