/** The names under which LIVEDOC publishes its definitions and identifiers; hospitals are configured with them. */

export const base = 'https://livedoc.health/fhir';

export const profile = (name: string) => `${base}/StructureDefinition/livedoc-${name}`;
export const extension = (name: string) => `${base}/StructureDefinition/${name}`;
export const codeSystem = (name: string) => `${base}/CodeSystem/${name}`;
export const valueSet = (name: string) => `${base}/ValueSet/${name}`;
export const sid = (name: string) => `${base}/sid/${name}`;

/** Code systems of others. */
export const systems = {
  snomed: 'http://snomed.info/sct',
  loinc: 'http://loinc.org',
  ucum: 'http://unitsofmeasure.org',
  dcm: 'http://dicom.nema.org/resources/ontology/DCM',
  dicomUid: 'urn:dicom:uid',
  uri: 'urn:ietf:rfc:3986',
  identifierType: 'http://terminology.hl7.org/CodeSystem/v2-0203',
  interpretation: 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation',
  aiAsserted: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  absent: 'http://terminology.hl7.org/CodeSystem/data-absent-reason',
  observationCategory: 'http://terminology.hl7.org/CodeSystem/observation-category',
  diagnosticService: 'http://terminology.hl7.org/CodeSystem/v2-0074',
  participant: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type',
  act: 'http://terminology.hl7.org/CodeSystem/v3-ActCode',
  participation: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType',
  conditionClinical: 'http://terminology.hl7.org/CodeSystem/condition-clinical',
  conditionVerification: 'http://terminology.hl7.org/CodeSystem/condition-ver-status',
  conditionCategory: 'http://terminology.hl7.org/CodeSystem/condition-category',
  mediaType: 'http://terminology.hl7.org/CodeSystem/media-type',
} as const;

/** Asserted by an artificial intelligence (HL7 AI Transparency): on everything the model says until a physician agrees. */
export const aiAsserted = {
  system: systems.aiAsserted,
  code: 'AIAST',
  display: 'Artificial Intelligence asserted',
} as const;
