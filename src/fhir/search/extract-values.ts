/**
 * Values of FHIR types as index rows: one table row for each pair of parameter type and FHIR type.
 * https://hl7.org/fhir/R4/search.html#ptypes
 */
import { type DateRange, parseDateRange, periodRange, timingRange } from './dates.ts';
import { numbers, quantities } from './extract-quantity.ts';
import { references } from './extract-reference-values.ts';
import { type Converter, type Converters, type Json, plain, type Sink, text } from './extract-sink.ts';
import { phonetics, strings } from './extract-string.ts';
import { tokens } from './extract-token.ts';

function date(sink: Sink, range: DateRange | undefined): void {
  if (range) sink.rows.push({ kind: 'date', param: sink.param, low: range.low, high: range.high });
}

const dateValue = plain((value: unknown, sink) =>
  date(sink, typeof value === 'string' ? parseDateRange(value) : undefined),
);

/** An instant is a point in time, however many digits it was written with. */
const instant = plain((value: unknown, sink) => {
  const range = typeof value === 'string' ? parseDateRange(value) : undefined;
  date(sink, range && { low: range.low, high: range.low });
});

function uri(value: unknown, sink: Sink): void {
  const known = text(value);
  if (known !== undefined) sink.rows.push({ kind: 'uri', param: sink.param, value: known });
}

const isDegrees = (value: unknown, most: number): value is number =>
  typeof value === 'number' && Math.abs(value) <= most;

/** `Location.position`. https://hl7.org/fhir/R4/location.html#positional */
function position({ latitude, longitude }: Json, sink: Sink): void {
  if (isDegrees(latitude, 90) && isDegrees(longitude, 180)) {
    sink.rows.push({ kind: 'position', param: sink.param, latitude, longitude });
  }
}

const tables: Readonly<Record<string, Converters>> = {
  token: tokens,
  string: strings,
  phonetic: phonetics,
  date: {
    date: dateValue,
    dateTime: dateValue,
    instant,
    Period: plain((value: Json, sink) => date(sink, periodRange(value))),
    Timing: plain((value: Json, sink) => date(sink, timingRange(value))),
  },
  number: numbers,
  quantity: quantities,
  reference: references,
  uri: { uri: plain(uri), url: plain(uri), canonical: plain(uri), oid: plain(uri), uuid: plain(uri) },
  special: { 'Location.position': plain(position) },
};

/** How values of `fhirType` are indexed by a parameter of `type`; undefined: not at all. */
export function converter(type: string, fhirType: string): Converter | undefined {
  const table = Object.hasOwn(tables, type) ? tables[type] : undefined;
  return table && Object.hasOwn(table, fhirType) ? table[fhirType] : undefined;
}
