/** Where a page ends, as the opaque text that the next page's link carries. */
import { FhirError } from '../../shared/errors.ts';
import { key32 } from '../keys.ts';
import type { SortKey } from './query.ts';
import { pageMinutes } from './snapshots.ts';

export interface Position {
  readonly v: string;
  /** What the first page saw, and when this page was given (milliseconds since 1970). */
  readonly snapshot: string;
  readonly at: number;
  /** The last row's sort values as PostgreSQL writes them; null is none. */
  readonly keys: readonly (string | null)[];
}

/** A link of one search must not be mistaken for that of another order. */
function shapeOf(sort: readonly SortKey[]): number {
  return key32(JSON.stringify(sort.map(({ param, descending }) => [param, descending])));
}

export function encodePosition(sort: readonly SortKey[], { v, keys, snapshot, at }: Position): string {
  return Buffer.from(JSON.stringify([shapeOf(sort), v, snapshot, at, ...keys])).toString('base64url');
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

const matches = (value: unknown, form: RegExp): value is string => typeof value === 'string' && form.test(value);

function expired(): FhirError {
  const diagnostics = `This page link is older than ${pageMinutes} minutes; search again.`;
  return new FhirError('gone', diagnostics, { issues: [{ severity: 'error', code: 'expired', diagnostics }] });
}

/** Throws FhirError `invalid` for anything that `encodePosition` did not make for the same order, `gone` when it is too old. */
export function decodePosition(sort: readonly SortKey[], text: string, now: number): Position {
  const found = parse(text);
  if (Array.isArray(found)) {
    const [shape, v, snapshot, at, ...keys] = found as unknown[];
    const isPlace = matches(v, /^\d{1,18}$/) && matches(snapshot, /^\d{1,20}:\d{1,20}:[\d,]{0,100000}$/);
    const isWhole = keys.length === sort.length && keys.every((key, place) => isKey(key, sort[place]));
    if (isPlace && isWhole && typeof at === 'number' && shape === shapeOf(sort)) {
      if (now - at > pageMinutes * 60_000) throw expired();
      return { v: v as string, snapshot: snapshot as string, at, keys: keys as (string | null)[] };
    }
  }
  throw new FhirError('invalid', 'The page link is not one that this server gave for this search.');
}
