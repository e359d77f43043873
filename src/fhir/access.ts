/**
 * What a caller may see and do: made in `auth` from scopes and role, asked by every interaction, deny by default.
 * http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
 */
import type { Resource } from '@medplum/fhirtypes';
import type { AuditAgent } from '../store/audit/record.ts';
import type { Clause } from '../store/search/query.ts';

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
  /** Code systems under which the application keeps state of its own (SMART app state). */
  readonly stateSystems?: readonly string[];
  /** Names what the token may do: what is kept for one is not for another of the same person and application. */
  readonly rights?: string;
  /** The peer's network address. */
  readonly address?: string;
  readonly requestId?: string;
  /** Why the caller asks, when it is an emergency: one of `opened` was opened by break-the-glass. */
  readonly purposeOfUse?: 'BTG';
  /** `Patient/...` whose records are open to this person by break-the-glass now. */
  readonly opened?: readonly string[];
}

/**
 * What restricts besides search parameters. `_compartment`: the resource is in the compartment of one of those that the
 * value names (`Patient/1,Patient/2`), or is one of them. `_compartment:not`: in none. `_compartment:only`: and no parameter
 * of the compartment points at another of the same type, so that what is written is nobody else's too.
 * `target._compartment`: the reference `target` points at what is in it.
 */
export const membershipPair = /^(?:([A-Za-z-]+)\.)?_compartment(?::(not|only))?$/;

/** Whether what a reference points at is in the compartment of `root` (`Patient/1`), which only the store can tell. */
export type Within = (target: { readonly type: string; readonly id: string }, root: string) => boolean;

/**
 * What is kept from a caller whatever scopes and role allow: records that a patient's Consent or a label closes.
 * https://hl7.org/fhir/R4/consent.html, https://hl7.org/fhir/R4/security-labels.html
 */
export interface Veil {
  /** What of the type is kept from the caller, in words that the store and `holds` know; undefined: nothing. */
  excluded(permission: Permission, type: string): Clause | undefined;
  /** Whether this very resource is. */
  hides(permission: Permission, resource: Resource): boolean;
  /** Texts, one of which is in the body of every resource that might be kept from a reader; undefined: no text tells. */
  suspects(): readonly string[] | undefined;
  /** Whether the caller is to know that a Patient is closed: who may open it by break-the-glass, and nobody else. */
  readonly isTold: boolean;
}

export interface Access {
  readonly caller: Caller;
  /** Whether the caller may use this permission on resources of the type at all. */
  may(permission: Permission, type: string): boolean;
  /**
   * Whether the caller may use it on this very resource (and, for an update, whether on the one that it replaces). Without
   * `within` nothing that the resource points at is in any compartment.
   */
  mayTouch(permission: Permission, resource: Resource, within?: Within): boolean;
  /** Whether the caller may create resources of the type under ids of its own: who sees only some could probe for others. */
  mayName(type: string): boolean;
  /**
   * Search parameters (name, value), and what `membershipPair` names, that every search and read of the type is narrowed by:
   * one list for each way that is allowed (they are ORed); `[[]]` is no restriction.
   */
  restrict(permission: Permission, type: string): readonly (readonly (readonly [name: string, value: string])[])[];
  /** What is kept from the caller although all of the above allow it; `mayTouch` has it in. Absent: nothing is. */
  readonly veil?: Veil;
  /**
   * What no resource says: `dicom` images and heat maps, `accounts`, `validation` of a prediction, `audit` of others,
   * `launches` of applications.
   */
  mayUse(feature: 'images' | 'submit' | 'validation' | 'accounts' | 'audit' | 'launches'): boolean;
}
