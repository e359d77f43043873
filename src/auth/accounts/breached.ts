/**
 * The most common breached passwords as a Bloom filter (see make-breached-passwords.mjs for where they come from).
 * https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** Beside the source, also for the built server: a build copies no data. */
const file = new URL('../../../src/auth/accounts/breached-passwords.bin', import.meta.url);

/** As in make-breached-passwords.mjs: a SHA-256 has eight words of 32 bits. */
const hashes = 8;

/** Reads the filter, 140 KB. */
export function readBreached(): Promise<Uint8Array> {
  return readFile(file);
}

/** Whether it is in the list, whatever the case of its letters. One of 20,000 others is taken for one that is. */
export function isBreached(filter: Uint8Array, password: string): boolean {
  const digest = createHash('sha256').update(password.normalize('NFKC').toLowerCase().trim()).digest();
  for (let at = 0; at < hashes; at += 1) {
    const bit = digest.readUInt32LE(at * 4) % (filter.length * 8);
    if (((filter[bit >> 3] ?? 0) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}
