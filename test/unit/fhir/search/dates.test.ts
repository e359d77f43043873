/** Dates as ranges: https://hl7.org/fhir/R4/search.html#date */
import { describe, expect, it } from 'vitest';
import { parseDateRange, periodRange, timingRange } from '../../../../src/fhir/search/dates.ts';

const at = (iso: string) => Date.parse(iso);

describe('parseDateRange', () => {
  it.each([
    ['2020', '2020-01-01T00:00:00.000Z', '2020-12-31T23:59:59.999Z'],
    ['2020-02', '2020-02-01T00:00:00.000Z', '2020-02-29T23:59:59.999Z'],
    ['2020-12', '2020-12-01T00:00:00.000Z', '2020-12-31T23:59:59.999Z'],
    ['2020-02-29', '2020-02-29T00:00:00.000Z', '2020-02-29T23:59:59.999Z'],
    ['2020-02-29T10:11', '2020-02-29T10:11:00.000Z', '2020-02-29T10:11:59.999Z'],
    ['2020-02-29T10:11:12', '2020-02-29T10:11:12.000Z', '2020-02-29T10:11:12.999Z'],
    ['2020-02-29T10:11:12.3Z', '2020-02-29T10:11:12.300Z', '2020-02-29T10:11:12.399Z'],
    ['2020-02-29T10:11:12.34Z', '2020-02-29T10:11:12.340Z', '2020-02-29T10:11:12.349Z'],
    ['2020-02-29T10:11:12.345678Z', '2020-02-29T10:11:12.345Z', '2020-02-29T10:11:12.345Z'],
    ['2020-02-29T00:30:00+01:00', '2020-02-28T23:30:00.000Z', '2020-02-28T23:30:00.999Z'],
    ['2020-02-29T23:30:00-05:30', '2020-03-01T05:00:00.000Z', '2020-03-01T05:00:00.999Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z', '2017-01-01T00:00:00.999Z'],
  ])('covers what the precision of %s covers', (text, low, high) => {
    expect(parseDateRange(text)).toEqual({ low: at(low), high: at(high) });
  });

  it('leaves the first century where it is', () => {
    expect(parseDateRange('0099')).toEqual({ low: at('0099-01-01T00:00:00Z'), high: at('0100-01-01T00:00:00Z') - 1 });
  });

  it.each([
    '',
    'now',
    '20',
    '2020-',
    '2020-13',
    '2020-00',
    '2021-02-29',
    '2020-04-31',
    '2020-01-00',
    '2020-01-01T',
    '2020-01-01T24:00',
    '2020-01-01T10',
    '2020-01-01T10:60',
    '2020-01-01T10:00:61',
    '2020-01-01T10:00:00+15:00',
    '2020-01-01T10:00:00+01:60',
    ' 2020',
    '2020 ',
    '+2020',
    '2020-1-1',
    '02/01/2020',
  ])('finds no date in %j', (text) => {
    expect(parseDateRange(text)).toBeUndefined();
  });
});

describe('periodRange', () => {
  it('is open where an end is missing', () => {
    expect(periodRange({ start: '2020' })).toEqual({ low: at('2020-01-01T00:00:00Z'), high: Number.POSITIVE_INFINITY });
    expect(periodRange({ end: '2020' })).toEqual({
      low: Number.NEGATIVE_INFINITY,
      high: at('2021-01-01T00:00:00Z') - 1,
    });
  });
  it('is nothing without both ends', () => expect(periodRange({})).toBeUndefined());
});

describe('timingRange', () => {
  it('spans events and bounds', () => {
    const timing = {
      event: ['2020-05', '2020-01-02'],
      repeat: { boundsPeriod: { start: '2020-03', end: '2020-06-30' } },
    };
    expect(timingRange(timing)).toEqual({ low: at('2020-01-02T00:00:00Z'), high: at('2020-07-01T00:00:00Z') - 1 });
  });
  it('is nothing for a mere frequency', () => expect(timingRange({ repeat: { frequency: 1 } })).toBeUndefined());
});
