/** Where a page ends, as the opaque text that the next page's link carries. */
import { FhirError } from '../../shared/errors.ts';
import { key32 } from '../keys.ts';
import type { SortKey } from './query.ts';

export interface Position {
  readonly v: string;
  /** The last row's sort values as PostgreSQL writes them; null is none. */
  readonly keys: readonly (string | null)[];
}

/** A link of one search must not be mistaken for that of another order. */
function shapeOf(sort: readonly SortKey[]): number {
  return key32(JSON.stringify(sort.map(({ param, descending }) => [param, descending])));
}

export function encodePosition(sort: readonly SortKey[], { v, keys }: Position): string {
  return Buffer.from(JSON.stringify([shapeOf(sort), v, ...keys])).toString('base64url');
}

const forms: Readonly<Partial<Record<SortKey['kind'], RegExp>>> = {
  date: /^-?\d{1,18}$/,
  quantity: /^-?(\d{1,400}(\.\d{1,400})?(e[+-]?\d{1,3})?|Infinity)$/,
};

function isKey(value: unknown, sort: SortKey | undefined): value is string | null {
  if (value === null) return true;
  if (typeof value !== 'string' || value.includes('\0')) return false;
  return forms[sort?.kind ?? 'string']?.test(value) ?? true;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return undefined;
  }
}

/** Throws FhirError `invalid` for anything that `encodePosition` did not make for the same order. */
export function decodePosition(sort: readonly SortKey[], text: string): Position {
  const found = parse(text);
  if (Array.isArray(found)) {
    const [shape, v, ...keys] = found as unknown[];
    const isV = typeof v === 'string' && /^\d{1,18}$/.test(v);
    const isWhole = keys.length === sort.length && keys.every((key, at) => isKey(key, sort[at]));
    if (isV && isWhole && shape === shapeOf(sort)) return { v, keys: keys as (string | null)[] };
  }
  throw new FhirError('invalid', 'The page link is not one that this server gave for this search.');
}
