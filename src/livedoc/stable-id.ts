/**
 * Ids that follow from what a resource is about, so that doing the same work twice writes the same resource.
 * https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-5
 */
import { createHash } from 'node:crypto';

/** The namespace of LIVEDOC: the UUID version 5 of its canonical base in the URL namespace. */
const namespace = Buffer.from('c3d3744eecb7572fbfd18485c5e80da2', 'hex');

/** A UUID version 5 of the parts; different parts, or the same in another order, give another id. */
export function stableId(...parts: readonly string[]): string {
  const bytes = createHash('sha1').update(namespace).update(JSON.stringify(parts)).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
