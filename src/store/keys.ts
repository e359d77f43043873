/** The integers that stand for texts in the store's keys: short, of one size, computed here so that a write needs no look-up. */
import { hash } from 'node:crypto';
import { remember } from '../shared/remember.ts';

/** First 64 bits of SHA-1 as a signed integer. */
export function key64(text: string): bigint {
  return BigInt.asIntN(64, BigInt(`0x${hash('sha1', text, 'hex').slice(0, 16)}`));
}

/** First 32 bits of SHA-1 as a signed integer. */
export function key32(text: string): number {
  return Number.parseInt(hash('sha1', text, 'hex').slice(0, 8), 16) | 0;
}

/** `rkey`: the key of a resource, also of a local reference to it. */
export function resourceKey(type: string, id: string): bigint {
  return key64(`${type}/${id}`);
}

/** Names that every row has, of which there are few: a resource has dozens of rows. */
const nameKey = remember(key32, 20_000);

/** `sys`: an absent system is 0, which no present one is given. */
export function systemKey(system: string | undefined): number {
  return system === undefined || system === '' ? 0 : nameKey(system) || 1;
}

/** `exact` of a string, `code` of a token, `target` of a reference by URL. */
export const valueKey: (text: string) => bigint = key64;

/** `p` of a search parameter, `Type.code`. */
export const paramKey: (param: string) => number = nameKey;

/** `rtype` of a resource type. */
export const typeKey: (type: string) => number = nameKey;
