/**
 * FHIR dates as the range of instants that their precision covers.
 * https://hl7.org/fhir/R4/search.html#date
 */

export interface DateRange {
  /** Milliseconds since 1970, first and last instant covered. */
  readonly low: number;
  readonly high: number;
}

const pattern = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/;

/** Date.UTC, but with the years 0 to 99 left where they are. `month` counts from 0; overflow carries. */
function utc(year: number, month: number, day: number, milliseconds = 0): number {
  return new Date(0).setUTCFullYear(year, month, day) + milliseconds;
}

function daysIn(year: number, month: number): number {
  return new Date(utc(year, month + 1, 0)).getUTCDate();
}

function dayRange(year: number, month: string | undefined, day: string | undefined): DateRange | undefined {
  if (month === undefined) return { low: utc(year, 0, 1), high: utc(year + 1, 0, 1) - 1 };
  const index = Number(month) - 1;
  if (index < 0 || index > 11) return undefined;
  if (day === undefined) return { low: utc(year, index, 1), high: utc(year, index + 1, 1) - 1 };
  if (day === '00' || Number(day) > daysIn(year, index)) return undefined;
  return { low: utc(year, index, Number(day)), high: utc(year, index, Number(day) + 1) - 1 };
}

/** The offset east of UTC in milliseconds; no zone is UTC, so that an index built anywhere means the same. */
function offset(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4));
  if (minutes > 14 * 60 || Number(zone.slice(4)) > 59) return undefined;
  return minutes * 60_000 * (zone.startsWith('-') ? -1 : 1);
}

/** [first millisecond, number of milliseconds] that the seconds' digits cover: `.1` covers 100 ms. */
function fraction(digits: string | undefined): readonly [number, number] {
  if (digits === undefined) return [0, 1000];
  const places = digits.length - 1;
  return [Number(digits.slice(1, 4).padEnd(3, '0')), places === 1 ? 100 : places === 2 ? 10 : 1];
}

/**
 * The range of a FHIR date, dateTime or instant (`2020`, `2020-02`, `2020-02-29`, `2020-02-29T10:00`, `...:30.5+01:00`);
 * undefined when it is none or names no day of the calendar. Without a zone, UTC. Never the present time.
 */
export function parseDateRange(text: string): DateRange | undefined {
  const match = pattern.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, digits, zone] = match;
  const days = dayRange(Number(year), month, day);
  if (!days || hour === undefined) return days;
  const shift = offset(zone);
  // 60 is a leap second, which UTC milliseconds do not have: it is the first second of the next minute.
  if (shift === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second ?? 0) > 60) return undefined;
  const start = days.low + Number(hour) * 3_600_000 + Number(minute) * 60_000 - shift;
  if (second === undefined) return { low: start, high: start + 59_999 };
  const [first, length] = fraction(digits);
  const low = start + Number(second) * 1000 + first;
  return { low, high: low + length - 1 };
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): DateRange | undefined {
  return typeof value === 'string' ? parseDateRange(value) : undefined;
}

/** The range of a Period; an end that is not given is open. undefined when it has neither. */
export function periodRange(period: unknown): DateRange | undefined {
  const { start, end } = asRecord(period);
  const from = text(start);
  const to = text(end);
  if (!from && !to) return undefined;
  return { low: from?.low ?? Number.NEGATIVE_INFINITY, high: to?.high ?? Number.POSITIVE_INFINITY };
}

/** The outer limits of a Timing: its events and its bounds. What repeats in between does not matter to a search. */
export function timingRange(timing: unknown): DateRange | undefined {
  const { event, repeat } = asRecord(timing);
  const ranges = (Array.isArray(event) ? event : []).map(text);
  const known = [...ranges, periodRange(asRecord(repeat)['boundsPeriod'])].filter((range) => range !== undefined);
  if (known.length === 0) return undefined;
  return { low: Math.min(...known.map(({ low }) => low)), high: Math.max(...known.map(({ high }) => high)) };
}
