/**
 * A patient's Consent as the server enforces it: a tree of provisions, each with what it says and about what.
 * https://hl7.org/fhir/R4/consent-definitions.html#Consent.provision
 */
import type { DateRange } from '../../fhir/search/dates.ts';

export type Effect = 'permit' | 'deny';

/** A local resource. */
export interface Named {
  readonly type: string;
  readonly id: string;
}

/** Identifier.system of an application, of a Device or in a reference: the value is its `client_id`. */
export const clientIdSystem = 'https://livedoc.health/fhir/sid/client-id';

/** Who is meant: somebody of the server's directory, or an application by its `client_id`. */
export type Actor = Named | { readonly clientId: string };

export interface Label {
  /** Absent: any system. */
  readonly system?: string;
  readonly code: string;
}

/** What consentaction's codes come to here. */
export type Deed = 'read' | 'disclose' | 'collect' | 'correct';

export interface Provision {
  readonly effect: Effect;
  /** A provision about what does not exist here: it never applies. */
  readonly never?: true;
  // Each condition is a list of alternatives; an absent one is always fulfilled.
  readonly period?: DateRange;
  readonly actors?: readonly Actor[];
  /** Whose data it is about: who made or keeps it. */
  readonly origins?: readonly Named[];
  readonly deeds?: readonly Deed[];
  readonly purposes?: readonly string[];
  readonly types?: readonly string[];
  readonly labels?: readonly Label[];
  readonly codes?: readonly Label[];
  readonly dataPeriod?: DateRange;
  readonly data?: readonly (Named & { readonly wide: boolean })[];
  /** What is said otherwise of a part; where several are about the same and differ, the denial counts. */
  readonly exceptions: readonly Provision[];
}

/** Whether anything could be denied by it, of anybody at any time. */
export function mayDeny({ effect, never, exceptions }: Provision): boolean {
  return never !== true && (effect === 'deny' || exceptions.some(mayDeny));
}

/** All provisions of the tree. */
export function everyProvision(provision: Provision): readonly Provision[] {
  return [provision, ...provision.exceptions.flatMap(everyProvision)];
}
