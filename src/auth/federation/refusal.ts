/** Why somebody who came from an identity provider is not let in: a word for the page, a sentence for the log and the trail. */

export type Why =
  /** The provider did not answer, or not as one. */
  | 'unavailable'
  /** What it answered is not proven to be its word to this sign-in. */
  | 'untrusted'
  /** The sign-in is over, used already, or another browser's. */
  | 'stale'
  /** The person turned back there. */
  | 'denied'
  /** It answered with an error of its own. */
  | 'upstream'
  | 'notAllowed'
  | 'weak'
  | 'notFresh'
  | 'unknownAccount'
  | 'emailUnverified'
  | 'emailTaken'
  | 'unknownRole'
  | 'severalRoles'
  | 'incomplete'
  | 'lastAdministrator'
  | 'inactive';

export interface Refusal {
  readonly refused: Why;
  /** For the log and the audit trail, never for the page. */
  readonly detail: string;
}

export const refusal = (refused: Why, detail: string): Refusal => ({ refused, detail: detail.slice(0, 1000) });

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'refused' in value;
}
