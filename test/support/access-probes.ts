/** Requests that try to learn of the patient `other` by every path of the FHIR API, for who must learn nothing. */

export interface Probe {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const get = (path: string): Probe => ({ method: 'GET', path });
const jsonPatch = { 'content-type': 'application/json-patch+json' };
const xmlPatch = { 'content-type': 'application/xml-patch+xml' };
const outcome = { prefer: 'return=OperationOutcome' };

const types = [
  'Patient',
  'RelatedPerson',
  'Encounter',
  'Observation',
  'Condition',
  'AllergyIntolerance',
  'MedicationRequest',
  'ServiceRequest',
  'DiagnosticReport',
  'ImagingStudy',
  'ClinicalImpression',
  'DocumentReference',
  'Composition',
  'Device',
  'Task',
  'List',
  'Provenance',
  'CareTeam',
  'Procedure',
  'Immunization',
  'Goal',
  'QuestionnaireResponse',
  'Flag',
  'Basic',
  'Coverage',
  'Practitioner',
  'Organization',
  'Location',
  'Medication',
];

const ids = [
  'Patient/other',
  'RelatedPerson/other-relative',
  'Encounter/other-visit',
  'Observation/other-lab',
  'Observation/other-told',
  'Condition/other-problem',
  'DiagnosticReport/other-report',
  'ImagingStudy/other-study',
  'ClinicalImpression/other-impression',
  'DocumentReference/other-document',
  'Composition/other-composition',
  'Binary/other-bytes',
  'Device/other-device',
  'Task/other-task',
  'List/other-list',
  'Provenance/other-origin',
  'Coverage/other-coverage',
];

const searches = types.flatMap((type) => [
  `${type}`,
  `${type}?_total=accurate&_count=2`,
  `${type}?_total=estimate&_count=1&_sort=_id`,
  `${type}?_summary=count`,
  `${type}?_tag=of-other&_total=accurate`,
  `${type}?_id=other,other-lab,other-visit,other-report,other-origin,other-device,other-task,other-list`,
]);

const questions = [
  'Observation?subject=Patient/other&_total=accurate',
  'Observation?patient=other',
  'Observation?subject=other&_summary=count',
  'Observation?performer=Patient/other',
  'Observation?identifier=http://example.org/o|other-lab',
  'Observation?code=718-7&_sort=-date&_total=accurate',
  'Observation?_sort=code,-_lastUpdated&_count=3&_total=accurate',
  'Observation?_content=other',
  'Observation?_text=other',
  'Observation?value-string=said of other',
  'Observation?subject:Patient.name=Familyother',
  'Observation?subject:Patient.identifier=mrn-other',
  'Observation?patient.birthdate=1980-05-06&_total=accurate',
  'Observation?encounter:Encounter.subject:Patient.name=Familyother',
  'Observation?encounter.location:Location.name=Ward&_total=accurate',
  'Observation?has-member:Observation.code=718-7&_total=accurate',
  'Observation?_list=other-list',
  'Observation?_list=mine-list',
  'Observation?_filter=code eq 718-7',
  'Observation?_filter=subject.name eq Familyother',
  'Observation?_filter=status eq final and (subject eq Patient/other)',
  'Observation?subject:missing=true&_total=accurate',
  'Observation?category:not=laboratory&_total=accurate',
  'Observation?code:not=718-7&_total=accurate',
  'Observation?subject:not=Patient/mine&_total=accurate',
  'Observation?_has:DiagnosticReport:result:subject=Patient/other',
  'Observation?_has:Provenance:target:agent=Practitioner/doc&_total=accurate',
  'Observation?_has:List:item:_id=other-list',
  'Observation?_has:Observation:has-member:code=24323-8&_total=accurate',
  'Observation?_revinclude=Provenance:target&_revinclude=DiagnosticReport:result&_revinclude=List:item',
  'Observation?_revinclude=*&_count=2',
  'Observation?_include=*&_include:iterate=*',
  'Patient?_has:Observation:subject:code=718-7&_total=accurate',
  'Patient?_has:Condition:subject:encounter=Encounter/other-visit',
  'Patient?name=Family&_total=accurate',
  'Patient?birthdate=1980-05-06&_sort=family&_total=accurate',
  'Patient?gender=female&_summary=count',
  'Patient?identifier=mrn-other',
  'Patient?general-practitioner=Practitioner/doc&_total=accurate',
  'Patient?general-practitioner:Practitioner.name=Doctor&_total=accurate',
  'Patient?_revinclude=Observation:subject&_revinclude:iterate=Provenance:target',
  'Practitioner?_id=doc&_revinclude=Patient:general-practitioner&_revinclude:iterate=Observation:subject',
  'Practitioner?_has:Patient:general-practitioner:name=Familyother',
  'Practitioner?_has:Patient:general-practitioner:_has:Observation:subject:code=718-7',
  'Practitioner?_id=doc&_revinclude=Composition:author&_revinclude=CareTeam:participant',
  'Organization?_id=org&_revinclude=Coverage:payor',
  'Location?_id=ward&_revinclude=Encounter:location&_revinclude:iterate=Observation:encounter',
  'Location?_has:Encounter:location:subject=Patient/other',
  'Medication?_id=drug&_revinclude=MedicationRequest:medication',
  'Medication?_has:MedicationRequest:medication:patient=other',
  'Condition?_list=$current-problems&_total=accurate',
  'AllergyIntolerance?_list=$current-drug-allergies&_total=accurate',
  'Questionnaire?_has:QuestionnaireResponse:questionnaire:subject=Patient/other&_total=accurate',
  'QuestionnaireResponse?questionnaire.status=active&_total=accurate',
  'Observation?_filter=code ne 718-7 and subject ne Patient/mine',
  'Observation?_filter=date co 2024-01-02',
  'Medication?code=387517004&_contained=true&_total=accurate',
  'Medication?status=active&_contained=both&_total=accurate',
  'Medication?_contained=true&_containedType=contained&_total=accurate',
  'Medication?_contained=true&_sort=code&_count=1&_total=estimate',
  'MedicationRequest?medication.code=387517004&_total=accurate',
  'MedicationRequest?medication._id=m1&_total=accurate',
  'List?item=Observation/mine-vital&_total=accurate',
  'List?item:Observation.subject:Patient.name=Familyother',
  'Provenance?target=Observation/other-lab',
  'Provenance?agent=Practitioner/doc&_total=accurate',
  'Provenance?target:Observation.code=718-7&_total=accurate',
  'DiagnosticReport?result:Observation.subject:Patient.name=Familyother',
  '?_type=Patient,Observation,Condition&_total=accurate',
  '?_type=Patient,Observation&_tag=of-other',
  '?_tag=of-other&_total=accurate',
  'Patient/other/Observation',
  'Patient/other/*',
  'Patient/other/Condition?_summary=count',
  'Patient/mine/Observation?_total=accurate',
  'Patient/mine/*?_total=accurate',
  'Encounter/other-visit/Observation',
  'Encounter/mine-visit/*?_total=accurate',
  'Practitioner/doc/Observation?_total=accurate',
  'Practitioner/doc/*?_total=accurate',
  'RelatedPerson/other-relative/Patient',
  'Device/other-device/*',
];

const operations = [
  'Patient/other/$everything',
  'Patient/mine/$everything',
  'Patient/$everything',
  'Encounter/other-visit/$everything',
  'Encounter/mine-visit/$everything',
  'Observation/$lastn?patient=other&category=laboratory',
  'Observation/$lastn?patient=mine&category=laboratory',
  'Observation/$lastn?subject:Patient.name=Family&code=718-7',
  'Composition/other-composition/$document',
  'Composition/mine-composition/$document',
  '$meta',
  'Observation/$meta',
  'Patient/$meta',
  'Observation/other-lab/$meta',
  'Observation/other-lab/$diff',
  'Observation/other-lab/_history/1/$meta',
  '$diff?from=Observation/mine-lab&to=Observation/other-lab',
  'Observation/other-lab/$validate?mode=delete',
  'Observation/other-lab/$graphql?query={id}',
  '$graphql?query={Observation(id:"other-lab"){id}}',
  '$graphql?query={ObservationList(code:"718-7"){id subject{resource{...on Patient{name{family}}}}}}',
  '$graphql?query={PatientList(name:"Family"){id ObservationList(_reference:subject){id}}}',
  '$graphql?query={PatientConnection(gender:"female"){count edges{resource{id}}}}',
  'ValueSet/$expand?url=http://example.org/none',
  '$export',
  'Patient/$export',
  'Group/other-group/$export',
  '_export/none',
  '_export/none/1.ndjson',
];

const histories = [
  '_history?_total=accurate&_count=100',
  ...types.map((type) => `${type}/_history?_total=accurate`),
  'Binary/_history',
];

const instances = ids.flatMap((name) => [name, `${name}/_history`, `${name}/_history/1`, `${name}?_summary=true`]);

const mine = (more: object) => ({
  resourceType: 'Observation',
  status: 'final',
  category: [
    { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }] },
  ],
  code: { text: 'probe' },
  subject: { reference: 'Patient/mine' },
  ...more,
});

const parameters = (resource: object) => ({
  resourceType: 'Parameters',
  parameter: [{ name: 'resource', resource }],
});

const looking = [
  { request: { method: 'GET', url: 'Patient/other' } },
  { request: { method: 'GET', url: 'Observation?subject=Patient/other&_total=accurate' } },
  { request: { method: 'GET', url: 'Observation/other-lab/_history' } },
];

/** Alone in a Bundle each, as one that is refused takes the others with it. */
const operating = [
  { request: { method: 'POST', url: 'Patient/other/$everything' } },
  { request: { method: 'POST', url: 'Observation/_search?subject=Patient/other&_total=accurate' } },
  { request: { method: 'HEAD', url: 'Observation/other-lab' } },
  {
    resource: { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: {} }] },
    request: { method: 'POST', url: 'Observation/other-lab/$meta-add' },
  },
];

const transaction = (entry: readonly object[], type = 'transaction') => ({ resourceType: 'Bundle', type, entry });

/** They write, too, so they come last: what they leave behind is the same whoever else's data is there. */
const writes: readonly Probe[] = [
  { method: 'PUT', path: '/Observation/other-lab', body: mine({ id: 'other-lab' }) },
  { method: 'PUT', path: '/Observation/other-lab', body: mine({ id: 'other-lab' }), headers: { 'if-match': 'W/"1"' } },
  { method: 'PUT', path: '/Observation/other-lab', body: mine({ id: 'other-lab' }), headers: { 'if-none-match': '*' } },
  { method: 'PUT', path: '/Patient/other', body: { resourceType: 'Patient', id: 'other' } },
  { method: 'PATCH', path: '/Observation/other-lab', body: '[]', headers: jsonPatch },
  { method: 'PATCH', path: '/Observation/other-lab', body: '<diff/>', headers: xmlPatch },
  { method: 'PATCH', path: '/Observation?identifier=other-lab', body: '<diff/>', headers: xmlPatch },
  { method: 'DELETE', path: '/Observation/other-lab' },
  { method: 'DELETE', path: '/Observation?identifier=other-lab' },
  { method: 'PATCH', path: '/Observation?identifier=other-lab', body: '[]', headers: jsonPatch },
  { method: 'PUT', path: '/Observation?identifier=other-lab', body: mine({ id: 'other-lab' }) },
  { method: 'PUT', path: '/Observation?identifier=other-lab', body: mine({}) },
  { method: 'POST', path: '/Observation', body: mine({}), headers: { 'if-none-exist': 'identifier=other-lab' } },
  { method: 'POST', path: '/Observation', body: mine({}), headers: { 'if-none-exist': '_tag=of-other' } },
  {
    method: 'POST',
    path: '/Observation',
    body: mine({}),
    headers: { 'if-none-exist': 'subject:Patient.name=Familyother' },
  },
  {
    method: 'POST',
    path: '/Observation',
    body: mine({ encounter: { reference: 'Encounter/other-visit' } }),
    headers: outcome,
  },
  {
    method: 'POST',
    path: '/Observation',
    body: mine({ hasMember: [{ reference: 'Observation/other-lab' }] }),
    headers: outcome,
  },
  { method: 'POST', path: '/Observation', body: mine({ subject: { reference: 'Patient/other' } }), headers: outcome },
  {
    method: 'POST',
    path: '/Observation',
    body: mine({ performer: [{ reference: 'Patient/other' }] }),
    headers: outcome,
  },
  {
    method: 'POST',
    path: '',
    body: transaction([
      {
        resource: mine({ subject: { reference: 'Patient?identifier=mrn-other' } }),
        request: { method: 'POST', url: 'Observation' },
      },
    ]),
  },
  {
    method: 'POST',
    path: '',
    body: transaction([
      { resource: mine({}), request: { method: 'POST', url: 'Observation', ifNoneExist: 'identifier=other-lab' } },
    ]),
  },
  {
    method: 'POST',
    path: '',
    body: transaction([
      { resource: mine({ id: 'other-lab' }), request: { method: 'PUT', url: 'Observation/other-lab' } },
    ]),
  },
  { method: 'POST', path: '', body: transaction([{ request: { method: 'DELETE', url: 'Observation/other-lab' } }]) },
  { method: 'POST', path: '', body: transaction(looking) },
  { method: 'POST', path: '', body: transaction(looking, 'batch') },
  ...operating.map((entry) => ({ method: 'POST', path: '', body: transaction([entry]) })),
  { method: 'POST', path: '', body: transaction(operating, 'batch') },
  {
    method: 'POST',
    path: '/Patient/$match',
    body: parameters({
      resourceType: 'Patient',
      name: [{ family: 'Familyother', given: ['Claire'] }],
      birthDate: '1980-05-06',
    }),
  },
  {
    method: 'POST',
    path: '/Observation/other-lab/$meta-add',
    body: { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: {} }] },
  },
  {
    method: 'POST',
    path: '/Observation/$validate?mode=create',
    body: mine({ subject: { reference: 'Patient/other' } }),
  },
  { method: 'POST', path: '/Observation/other-lab/$reindex' },
  {
    method: 'POST',
    path: '/Observation/_search',
    body: new URLSearchParams({ subject: 'Patient/other', _total: 'accurate' }),
  },
  { method: 'DELETE', path: '/Observation/mine-lab' },
  { method: 'DELETE', path: '/Encounter/mine-visit' },
  { method: 'GET', path: '/_history?_count=100' },
];

export const probes: readonly Probe[] = [
  ...[...searches, ...questions, ...operations, ...histories, ...instances].map((path) => get(`/${path}`)),
  ...writes,
];
