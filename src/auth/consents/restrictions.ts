/** What is closed now, and to whom: the rules of all Consents and labels as one process holds them in memory. */

import type { Closing } from './labels.ts';
import { everyProvision, mayDeny, type Provision } from './provision.ts';
import type { Understood } from './understand.ts';

/** The Patients to whom one and the same rule applies. */
export interface Group {
  readonly rule: Provision;
  readonly patients: ReadonlySet<string>;
}

/** Everything that veils are made of; another value whenever anything changes. */
export interface Restrictions {
  readonly groups: readonly Group[];
  /** Patients whose record is closed by a label of the Patient. */
  readonly flagged: ReadonlyMap<string, Closing>;
  /** Labels that resources of a type may have. */
  readonly labelled: ReadonlyMap<string, ReadonlySet<Closing>>;
  /** `Practitioner/...` by actors of the rules that stand for several, and applications. */
  readonly members: ReadonlyMap<string, ReadonlySet<string>>;
}

export const nothingClosed: Restrictions = {
  groups: [],
  flagged: new Map(),
  labelled: new Map(),
  members: new Map(),
};

/** Consents that say the same are one rule; those that deny nothing are none. */
export function groupsOf(consents: Iterable<Understood>): readonly Group[] {
  const groups = new Map<string, { rule: Provision; patients: Set<string> }>();
  for (const { patient, rule } of consents) {
    if (!mayDeny(rule)) continue;
    const key = JSON.stringify(rule, (_, value: unknown) => (typeof value === 'number' ? String(value) : value));
    const group = groups.get(key);
    if (group) group.patients.add(patient);
    else groups.set(key, { rule, patients: new Set([patient]) });
  }
  return [...groups.values()];
}

/** The next instant at which a period of a rule begins or ends; Infinity: none does. */
export function nextBoundary(groups: readonly Group[], now: number): number {
  let next = Number.POSITIVE_INFINITY;
  for (const { rule } of groups) {
    for (const { period } of everyProvision(rule)) {
      if (!period) continue;
      if (period.low > now) next = Math.min(next, period.low);
      if (period.high >= now) next = Math.min(next, period.high + 1);
    }
  }
  return next;
}
