/**
 * What a prefix asks of a stored range: two ranges are compared.
 * https://hl7.org/fhir/R4/search.html#prefix
 */
import type { RangeValue } from './query.ts';

/** Placeholders of the searched range. */
export interface Bounds {
  readonly low: string;
  readonly high: string;
}

type Compare = (lo: string, hi: string, bounds: Bounds) => string;

/**
 * Conditions over a stored range. Where lo <= hi makes a comparison of lo follow from one of hi, it is written too, so that an
 * index led by lo knows where to begin or to end.
 */
const comparisons: Readonly<Record<RangeValue['prefix'], Compare>> = {
  // The searched range fully contains the stored one.
  eq: (lo, hi, { low, high }) => `${lo} >= ${low} AND ${lo} <= ${high} AND ${hi} <= ${high}`,
  ne: (lo, hi, { low, high }) => `NOT (${lo} >= ${low} AND ${hi} <= ${high})`,
  gt: (_, hi, { high }) => `${hi} > ${high}`,
  lt: (lo, _, { low }) => `${lo} < ${low}`,
  ge: (lo, hi, { low, high }) => `${hi} >= ${low} AND (${hi} > ${high} OR ${lo} >= ${low})`,
  le: (lo, hi, { low, high }) => `${lo} <= ${high} AND (${lo} < ${low} OR ${hi} <= ${high})`,
  sa: (lo, _, { high }) => `${lo} > ${high}`,
  eb: (lo, hi, { low }) => `${lo} < ${low} AND ${hi} < ${low}`,
  // The stored range contains the searched one.
  co: (lo, hi, { low, high }) => `${lo} <= ${low} AND ${hi} >= ${high}`,
  ap: (lo, hi, { low, high }) => `${lo} <= ${high} AND ${hi} >= ${low}`,
};

export function compare(prefix: RangeValue['prefix'], lo: string, hi: string, bounds: Bounds): string {
  return comparisons[prefix](lo, hi, bounds);
}

/** The least end that a stored range may have, for the prefixes that ask for the end and leave the beginning open. */
export function leastEnd(prefix: RangeValue['prefix'], { low, high }: Bounds): string | undefined {
  if (prefix === 'gt' || prefix === 'co') return high;
  return prefix === 'ge' || prefix === 'ap' ? low : undefined;
}

/** A range whose end is its beginning is in one index, any other in two: what is asked of both, each in its own words. */
export const isPoint = (lo: string, hi: string) => `${hi} = ${lo}`;
export const isWide = (lo: string, hi: string) => `${hi} > ${lo}`;
