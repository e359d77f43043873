/**
 * Unique identifiers.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part05/chapter_9.html
 */
import { createHash, randomUUID } from 'node:crypto';

/** Numbers without leading zeros, joined by points, at most 64 characters. */
export function isUid(text: string): boolean {
  return text.length <= 64 && /^(0|[1-9]\d*)(\.(0|[1-9]\d*))+$/.test(text);
}

function fromUuid(hex: string): string {
  return `2.25.${BigInt(`0x${hex.replaceAll('-', '')}`)}`;
}

/** A new UID under 2.25, from a random UUID (PS3.5 B.2). */
export function newUid(): string {
  return fromUuid(randomUUID());
}

// Of this project, so that the same words elsewhere give other UIDs.
const namespace = 'f3a1f4f6-5d5c-5b1e-9a76-7c5b3f0d2e41';

/** The same UID for the same words, from a version 5 UUID (RFC 9562 5.5): what is sent twice is one object. */
export function uidOf(...words: readonly string[]): string {
  const hash = createHash('sha1').update(Buffer.from(namespace.replaceAll('-', ''), 'hex'));
  // The length before each word keeps ('ab', 'c') and ('a', 'bc') apart.
  for (const word of words) hash.update(`${Buffer.byteLength(word)}:${word}`);
  const bytes = hash.digest().subarray(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return fromUuid(bytes.toString('hex'));
}
