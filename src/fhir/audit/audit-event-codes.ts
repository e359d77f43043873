/**
 * What each kind of record is called in an AuditEvent.
 * https://hl7.org/fhir/R4/valueset-audit-event-type.html, https://profiles.ihe.net/ITI/BALP/content.html
 */
import type { CodeableConcept, Coding } from '@medplum/fhirtypes';
import type { AuditRecord } from '../../store/audit/record.ts';

const terminology = 'http://terminology.hl7.org/CodeSystem';
const dicom = 'http://dicom.nema.org/resources/ontology/DCM';
const balpCodes = 'https://profiles.ihe.net/ITI/BALP/CodeSystem';
/** Words of ours, where neither FHIR nor DICOM has one. */
const ours = 'https://livedoc.health/fhir/CodeSystem/audit-event';

const rest: Coding = { system: `${terminology}/audit-event-type`, code: 'rest', display: 'RESTful Operation' };
const activity: Coding = { system: dicom, code: '110100', display: 'Application Activity' };
const transfer: Coding = { system: dicom, code: '110104', display: 'DICOM Instances Transferred' };
const authentication: Coding = { system: dicom, code: '110114', display: 'User Authentication' };
const alert: Coding = { system: dicom, code: '110113', display: 'Security Alert' };
const login: Coding = { system: dicom, code: '110122', display: 'Login' };

/** [AuditEvent.type, AuditEvent.subtype unless the record's own word is it] */
const types: Readonly<Record<AuditRecord['type'], readonly [Coding, Coding?]>> = {
  rest: [rest],
  api: [activity],
  login: [authentication, login],
  logout: [authentication, { system: dicom, code: '110123', display: 'Logout' }],
  'login-failed': [authentication, login],
  token: [authentication],
  authorization: [alert, { system: `${balpCodes}/AuthZsubType`, code: 'AuthZ-Consent' }],
  'access-denied': [alert],
  'dicom-received': [transfer],
  'dicom-refused': [transfer],
  inference: [activity],
  validation: [{ system: dicom, code: '110110', display: 'Patient Record' }],
  export: [{ system: dicom, code: '110106', display: 'Export' }],
  administration: [activity],
  'break-the-glass': [alert],
};

/** AuditEvent.type. */
export function typeCoding({ type }: AuditRecord): Coding {
  return types[type][0];
}

/** What DICOM calls the beginning and the end of an emergency. */
const overrides: Readonly<Record<string, Coding>> = {
  started: { system: dicom, code: '110127', display: 'Emergency Override Started' },
  stopped: { system: dicom, code: '110138', display: 'Emergency Override Stopped' },
};

/** http://terminology.hl7.org/CodeSystem/v3-ActReason: why somebody asks for what is closed to them. */
export const breakTheGlass: CodeableConcept = {
  coding: [{ system: `${terminology}/v3-ActReason`, code: 'BTG', display: 'break the glass' }],
};

/** AuditEvent.subtype: the interaction, or what else happened, in the record's own word. */
export function subtypeCodings({ type, subtype }: AuditRecord): Coding[] {
  if (type === 'rest') return [{ system: 'http://hl7.org/fhir/restful-interaction', code: subtype }];
  const known = type === 'break-the-glass' ? overrides[subtype] : types[type][1];
  const own = [...new Set([type, subtype])].map((code) => ({ system: ours, code }));
  return known ? [known, ...own] : own;
}

const balp = 'https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.';

const deeds: Readonly<Record<AuditRecord['action'], string>> = {
  C: 'Create',
  R: 'Read',
  U: 'Update',
  D: 'Delete',
  E: 'Query',
};

/** The BALP profile that the event follows; none for failures and for what BALP has no profile for. */
export function profileOf({ type, subtype, action, outcome }: AuditRecord, hasPatient: boolean): string | undefined {
  if (type !== 'rest' || outcome !== '0') return undefined;
  if (action === 'E' && !subtype.startsWith('search')) return undefined;
  return `${balp}${hasPatient ? 'Patient' : ''}${deeds[action]}`;
}

const source: Coding = { system: dicom, code: '110153', display: 'Source Role ID' };
const destination: Coding = { system: dicom, code: '110152', display: 'Destination Role ID' };

/** AuditEvent.agent.type of the client and of this server: data flows from the first to the second, or back on a read. */
export function agentCodings({ action }: AuditRecord): { readonly client: Coding; readonly server: Coding } {
  if (action === 'R') return { client: destination, server: source };
  if (action !== 'D') return { client: source, server: destination };
  return {
    client: { system: dicom, code: '110150', display: 'Application' },
    server: { system: `${terminology}/provenance-participant-type`, code: 'custodian', display: 'Custodian' },
  };
}

const entityType = `${terminology}/audit-entity-type`;
const entityRole = `${terminology}/object-role`;

/** AuditEvent.entity.type and role of a person, of data, and of a query. */
export const entityCodings = {
  patient: {
    type: { system: entityType, code: '1', display: 'Person' },
    role: { system: entityRole, code: '1', display: 'Patient' },
  },
  data: {
    type: { system: entityType, code: '2', display: 'System Object' },
    role: { system: entityRole, code: '4', display: 'Domain Resource' },
  },
  query: {
    type: { system: entityType, code: '2', display: 'System Object' },
    role: { system: entityRole, code: '24', display: 'Query' },
  },
  request: {
    type: { system: `${balpCodes}/BasicAuditEntityType`, code: 'XrequestId' },
  },
} as const satisfies Record<string, { readonly type: Coding; readonly role?: Coding }>;
