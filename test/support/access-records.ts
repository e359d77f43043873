/** Records of two patients and of what they share, for tests of who sees what; ids say whose a resource is. */
import type { Resource } from '@medplum/fhirtypes';

type Seed = Record<string, unknown> & { readonly resourceType: string; readonly id: string };

const observationCategory = 'http://terminology.hl7.org/CodeSystem/observation-category';
const category = (code: string) => [{ coding: [{ system: observationCategory, code }] }];
const loinc = (code: string) => ({ coding: [{ system: 'http://loinc.org', code }], text: `code ${code}` });
const snomed = (code: string) => ({ coding: [{ system: 'http://snomed.info/sct', code }] });

/** What is no patient's. */
export const shared: readonly Seed[] = [
  { resourceType: 'Organization', id: 'org', name: 'Hospital' },
  { resourceType: 'Practitioner', id: 'doc', name: [{ family: 'Doctor' }] },
  { resourceType: 'Location', id: 'ward', name: 'Ward' },
  { resourceType: 'Medication', id: 'drug', code: { text: 'drug' } },
  { resourceType: 'Device', id: 'machine', serialNumber: 'shared' },
  { resourceType: 'Basic', id: 'note', code: { text: 'of nobody' } },
];

/** One of nearly every kind that a record has; `who` is the prefix of all ids, and in every text. */
export function recordOf(who: string): readonly Seed[] {
  const subject = { reference: `Patient/${who}` };
  const doc = { reference: 'Practitioner/doc' };
  const own = (type: string, name: string) => ({ reference: `${type}/${who}-${name}` });
  const tag = [{ system: 'http://example.org/tag', code: `of-${who}` }];
  const seeds: readonly Seed[] = [
    {
      resourceType: 'Patient',
      id: who,
      active: true,
      identifier: [{ system: 'http://example.org/mrn', value: `mrn-${who}` }],
      name: [{ family: `Family${who}`, given: ['Claire'] }],
      gender: 'female',
      birthDate: '1980-05-06',
      generalPractitioner: [doc],
    },
    { resourceType: 'RelatedPerson', id: `${who}-relative`, patient: subject, name: [{ family: who }] },
    {
      resourceType: 'Encounter',
      id: `${who}-visit`,
      status: 'finished',
      class: { code: 'AMB' },
      subject,
      location: [{ location: { reference: 'Location/ward' } }],
    },
    {
      resourceType: 'Observation',
      id: `${who}-lab`,
      status: 'final',
      identifier: [{ system: 'http://example.org/o', value: `${who}-lab` }],
      category: category('laboratory'),
      code: loinc('718-7'),
      subject,
      encounter: own('Encounter', 'visit'),
      effectiveDateTime: '2024-01-02',
      valueString: `said of ${who}`,
    },
    {
      resourceType: 'Observation',
      id: `${who}-vital`,
      status: 'final',
      category: category('vital-signs'),
      code: loinc('8867-4'),
      subject,
      effectiveDateTime: '2024-01-03',
      valueQuantity: { value: who.length, unit: who },
    },
    {
      resourceType: 'Observation',
      id: `${who}-panel`,
      status: 'amended',
      category: category('laboratory'),
      code: loinc('24323-8'),
      subject,
      hasMember: [own('Observation', 'lab')],
      performer: [doc],
      note: [{ text: who }],
    },
    {
      resourceType: 'Observation',
      id: `${who}-told`,
      status: 'final',
      category: category('survey'),
      code: loinc('x-told'),
      performer: [subject],
      note: [{ text: who }],
    },
    {
      resourceType: 'Condition',
      id: `${who}-problem`,
      code: { text: `problem of ${who}` },
      subject,
      encounter: own('Encounter', 'visit'),
    },
    {
      resourceType: 'AllergyIntolerance',
      id: `${who}-allergy`,
      clinicalStatus: {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' }],
      },
      patient: subject,
      code: { text: who },
    },
    {
      resourceType: 'MedicationRequest',
      id: `${who}-order`,
      status: 'active',
      intent: 'order',
      medicationReference: { reference: 'Medication/drug' },
      subject,
      note: [{ text: who }],
    },
    {
      resourceType: 'MedicationRequest',
      id: `${who}-mixture`,
      status: 'active',
      intent: 'order',
      contained: [{ resourceType: 'Medication', id: 'm1', code: snomed('387517004'), status: 'active' }],
      medicationReference: { reference: '#m1' },
      subject,
      note: [{ text: who }],
    },
    {
      resourceType: 'ServiceRequest',
      id: `${who}-request`,
      status: 'active',
      intent: 'order',
      subject,
      note: [{ text: who }],
    },
    {
      resourceType: 'DiagnosticReport',
      id: `${who}-report`,
      status: 'final',
      code: { text: `report on ${who}` },
      subject,
      result: [own('Observation', 'lab')],
    },
    { resourceType: 'ImagingStudy', id: `${who}-study`, status: 'available', subject, description: who },
    {
      resourceType: 'ClinicalImpression',
      id: `${who}-impression`,
      status: 'completed',
      subject,
      summary: `impression of ${who}`,
    },
    {
      resourceType: 'DocumentReference',
      id: `${who}-document`,
      status: 'current',
      subject,
      content: [{ attachment: { url: `Binary/${who}-bytes` } }],
      description: who,
    },
    {
      resourceType: 'Composition',
      id: `${who}-composition`,
      status: 'final',
      type: { text: 'letter' },
      subject,
      date: '2024-01-02',
      author: [doc],
      title: `letter on ${who}`,
      section: [{ entry: [own('Observation', 'lab')] }],
    },
    {
      resourceType: 'Binary',
      id: `${who}-bytes`,
      contentType: 'text/plain',
      data: 'aGVsbG8=',
      securityContext: own('DiagnosticReport', 'report'),
    },
    { resourceType: 'Device', id: `${who}-device`, patient: subject, serialNumber: who },
    { resourceType: 'Task', id: `${who}-task`, status: 'requested', intent: 'order', for: subject, description: who },
    {
      resourceType: 'List',
      id: `${who}-list`,
      status: 'current',
      mode: 'working',
      subject,
      entry: [{ item: own('Observation', 'lab') }, { item: { reference: 'Observation/mine-vital' } }],
    },
    {
      resourceType: 'Provenance',
      id: `${who}-origin`,
      target: [own('Observation', 'lab')],
      recorded: '2024-01-02T03:04:05Z',
      agent: [{ who: doc, type: { text: who } }],
    },
    {
      resourceType: 'CareTeam',
      id: `${who}-team`,
      status: 'active',
      subject,
      participant: [{ member: doc }],
      name: who,
    },
    {
      resourceType: 'Procedure',
      id: `${who}-procedure`,
      status: 'completed',
      subject,
      code: snomed('1'),
      note: [{ text: who }],
    },
    {
      resourceType: 'Immunization',
      id: `${who}-shot`,
      status: 'completed',
      vaccineCode: { text: who },
      patient: subject,
      occurrenceString: 'then',
    },
    { resourceType: 'Goal', id: `${who}-goal`, lifecycleStatus: 'active', description: { text: who }, subject },
    {
      resourceType: 'QuestionnaireResponse',
      id: `${who}-answers`,
      status: 'completed',
      subject,
      item: [{ linkId: who }],
    },
    { resourceType: 'Flag', id: `${who}-flag`, status: 'active', code: { text: who }, subject },
    { resourceType: 'Basic', id: `${who}-basic`, code: { text: who }, subject },
    {
      resourceType: 'Coverage',
      id: `${who}-coverage`,
      status: 'active',
      beneficiary: subject,
      payor: [{ reference: 'Organization/org' }],
      dependent: who,
    },
  ];
  return seeds.map((seed) => ({ ...seed, meta: { tag } }));
}

/** A transaction that writes all of it under these ids. */
export function putAll(seeds: readonly Seed[]): object {
  const entry = seeds.map((resource) => ({
    resource: resource as unknown as Resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  }));
  return { resourceType: 'Bundle', type: 'transaction', entry };
}
