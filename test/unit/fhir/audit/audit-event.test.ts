// https://profiles.ihe.net/ITI/BALP/content.html
import { describe, expect, it } from 'vitest';
import { auditEvents } from '../../../../src/fhir/audit/audit-event.ts';
import { createValidator } from '../../../../src/fhir/validation/validator.ts';
import type { AuditRecord } from '../../../../src/store/audit/record.ts';

const base = 'http://localhost:8080/fhir';

const record = (more: Partial<AuditRecord> = {}): AuditRecord => ({
  type: 'rest',
  subtype: 'read',
  action: 'R',
  outcome: '0',
  recorded: new Date('2026-11-22T10:00:00Z'),
  client: { name: 'EHR' },
  entities: [{ reference: 'Observation/1/_history/1' }],
  patients: ['Patient/1'],
  ...more,
});

const balp = (name: string) => `https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.${name}`;

describe('auditEvents', () => {
  it.each([
    [record({ subtype: 'create', action: 'C' }), 'PatientCreate', ['110153', '110152']],
    [record(), 'PatientRead', ['110152', '110153']],
    [record({ subtype: 'update', action: 'U' }), 'PatientUpdate', ['110153', '110152']],
    [record({ subtype: 'delete', action: 'D' }), 'PatientDelete', ['110150', 'custodian']],
    [
      record({ subtype: 'search-type', action: 'E', entities: [{ query: 'Patient' }] }),
      'PatientQuery',
      ['110153', '110152'],
    ],
    [record({ patients: [] }), 'Read', ['110152', '110153']],
  ])('follows the BALP profile of the interaction (%#)', (given, profile, roles) => {
    const [event] = auditEvents(given, base);
    expect(event?.meta?.profile).toEqual([balp(profile)]);
    expect(event?.agent.map(({ type }) => type?.coding?.[0]?.code)).toEqual(roles);
  });

  it('makes one event for each Patient of a search', () => {
    const patients = ['Patient/1', 'Patient/2', 'Patient/3'];
    const given = record({ subtype: 'search-type', action: 'E', entities: [{ query: 'Patient?name=é' }], patients });
    const events = [...auditEvents(given, base)];
    expect(events.map(({ entity = [] }) => entity.find(({ role }) => role?.code === '1')?.what?.reference)).toEqual(
      patients,
    );
    for (const { entity = [] } of events) {
      const query = entity.find(({ role }) => role?.code === '24');
      expect(Buffer.from(query?.query ?? '', 'base64').toString()).toBe('Patient?name=é');
      expect(query?.what).toBeUndefined();
    }
  });

  it('has, of a transaction, only what concerns its patient, and one event for what concerns none', () => {
    const patients = Array.from({ length: 500 }, (_, at) => `Patient/${at}`);
    const entities = [
      ...patients.map((patient) => ({ reference: patient, patients: [patient] })),
      { reference: 'Observation/1', patients: ['Patient/7'] },
      { reference: 'Organization/1', patients: [] },
    ];
    const events = [...auditEvents(record({ subtype: 'transaction', action: 'E', patients, entities }), base)];
    const named = (at: number) => (events[at]?.entity ?? []).flatMap(({ what }) => what?.reference ?? []);
    expect(events).toHaveLength(501);
    expect(new Set(named(7))).toEqual(new Set(['Patient/7', 'Observation/1']));
    expect(named(500)).toEqual(['Organization/1']);
  });

  it('names the person, who then is the requestor, with role and without network', () => {
    const user = { reference: 'Practitioner/1', name: 'Dr Dupré', role: 'MEDECIN' };
    const [event] = auditEvents(record({ user, address: '10.0.0.1', requestId: 'r-1' }), base);
    expect(event?.agent.map(({ requestor }) => requestor)).toEqual([false, false, true]);
    expect(event?.agent[2]).toMatchObject({ who: { reference: 'Practitioner/1', display: 'Dr Dupré' } });
    expect(event?.agent[2]?.network).toBeUndefined();
    expect(event?.agent[0]?.network).toEqual({ address: '10.0.0.1', type: '2' });
    expect(event?.entity?.at(-1)?.what?.identifier?.value).toBe('r-1');
  });

  it('claims no profile for a failure, and says what failed', () => {
    const [event] = auditEvents(record({ outcome: '4', outcomeText: 'You may not.' }), base);
    expect([event?.meta, event?.outcome, event?.outcomeDesc]).toEqual([undefined, '4', 'You may not.']);
  });

  it('says BTG of the patients whose records were opened in an emergency, and of no others', () => {
    const user = { reference: 'Practitioner/1', name: 'A', role: 'MEDECIN' };
    const told = record({ user, patients: ['Patient/1', 'Patient/2'], emergency: ['Patient/2'] });
    const purposes = [...auditEvents(told, base)].map((event) => [
      event.purposeOfEvent?.[0]?.coding?.[0]?.code,
      event.agent[2]?.purposeOfUse?.[0]?.coding?.[0]?.code,
    ]);
    expect(purposes).toEqual([
      [undefined, undefined],
      ['BTG', 'BTG'],
    ]);
  });

  it('says BTG of a search for a patient that found nothing', () => {
    const told = { patients: [], emergency: ['Patient/p2'] };
    const codes = (query: string) =>
      [...auditEvents(record({ ...told, entities: [{ query }] }), base)].map(
        ({ purposeOfEvent }) => purposeOfEvent?.length,
      );
    expect(codes('Observation?patient=p2')).toEqual([1]);
    expect(codes('Observation?patient=p3')).toEqual([undefined]);
  });

  it.each([
    ['started', '110127'],
    ['stopped', '110138'],
  ])('calls a broken glass that is %s by its DICOM code %s, a security alert', (subtype, code) => {
    const [event] = auditEvents(record({ type: 'break-the-glass', subtype }), base);
    expect([event?.type.code, event?.subtype?.[0]?.code]).toEqual(['110113', code]);
  });

  const types: AuditRecord['type'][] = [
    'rest',
    'api',
    'login',
    'logout',
    'login-failed',
    'token',
    'access-denied',
    'dicom-received',
    'dicom-refused',
    'inference',
    'validation',
    'export',
    'administration',
    'break-the-glass',
  ];
  const validate = createValidator({ profilesFolder: 'fhir-profiles' });

  it.each(types)('makes a valid AuditEvent of a record of type %s', (type) => {
    const user = { reference: 'Practitioner/1', name: 'A', role: 'MEDECIN' };
    const entities = [{ detail: { a: 'b' } }, { query: 'x' }, { reference: 'Patient/1', detail: { op: 'create' } }];
    for (const given of [record({ type, user, entities }), record({ type, entities: [], patients: [] })]) {
      const [event] = auditEvents(given, base);
      const issues = validate({ ...event, id: 'x' }).filter(({ severity }) => severity === 'error');
      expect(issues).toEqual([]);
    }
  });
});
