/** What each role may do with each group of resources: the widest that any scope can give a person. */
import type { Permission, Role } from '../fhir/access.ts';
import type { Group } from './resource-groups.ts';

/** SMART letters; no delete for any role, because a record is erased only by the operation for it, never by REST. */
type Letters = '' | 'rs' | 'crus';

/** A group that a role has no entry for is forbidden to it. */
const roleTable: Readonly<Record<Role, Readonly<Partial<Record<Group, Letters>>>>> = {
  MEDECIN: {
    record: 'crus',
    measurements: 'crus',
    notes: 'crus',
    images: 'rs',
    predictions: 'rs',
    origins: 'rs',
    care: 'crus',
    directory: 'rs',
    definitions: 'rs',
    audit: 'rs',
  },
  PERSONNEL: {
    record: 'crus',
    measurements: 'crus',
    images: 'rs',
    // A report has a final diagnosis only once a physician has validated it, and nobody writes one but by validating.
    predictions: 'rs',
    origins: 'rs',
    care: 'rs',
    directory: 'rs',
    definitions: 'rs',
    audit: 'rs',
  },
  ADMINISTRATEUR: {
    record: 'rs',
    measurements: 'rs',
    predictions: 'rs',
    origins: 'rs',
    directory: 'crus',
    definitions: 'crus',
    audit: 'rs',
  },
};

/** Roles that see in the audit trail what others did too. */
export const seesAllAudit: ReadonlySet<Role> = new Set(['ADMINISTRATEUR']);

/** Whether the role's row has the letter for the group. */
export function roleMay(role: Role, permission: Permission, group: Group | undefined): boolean {
  return group !== undefined && (roleTable[role][group] ?? '').includes(permission);
}
