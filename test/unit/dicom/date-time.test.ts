/**
 * Dates, times, ages and UIDs.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part05/sect_6.2.html
 */
import { describe, expect, it } from 'vitest';
import {
  joinDateTime,
  parseAge,
  parseDate,
  parseDateTime,
  parseOffset,
  parseTime,
  yearsBetween,
} from '../../../src/dicom/date-time.ts';
import { isUid, newUid, uidOf } from '../../../src/dicom/uid.ts';

describe('DA', () => {
  it.each([
    ['19930822', '1993-08-22'],
    ['1993.08.22', '1993-08-22'],
    ['20240229', '2024-02-29'],
    ['20230229', undefined],
    ['1993822', undefined],
    ['19931301', undefined],
    ['00000000', undefined],
    ['199308', undefined],
  ])('%s is %s', (text, date) => expect(parseDate(text)).toBe(date));
});

describe('TM', () => {
  it.each([
    ['070907.0705', '07:09:07.0705'],
    ['1010', '10:10:00'],
    ['07', '07:00:00'],
    ['07:10:30', '07:10:30'],
    ['235960', '23:59:59'],
    ['240000', undefined],
    ['0760', undefined],
    ['7', undefined],
  ])('%s is %s', (text, time) => expect(parseTime(text)).toBe(time));
});

describe('a moment', () => {
  it('has a time only with a zone, stated or assumed', () => {
    expect(joinDateTime('20260105', '0810', '+0100')).toBe('2026-01-05T08:10:00+01:00');
    expect(joinDateTime('20260105', '0810', undefined, '+02:00')).toBe('2026-01-05T08:10:00+02:00');
    expect(joinDateTime('20260105', '0810')).toBe('2026-01-05');
    expect(joinDateTime('20260105', 'noon', '+0100')).toBe('2026-01-05');
    expect(joinDateTime(undefined, '0810', '+0100')).toBeUndefined();
  });

  it('may be a DT of any precision', () => {
    expect(parseDateTime('2026')).toBe('2026');
    expect(parseDateTime('202601')).toBe('2026-01');
    expect(parseDateTime('20260105')).toBe('2026-01-05');
    expect(parseDateTime('20260105081030.5-0330')).toBe('2026-01-05T08:10:30.5-03:30');
    expect(parseDateTime('2026010508')).toBe('2026-01-05');
    expect(parseDateTime('202613')).toBeUndefined();
    expect(parseDateTime('yesterday')).toBeUndefined();
  });

  it('knows the offsets there are', () => {
    expect(['+0100', '-0000', '+1400', '+1500', '-1300', '0100'].map(parseOffset)).toEqual([
      '+01:00',
      '+00:00',
      '+14:00',
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('ages', () => {
  it('are counted in completed years', () => {
    expect(yearsBetween('2010-06-15', '2026-06-14')).toBe(15);
    expect(yearsBetween('2010-06-15', '2026-06-15')).toBe(16);
    expect(yearsBetween('2026-06-15', '2026-01-01')).toBeUndefined();
  });

  it('are read from AS', () => {
    expect(parseAge('045Y')).toBe(45);
    expect(parseAge('018M')).toBeCloseTo(1.5);
    expect(parseAge('045')).toBeUndefined();
  });
});

describe('UIDs', () => {
  it('are numbers without leading zeros, joined by points', () => {
    expect(['1.2.840.10008.1.2', '2.25.0'].every(isUid)).toBe(true);
    expect(['', '1', '1.02', '1..2', '1.2.', '1.a', '../../etc', `1.${'2'.repeat(63)}`].some(isUid)).toBe(false);
  });

  it('are new each time, or the same for the same words', () => {
    expect(new Set([newUid(), newUid()].filter(isUid)).size).toBe(2);
    expect(isUid(uidOf('a'))).toBe(true);
    expect(uidOf('a', 'bc')).toBe(uidOf('a', 'bc'));
    expect(uidOf('a', 'bc')).not.toBe(uidOf('ab', 'c'));
  });
});
