/** The access of one request: what its token gives, less what Consents and labels close to who brings it. */
import type { Access, Caller } from '../fhir/access.ts';
import type { Rules } from './access.ts';
import type { Veils } from './consents/follow.ts';

/** A record that the caller has opened by break-the-glass. */
export interface OpenedRecord {
  /** Id of the Patient. */
  readonly patient: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

const nothing: readonly OpenedRecord[] = [];

function stillOpen(veils: Veils, { role }: Caller, opened: readonly OpenedRecord[]): readonly OpenedRecord[] {
  if (opened.length === 0 || !veils.mayBreak(role)) return nothing;
  const now = Date.now();
  return opened.filter(({ expires }) => expires > now);
}

export function accessUnder(
  veils: Veils | undefined,
  rules: Rules,
  plain: Caller,
  records: readonly OpenedRecord[],
): Access {
  if (!veils) return Object.freeze({ ...rules, caller: plain });
  const opened = stillOpen(veils, plain, records).map(({ patient }) => patient);
  const veil = veils.of(plain, opened);
  const caller: Caller =
    opened.length === 0 ? plain : { ...plain, purposeOfUse: 'BTG', opened: opened.map((id) => `Patient/${id}`) };
  if (!veil) return Object.freeze({ ...rules, caller });
  return Object.freeze({
    ...rules,
    caller,
    veil,
    mayTouch: (permission, resource, within) =>
      rules.mayTouch(permission, resource, within) && !veil.hides(permission, resource),
    // A person would learn from an id that is taken what is there. Services bring the ids of their own systems.
    mayName: (type) => rules.mayName(type) && (caller.userId === undefined || !veil.excluded('u', type)),
  } satisfies Access);
}
