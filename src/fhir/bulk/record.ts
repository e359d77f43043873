/** The audit record of data that leaves in bulk: DICOM's Export. https://hl7.org/fhir/R4/valueset-audit-event-type.html */
import type { AuditRecord } from '../../store/audit/record.ts';
import type { Context } from '../context.ts';

/** `patients` are those (`Patient/...`) whose data it is. */
export function exportRecord(
  { access, now }: Pick<Context, 'access' | 'now'>,
  subtype: 'bulk-export' | 'bulk-file',
  query: string,
  patients: readonly string[],
): AuditRecord {
  const { user, client, address, requestId } = access.caller;
  return {
    type: 'export',
    subtype,
    action: 'R',
    outcome: '0',
    recorded: now(),
    client,
    ...(user ? { user } : {}),
    ...(address === undefined ? {} : { address }),
    ...(requestId === undefined ? {} : { requestId }),
    entities: [{ query }],
    patients,
  };
}
