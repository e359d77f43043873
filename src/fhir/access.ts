/**
 * What a caller may see and do: made in `auth` from scopes and role, asked by every interaction, deny by default.
 * http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
 */
import type { Resource } from '@medplum/fhirtypes';
import type { AuditAgent } from '../store/audit/record.ts';

/** SMART v2: create, read, update, delete, search. */
export type Permission = 'c' | 'r' | 'u' | 'd' | 's';

export type Role = 'MEDECIN' | 'PERSONNEL' | 'ADMINISTRATEUR';

export interface Caller {
  /** The account, for a person. */
  readonly userId?: string;
  readonly role?: Role;
  /** `Practitioner/...` of the person. */
  readonly practitioner?: string;
  readonly user?: AuditAgent;
  /** Id of the patient in context, to whose record `patient/` scopes are held. */
  readonly patient?: string;
  readonly client: AuditAgent;
  /** The client application as OAuth knows it; two may have one name. */
  readonly clientId?: string;
  /** The peer's network address. */
  readonly address?: string;
  readonly requestId?: string;
}

export interface Access {
  readonly caller: Caller;
  /** Whether the caller may use this permission on resources of the type at all. */
  may(permission: Permission, type: string): boolean;
  /** Whether the caller may use it on this very resource (and, for an update, whether on the one that it replaces). */
  mayTouch(permission: Permission, resource: Resource): boolean;
  /**
   * Search parameters (name, value) that every search and read of the type is narrowed by: one list for each way that is
   * allowed (they are ORed); `[[]]` is no restriction.
   */
  restrict(permission: Permission, type: string): readonly (readonly (readonly [name: string, value: string])[])[];
  /** What no resource says: `dicom` images and heat maps, `accounts`, `validation` of a prediction, `audit` of others. */
  mayUse(feature: 'images' | 'submit' | 'validation' | 'accounts' | 'audit'): boolean;
}
