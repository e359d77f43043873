/** Who does an administrator's work, as the audit trail names them. */
import type { Caller } from '../fhir/access.ts';
import type { AuditAgent, AuditRecord } from '../store/audit/record.ts';

export type Actor = Pick<AuditRecord, 'client'> & Partial<Pick<AuditRecord, 'user' | 'address' | 'requestId'>>;

/** A command of this machine. */
export const commandActor = (command: string): Actor => ({ client: { name: `livedoc ${command}` } });

export function actorOf({ user, client, address, requestId }: Caller): Actor {
  return {
    client,
    ...(user === undefined ? {} : { user: user as AuditAgent }),
    ...(address === undefined ? {} : { address }),
    ...(requestId === undefined ? {} : { requestId }),
  };
}

/** The record of a deed of administration; `detail` says to what. */
export function administration(
  actor: Actor,
  deed: Pick<AuditRecord, 'subtype' | 'action'>,
  detail: Readonly<Record<string, string>> = {},
): AuditRecord {
  return {
    type: 'administration',
    ...deed,
    outcome: '0',
    recorded: new Date(),
    ...actor,
    entities: Object.keys(detail).length === 0 ? [] : [{ detail }],
    patients: [],
  };
}
