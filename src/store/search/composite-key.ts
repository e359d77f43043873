/**
 * The values of a composite parameter as numbers of one order, the same for what is stored and what is asked: an equality
 * first, of the others the hash, milliseconds, a number's bits or the first bytes of a text.
 */
import { key64, resourceKey, systemKey, valueKey } from '../keys.ts';
import { clampTime } from './clamp-time.ts';
import { fold } from './fold.ts';
import type { Part } from './index-row.ts';
import { storedString } from './stored-text.ts';

/** What is an equality can lead an index; a string may be a beginning; the others are ranges. */
const ranks: Readonly<Record<Part['kind'], number>> = {
  token: 0,
  reference: 0,
  uri: 0,
  string: 1,
  date: 2,
  quantity: 2,
};

export const isEquality = ({ kind }: { readonly kind: Part['kind'] }): boolean => ranks[kind] === 0;

/** Equalities first, then strings; otherwise as they were. */
export function inIndexOrder<P extends { readonly kind: Part['kind'] }>(parts: readonly P[]): readonly P[] {
  return [...parts].sort((a, b) => ranks[a.kind] - ranks[b.kind]);
}

/** Whether the index has a place for each: one equality, and two more of which one may be a string. */
export function isIndexable(parts: readonly { readonly kind: Part['kind'] }[]): boolean {
  const others = parts.length - (parts.some(isEquality) ? 1 : 0);
  return others <= 2 && parts.filter(({ kind }) => kind === 'string').length <= 1;
}

const scratch = new DataView(new ArrayBuffer(8));

/** A double as an integer that sorts as it does: the magnitude of negative ones counts downwards. */
export function numberKey(value: number): bigint {
  scratch.setFloat64(0, value === 0 ? 0 : value);
  const bits = scratch.getBigInt64(0);
  return bits < 0n ? bits ^ 0x7fffffffffffffffn : bits;
}

const PREFIX = 8;

/** The first eight bytes of a folded text as an integer that sorts as they do; `fill` follows a shorter one. */
export function textKey(folded: string, fill = 0): bigint {
  const bytes = Buffer.alloc(PREFIX, fill);
  Buffer.from(folded).copy(bytes);
  return BigInt.asIntN(64, bytes.readBigUInt64BE() - (1n << 63n));
}

export interface PartKey {
  readonly k: bigint;
  readonly hi: bigint;
  readonly sys: number;
  readonly unit: number;
  readonly spoken: number;
  readonly val: string | undefined;
}

const plain = { sys: 0, unit: 0, spoken: 0, val: undefined };

function equal(k: bigint, sys = 0): PartKey {
  return { ...plain, k, hi: k, sys };
}

/** What is stored of a part. */
export function partKey(part: Part): PartKey {
  switch (part.kind) {
    case 'token':
      return equal(valueKey(part.code), systemKey(part.system));
    case 'reference':
      return equal(part.target ? resourceKey(part.target.type, part.target.id) : valueKey(part.url ?? ''));
    case 'uri':
      return equal(key64(part.value));
    case 'string': {
      const val = storedString(fold(part.value));
      return { ...equal(textKey(val)), val };
    }
    case 'date':
      return { ...plain, k: BigInt(clampTime(part.low)), hi: BigInt(clampTime(part.high)) };
    case 'quantity': {
      const { low, high, system, code, spoken } = part;
      const units = { sys: systemKey(system), unit: systemKey(code), spoken: systemKey(spoken) };
      return { ...plain, ...units, k: numberKey(low), hi: numberKey(high) };
    }
  }
}
