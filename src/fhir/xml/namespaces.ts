/** The two namespaces of a FHIR document. https://hl7.org/fhir/R4/xml.html */

export const fhirNamespace = 'http://hl7.org/fhir';
/** Of narratives. */
export const xhtml = 'http://www.w3.org/1999/xhtml';
