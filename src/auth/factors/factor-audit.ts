/** What the audit trail says of second factors. */
import type { User } from '../../store/accounts/users.ts';
import type { AuditRecord } from '../../store/audit/record.ts';
import { personAgent } from '../agents.ts';
import type { FactorPeer } from './deps.ts';

type Told = Pick<AuditRecord, 'type' | 'subtype' | 'action' | 'outcome' | 'outcomeText'>;

/** A record of what a person did with their own second factor. */
export function factorRecord(
  user: User,
  { address, clientName, requestId }: FactorPeer,
  told: Told,
  detail?: Readonly<Record<string, string>>,
): AuditRecord {
  return {
    ...told,
    recorded: new Date(),
    client: { name: clientName },
    user: personAgent(user),
    address,
    entities: detail ? [{ detail: { user_id: user.id, ...detail } }] : [],
    patients: [],
    ...(requestId === undefined ? {} : { requestId }),
  };
}
