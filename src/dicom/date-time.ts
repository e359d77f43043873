/**
 * Dates, times and ages of DICOM as ISO 8601 texts.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part05/sect_6.2.html
 */

const isDate = (year: number, month: number, day: number) => {
  const date = new Date(Date.UTC(year, month - 1, day));
  return year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
};

/** DA `19930822`, also the old `1993.08.22`, to `1993-08-22`; undefined when it is no day of the calendar. */
export function parseDate(text: string): string | undefined {
  const match = /^(\d{4})(\.?)(\d{2})\2(\d{2})$/.exec(text.trim());
  if (!match) return undefined;
  const [, year, , month, day] = match;
  return isDate(Number(year), Number(month), Number(day)) ? `${year}-${month}-${day}` : undefined;
}

/** TM `071030.005`, also `07`, `0710` and the old `07:10:30`, to `07:10:30.005`; missing minutes and seconds are zero. */
export function parseTime(text: string): string | undefined {
  const match = /^(\d{2})(?::?(\d{2})(?::?(\d{2})(?:\.(\d{1,6}))?)?)?$/.exec(text.trim());
  if (!match) return undefined;
  const [, hour = '', minute = '00', second = '00', fraction] = match;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
  // 60 is a leap second, which FHIR and JavaScript do not know.
  return `${hour}:${minute}:${second === '60' ? '59' : second}${fraction ? `.${fraction}` : ''}`;
}

/** `+0130` to `+01:30`; undefined when it is no offset (-1200 to +1400). */
export function parseOffset(text: string): string | undefined {
  const match = /^([+-])(\d{2})(\d{2})$/.exec(text.trim());
  if (!match) return undefined;
  const [, sign, hour, minute] = match;
  const minutes = (Number(hour) * 60 + Number(minute)) * (sign === '-' ? -1 : 1);
  const isOffset = Number(minute) < 60 && minutes >= -720 && minutes <= 840;
  return isOffset ? `${sign === '-' && minutes === 0 ? '+' : sign}${hour}:${minute}` : undefined;
}

/**
 * DA, TM and offset joined as a FHIR dateTime. Without an offset a time is worth nothing outside the room it was taken
 * in, and FHIR forbids it: then only the date is given, unless `assumedOffset` (`+01:00`) says where the sender lives.
 */
export function joinDateTime(
  date?: string,
  time?: string,
  offset?: string,
  assumedOffset?: string,
): string | undefined {
  const day = date === undefined ? undefined : parseDate(date);
  const clock = time === undefined ? undefined : parseTime(time);
  const zone = (offset === undefined ? undefined : parseOffset(offset)) ?? assumedOffset;
  return day && clock && zone ? `${day}T${clock}${zone}` : day;
}

/** DT, at any precision, as a FHIR partial date or dateTime; a time without offset is dropped as in `joinDateTime`. */
export function parseDateTime(text: string, assumedOffset?: string): string | undefined {
  const match = /^(\d{4})(\d{2})?(\d{2})?(\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)?([+-]\d{4})?$/.exec(text.trim());
  if (!match) return undefined;
  const [, year = '', month, day, time, offset] = match;
  if (!month) return year;
  if (!day) return Number(month) >= 1 && Number(month) <= 12 ? `${year}-${month}` : undefined;
  return joinDateTime(`${year}${month}${day}`, time, offset, assumedOffset);
}

const daysOf = { D: 1, W: 7, M: 30.4375, Y: 365.25 } as const;

/** AS `018M` in years (1.5); undefined when it is no age. */
export function parseAge(text: string): number | undefined {
  const match = /^(\d{3})([DWMY])$/.exec(text.trim());
  return match ? (Number(match[1]) * daysOf[match[2] as keyof typeof daysOf]) / daysOf.Y : undefined;
}

/** Completed years from `birth` to `day`, both `YYYY-MM-DD`; undefined when the birth lies after the day. */
export function yearsBetween(birth: string, day: string): number | undefined {
  const years = Number(day.slice(0, 4)) - Number(birth.slice(0, 4)) - (day.slice(5) < birth.slice(5) ? 1 : 0);
  return years >= 0 ? years : undefined;
}
