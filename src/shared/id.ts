/**
 * Logical ids: UUID version 7, so that new rows land at the end of every b-tree.
 * https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7, https://hl7.org/fhir/R4/datatypes.html#id
 */
import { randomBytes } from 'node:crypto';

/** A new id, ordered by creation time to the millisecond. */
export function newId(now: number = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const idPattern = /^[A-Za-z0-9\-.]{1,64}$/;

/** Whether `text` is a FHIR id. */
export function isId(text: string): boolean {
  return idPattern.test(text);
}
