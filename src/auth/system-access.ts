/** The access of the server itself: for its jobs, its own writes and the demonstration. Never given to a request. */
import type { Access } from '../fhir/access.ts';

/** All permissions on everything; `name` is the client that the audit trail shows, for instance `livedoc read-instance`. */
export function systemAccess(name: string): Access {
  return Object.freeze({
    caller: { client: { name } },
    may: () => true,
    mayTouch: () => true,
    mayName: () => true,
    restrict: () => [[]],
    mayUse: () => true,
  });
}
