// https://hl7.org/fhir/R4/search.html#date
import { describe, expect, it } from 'vitest';
import { parseDateRange } from '../../../../src/fhir/search/dates.ts';
import { random } from '../../../support/random.ts';

const two = (value: number): string => String(value).padStart(2, '0');

/** The same instant at every precision, from the year to the millisecond. */
function precisions(at: Date): readonly string[] {
  const iso = at.toISOString();
  return [iso.slice(0, 4), iso.slice(0, 7), iso.slice(0, 10), `${iso.slice(0, 16)}Z`, `${iso.slice(0, 19)}Z`, iso];
}

const seeds = Array.from({ length: 200 }, (_, seed) => seed);
/** Some time between the years 1 and 9998. */
function anInstant(seed: number): Date {
  const r = random(seed);
  const at = new Date(
    Date.UTC(2000, r.below(12), 1 + r.below(28), r.below(24), r.below(60), r.below(60), r.below(1000)),
  );
  at.setUTCFullYear(1 + r.below(9998));
  return at;
}

const rangeOf = (text: string) => {
  const range = parseDateRange(text);
  if (!range) throw new Error(`${text} is no date`);
  return range;
};

describe('the range of a date', () => {
  it.each(seeds)('lies within that of every coarser one, and around the instant (seed %i)', (seed) => {
    const at = anInstant(seed);
    const ranges = precisions(at).map(rangeOf);
    ranges.forEach((range, index) => {
      expect(range.low).toBeLessThanOrEqual(at.getTime());
      expect(range.high).toBeGreaterThanOrEqual(at.getTime());
      const coarser = ranges[index - 1];
      if (coarser) expect(range.low >= coarser.low && range.high <= coarser.high).toBe(true);
    });
    expect(ranges.at(-1)).toEqual({ low: at.getTime(), high: at.getTime() });
  });

  it.each(seeds)('ends where the next one of its precision begins (seed %i)', (seed) => {
    for (const text of precisions(anInstant(seed))) {
      const { high } = rangeOf(text);
      const following = new Date(high + 1).toISOString().slice(0, text.length - (text.endsWith('Z') ? 1 : 0));
      expect(rangeOf(text.endsWith('Z') ? `${following}Z` : following).low).toBe(high + 1);
    }
  });

  it.each(seeds)('is the same in every time zone (seed %i)', (seed) => {
    const r = random(seed + 1000);
    const at = anInstant(seed);
    const minutes = r.below(27 * 60) - 13 * 60;
    const local = new Date(at.getTime() + minutes * 60_000).toISOString().slice(0, -1);
    const zone = `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
    expect(rangeOf(`${local}${zone}`)).toEqual(rangeOf(at.toISOString()));
    expect(rangeOf(`${local.slice(0, 19)}${zone}`)).toEqual(rangeOf(`${at.toISOString().slice(0, 19)}Z`));
  });

  it.each(seeds)('is none for what is no day of the calendar (seed %i)', (seed) => {
    const r = random(seed + 2000);
    const [year, month] = [1000 + r.below(9000), 1 + r.below(12)];
    const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
    expect(parseDateRange(`${year}-${two(month)}-${two(days)}`)).toBeDefined();
    expect(parseDateRange(`${year}-${two(month)}-${two(days + 1)}`)).toBeUndefined();
    expect(parseDateRange(`${year}-${two(13 + r.below(80))}-01`)).toBeUndefined();
  });
});
