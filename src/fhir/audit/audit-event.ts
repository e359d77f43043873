/**
 * From an audit record to AuditEvents of IHE BALP: one, or one for each Patient that the record concerns.
 * https://profiles.ihe.net/ITI/BALP/, https://hl7.org/fhir/R4/auditevent.html
 */
import type { AuditEvent, AuditEventAgent, AuditEventEntity, CodeableConcept, Reference } from '@medplum/fhirtypes';
import type { AuditAgent, AuditEntity, AuditRecord } from '../../store/audit/record.ts';
import {
  agentCodings,
  breakTheGlass,
  entityCodings,
  profileOf,
  subtypeCodings,
  typeCoding,
} from './audit-event-codes.ts';

const roleSystem = 'https://livedoc.health/fhir/CodeSystem/user-role';

/** What the server is called in the events. */
const observer = 'LIVEDOC';

/**
 * The events without ids, one after the other, since there may be thousands: one for each of the record's patients, with the
 * entities that concern that patient, and one for what concerns none. `base` is the FHIR base.
 */
export function* auditEvents(record: AuditRecord, base: string): Generator<AuditEvent> {
  const { patients, entities } = record;
  const shared = entities.filter((entity) => entity.patients === undefined);
  const own = new Map<string, AuditEntity[]>();
  for (const entity of entities) {
    for (const patient of entity.patients ?? []) {
      const list = own.get(patient);
      if (list) list.push(entity);
      else own.set(patient, [entity]);
    }
  }
  for (const patient of patients) {
    yield auditEvent({ ...record, entities: [...shared, ...(own.get(patient) ?? [])] }, base, patient);
  }
  const nobodys = entities.filter((entity) => entity.patients?.length === 0);
  if (patients.length === 0 || nobodys.length > 0) {
    yield auditEvent({ ...record, entities: patients.length === 0 ? entities : nobodys }, base, undefined);
  }
}

function auditEvent(record: AuditRecord, base: string, patient: string | undefined): AuditEvent {
  const profile = profileOf(record, patient !== undefined);
  const entities = entitiesOf(record, patient);
  const purpose = isEmergency(record, patient) ? [breakTheGlass] : undefined;
  return {
    resourceType: 'AuditEvent',
    ...(profile ? { meta: { profile: [profile] } } : {}),
    type: typeCoding(record),
    subtype: subtypeCodings(record),
    action: record.action,
    recorded: record.recorded.toISOString(),
    outcome: record.outcome,
    ...(record.outcomeText === undefined ? {} : { outcomeDesc: record.outcomeText }),
    ...(purpose ? { purposeOfEvent: purpose } : {}),
    agent: agentsOf(record, base, purpose),
    source: { observer: { display: observer } },
    ...(entities.length > 0 ? { entity: entities } : {}),
  };
}

/** Of what concerns no patient by itself, a search that found nothing, it counts whom it asks for. */
function isEmergency({ emergency = [], entities }: AuditRecord, patient: string | undefined): boolean {
  if (patient !== undefined) return emergency.includes(patient);
  const said = entities.map(({ reference = '', query = '' }) => `${reference} ${query}`).join(' ');
  return emergency.some((one) => said.includes(one.slice('Patient/'.length)));
}

function who({ reference, name }: AuditAgent): Reference {
  return { ...(reference === undefined ? {} : { reference }), display: name };
}

function agentsOf(record: AuditRecord, base: string, purposeOfUse: CodeableConcept[] | undefined): AuditEventAgent[] {
  const { user, client, address } = record;
  const codings = agentCodings(record);
  return [
    {
      type: { coding: [codings.client] },
      who: who(client) as NonNullable<AuditEventAgent['who']>,
      // Without a person it is the client who asks.
      requestor: user === undefined,
      ...(address === undefined ? {} : { network: { address, type: '2' as const } }),
    },
    {
      type: { coding: [codings.server] },
      who: { display: observer },
      requestor: false,
      network: { address: base, type: '5' },
    },
    ...(user ? [{ ...userAgent(user), ...(purposeOfUse ? { purposeOfUse } : {}) }] : []),
  ];
}

function userAgent(user: AuditAgent): AuditEventAgent {
  return {
    type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] },
    who: who(user) as NonNullable<AuditEventAgent['who']>,
    requestor: true,
    ...(user.role === undefined ? {} : { role: [{ coding: [{ system: roleSystem, code: user.role }] }] }),
  };
}

function entitiesOf({ entities, requestId }: AuditRecord, patient: string | undefined): AuditEventEntity[] {
  return [
    ...entities.flatMap(entityOf),
    ...(patient === undefined ? [] : [{ what: { reference: patient }, ...entityCodings.patient }]),
    ...(requestId === undefined
      ? []
      : [{ what: { identifier: { value: requestId } }, type: entityCodings.request.type }]),
  ];
}

function entityOf({ reference, query, detail }: AuditEntity): AuditEventEntity[] {
  const details = Object.entries(detail ?? {}).map(([type, valueString]) => ({ type, valueString }));
  const told = details.length > 0 ? { detail: details } : {};
  // sev-1: an entity has a name or a query, so what a search names goes into the query alone.
  if (query !== undefined) {
    return [{ ...entityCodings.query, query: Buffer.from(query).toString('base64'), ...told }];
  }
  if (reference !== undefined) return [{ what: { reference }, ...entityCodings.data, ...told }];
  return details.length > 0 ? [{ ...entityCodings.data, ...told }] : [];
}
