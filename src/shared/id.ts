/**
 * Logical ids: UUID version 7, so that new rows land at the end of every b-tree.
 * https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7, https://hl7.org/fhir/R4/datatypes.html#id
 */
import { randomUUID } from 'node:crypto';

/** A new id, ordered by creation time to the millisecond. */
export function newId(now: number = Date.now()): string {
  const time = now.toString(16).padStart(12, '0');
  // Of a random UUID everything but the time and the version: its variant is the same, and Node has a store of randomness for it.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

const idPattern = /^[A-Za-z0-9\-.]{1,64}$/;

/** Whether `text` is a FHIR id. */
export function isId(text: string): boolean {
  return idPattern.test(text);
}
