/**
 * What the audit trail says of break-the-glass: DICOM's security alerts 110127 and 110138, and the verdict.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part16/sect_CID_401.html
 */
import type { AuditRecord } from '../../store/audit/record.ts';
import type { Glass } from '../../store/glass/glass.ts';
import { personAgent } from '../agents.ts';

export type GlassActor = Pick<AuditRecord, 'client'> & Partial<Pick<AuditRecord, 'user' | 'address' | 'requestId'>>;

function recordOf(
  { client, user, address, requestId }: GlassActor,
  subtype: string,
  patient: string,
  rest: Partial<AuditRecord> = {},
): AuditRecord {
  return {
    type: 'break-the-glass',
    subtype,
    action: 'E',
    outcome: '0',
    recorded: new Date(),
    client,
    ...(user === undefined ? {} : { user }),
    ...(address === undefined ? {} : { address }),
    ...(requestId === undefined ? {} : { requestId }),
    entities: [],
    patients: [`Patient/${patient}`],
    ...rest,
  };
}

export function startRecord(glass: Glass, actor: GlassActor): AuditRecord {
  const { id, patient, reason, explanation, expiresAt } = glass;
  return recordOf(actor, 'started', patient, {
    entities: [{ detail: { glass: id, reason, explanation, until: expiresAt.toISOString() } }],
    emergency: [`Patient/${patient}`],
  });
}

/** `actor` ended it; absent: its time was over, and it is the person who had opened it of whom that is told. */
export function stopRecord(glass: Glass, actor: GlassActor | undefined): AuditRecord {
  const { id, patient, endedAt } = glass;
  const how = actor ? 'ended' : 'expired';
  const self: GlassActor = { client: { name: glass.clientName }, user: personAgent(glass) };
  return recordOf(actor ?? self, 'stopped', patient, {
    entities: [{ detail: { glass: id, how, at: endedAt?.toISOString() ?? '' } }],
    emergency: [`Patient/${patient}`],
  });
}

export function reviewRecord(glass: Glass, actor: GlassActor): AuditRecord {
  const { id, patient, verdict, comment, prenom, nom } = glass;
  const detail = { glass: id, person: `${prenom} ${nom}`, verdict: verdict ?? '', comment: comment ?? '' };
  return recordOf(actor, 'reviewed', patient, { entities: [{ detail }] });
}

/** The patient is named only where it may be one: what a stranger sends is no name. */
export function refusalRecord(actor: GlassActor, patient: string, why: string): AuditRecord {
  return recordOf(actor, 'refused', patient, {
    outcome: '4',
    outcomeText: why,
    ...(/^[A-Za-z0-9\-.]{1,64}$/.test(patient) ? {} : { patients: [] }),
  });
}
