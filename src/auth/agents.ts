/** Persons as the audit trail names them. */
import type { AuditAgent } from '../store/audit/record.ts';

interface Person {
  readonly nom: string;
  readonly prenom: string;
  readonly role: string;
  readonly practitionerId: string;
}

export function personAgent({ nom, prenom, role, practitionerId }: Person): AuditAgent {
  return { reference: `Practitioner/${practitionerId}`, name: `${prenom} ${nom}`, role };
}
