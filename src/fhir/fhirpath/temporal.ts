/**
 * Dates and times: comparison as far as both are precise, and arithmetic with durations.
 * https://hl7.org/fhirpath/N1/#datetime-equality, https://hl7.org/fhirpath/N1/#datetime-arithmetic
 */
import { isTemporal, type Temporal, temporal } from './system.ts';

const pattern =
  /^(?:(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(T)?)?(?:(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?)?(Z|[+-]\d\d:\d\d)?$/;

interface Parts {
  /** Year, month, day, hour, minute, second with its fraction, as many as are given; of a time from the hour on. */
  readonly numbers: readonly number[];
  /** Minutes east of UTC; undefined: not said. */
  readonly zone: number | undefined;
}

function zoneOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text === 'Z') return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(4, 6));
  return text.startsWith('-') ? -minutes : minutes;
}

function inRange([month = 1, day = 1, hour = 0, minute = 0, second = 0]: readonly number[]): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour < 24 && minute < 60 && second < 61;
}

function partsOf({ text }: Temporal): Parts {
  const [, year, month, day, , hour, minute, second, zone] = pattern.exec(text) ?? [];
  const given = [year, month, day, hour, minute, second].filter((one) => one !== undefined).map(Number);
  return { numbers: given, zone: zoneOf(zone) };
}

/** A date, dateTime or time that a text is; undefined when it is none. */
export function parseTemporal(text: string): Temporal | undefined {
  const [found, year, month, day, t, hour, minute, second, zone] = pattern.exec(text) ?? [];
  if (!found || (year === undefined && zone !== undefined)) return undefined;
  if (year !== undefined && hour !== undefined && (day === undefined || t === undefined)) return undefined;
  const numbers = [month, day, hour, minute, second].map((one, at) =>
    one === undefined ? (at < 2 ? 1 : 0) : Number(one),
  );
  if (!inRange(numbers)) return undefined;
  if (day !== undefined && Number(day) > new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate())
    return undefined;
  if (year === undefined) return temporal('Time', text);
  return temporal(t === undefined ? 'Date' : 'DateTime', text);
}

/** An item as a date or time: itself, or what its text says. */
export function asTemporal(item: unknown): Temporal | undefined {
  if (isTemporal(item)) return item;
  return typeof item === 'string' ? parseTemporal(item) : undefined;
}

const isTime = ({ text }: Temporal) => /^\d\d(?::|$)/.test(text);

/** The numbers in UTC where there is a zone and a time. */
function inUtc({ numbers, zone }: Parts): readonly number[] {
  if (zone === undefined || zone === 0 || numbers.length < 4) return numbers;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = numbers;
  const at = new Date(Date.UTC(year, month - 1, day, hour, minute - zone));
  at.setUTCFullYear(at.getUTCFullYear() - (year < 100 ? 1900 : 0));
  const all = [
    at.getUTCFullYear(),
    at.getUTCMonth() + 1,
    at.getUTCDate(),
    at.getUTCHours(),
    at.getUTCMinutes(),
    second,
  ];
  return all.slice(0, numbers.length === 4 ? 5 : numbers.length);
}

/** Below, at or above zero; undefined where one is not precise enough to tell, or one is a time and the other is not. */
export function compareTemporals(a: Temporal, b: Temporal): number | undefined {
  if (isTime(a) !== isTime(b)) return undefined;
  const [left, right] = [partsOf(a), partsOf(b)];
  const day = left.numbers.length <= 3 || right.numbers.length <= 3;
  const x = day ? left.numbers : inUtc(left);
  const y = day ? right.numbers : inUtc(right);
  for (let at = 0; at < Math.min(x.length, y.length); at++) {
    const difference = (x[at] as number) - (y[at] as number);
    if (difference !== 0) return difference;
  }
  return x.length === y.length ? 0 : undefined;
}

const units: Readonly<Record<string, string>> = {
  a: 'year',
  mo: 'month',
  wk: 'week',
  d: 'day',
  h: 'hour',
  min: 'minute',
  s: 'second',
  ms: 'millisecond',
};

/** `year` of `years`, `year` and `a`; undefined for what is no duration. */
export function durationUnit(unit: string): string | undefined {
  const name = units[unit] ?? unit.replace(/s$/, '');
  return Object.values(units).includes(name) ? name : undefined;
}

const milliseconds: Readonly<Record<string, number>> = {
  week: 604_800_000,
  day: 86_400_000,
  hour: 3_600_000,
  minute: 60_000,
  second: 1000,
  millisecond: 1,
};

const pad = (number: number, length = 2) => String(number).padStart(length, '0');

/** A duration in the smallest unit that the date has: 24 months are 2 years of a year. */
function months(amount: number, unit: string, precision: number): number {
  const given = unit === 'year' ? amount * 12 : amount;
  return precision === 1 ? Math.trunc(given / 12) * 12 : given;
}

function write(at: Date, { numbers, zone }: Parts, { text, ...own }: Temporal): Temporal {
  const date = [pad(at.getUTCFullYear(), 4), pad(at.getUTCMonth() + 1), pad(at.getUTCDate())].slice(0, numbers.length);
  const fraction = /\.(\d+)/.exec(text)?.[1]?.length ?? (at.getUTCMilliseconds() === 0 ? 0 : 3);
  const part =
    fraction === 0 ? '' : `.${pad(at.getUTCMilliseconds(), 3).padEnd(fraction, '0').slice(0, Math.max(fraction, 3))}`;
  const clock = [pad(at.getUTCHours()), pad(at.getUTCMinutes()), pad(at.getUTCSeconds()) + part];
  const time = clock.slice(0, Math.max(0, numbers.length - 3)).join(':');
  const offset = zone === undefined ? '' : (/(?:Z|[+-]\d\d:\d\d)$/.exec(text)?.[0] ?? '');
  const mark = text.includes('T') ? 'T' : '';
  return { ...own, text: `${date.join('-')}${mark}${time}${offset}` };
}

function addToTime(time: Temporal, amount: number, unit: string): Temporal | undefined {
  const factor = milliseconds[unit];
  if (factor === undefined || factor > 3_600_000) return undefined;
  const [hour = 0, minute = 0, second = 0] = partsOf(time).numbers;
  const day = 86_400_000;
  const at = ((((hour * 3600 + minute * 60 + second) * 1000 + Math.trunc(amount) * factor) % day) + day) % day;
  const clock = new Date(Math.round(at)).toISOString().slice(11, 23);
  const length = time.text.length <= 8 && clock.endsWith('.000') ? time.text.length : Math.max(time.text.length, 12);
  return temporal('Time', clock.slice(0, length));
}

/** `amount` of `unit` later; undefined where that makes no sense. */
export function addDuration(date: Temporal, amount: number, unit: string): Temporal | undefined {
  const name = durationUnit(unit);
  if (name === undefined) return undefined;
  if (isTime(date)) return addToTime(date, amount, name);
  const parts = partsOf(date);
  const precision = parts.numbers.length;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts.numbers;
  if (name === 'year' || name === 'month') {
    const moved = year * 12 + month - 1 + months(Math.trunc(amount), name, precision);
    const last = new Date(Date.UTC(Math.floor(moved / 12), (moved % 12) + 1, 0)).getUTCDate();
    const at = new Date(
      Date.UTC(Math.floor(moved / 12), moved % 12, Math.min(day, last), hour, minute, 0, second * 1000),
    );
    return write(at, parts, date);
  }
  const span = (name === 'second' ? amount : Math.trunc(amount)) * (milliseconds[name] ?? 0);
  if (precision === 1) return addDuration(date, Math.trunc(span / (365 * 86_400_000)), 'year');
  if (precision === 2) return addDuration(date, Math.trunc(span / (30 * 86_400_000)), 'month');
  const whole = precision === 3 ? Math.trunc(span / 86_400_000) * 86_400_000 : span;
  const at = new Date(Date.UTC(year, month - 1, day, hour, minute, 0, Math.round(second * 1000)) + whole);
  return write(at, parts, date);
}
