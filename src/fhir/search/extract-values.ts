/**
 * Values of FHIR types as index rows: one table row for each pair of parameter type and FHIR type.
 * https://hl7.org/fhir/R4/search.html#ptypes
 */
import type { IndexRow } from '../../store/search/index-row.ts';
import type { ElementDefinition } from '../definitions/types.ts';
import { codesOf, systemOfCode } from '../definitions/value-sets.ts';
import { type DateRange, parseDateRange, periodRange, timingRange } from './dates.ts';
import { parseReference } from './extract-reference.ts';

/** Where the rows of one parameter go. */
export interface Sink {
  /** `Type.code`. */
  readonly param: string;
  /** The server's own FHIR base: references below it are local. */
  readonly base?: string;
  readonly rows: IndexRow[];
}

type Json = Readonly<Record<string, unknown>>;
type Emit = (value: never, sink: Sink) => void;
/** Makes the emitter for values of one element. */
export type Converter = (element: ElementDefinition | undefined) => (value: unknown, sink: Sink) => void;

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const list = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];

function token(sink: Sink, system: unknown, code: unknown, param = sink.param): void {
  const known = text(code);
  if (known === undefined) return;
  const space = text(system);
  sink.rows.push({ kind: 'token', param, code: known, ...(space === undefined ? {} : { system: space }) });
}

function string(sink: Sink, ...values: readonly unknown[]): void {
  for (const value of values) {
    const known = text(value);
    if (known !== undefined) sink.rows.push({ kind: 'string', param: sink.param, value: known });
  }
}

function coding(value: Json, sink: Sink): void {
  token(sink, value['system'], value['code']);
}

function codeableConcept(value: Json, sink: Sink): void {
  for (const one of list(value['coding'])) coding(one as Json, sink);
}

/** A bare code has the system of the value set that it is bound to. */
function code(element: ElementDefinition | undefined): (value: unknown, sink: Sink) => void {
  const url = element?.binding?.strength === 'required' ? element.binding.valueSet : undefined;
  const systems = url === undefined ? [] : [...(codesOf(url)?.keys() ?? [])];
  if (systems.length > 1) return (value, sink) => token(sink, systemOfCode(url as string, String(value)), value);
  return (value, sink) => token(sink, systems[0], value);
}

/** Every part, and the whole as people write it, so that `name=Anna Mar` finds Anna Marie. */
function humanName(value: Json, sink: Sink): void {
  const given = list(value['given']);
  const { text: whole, family, prefix, suffix } = value;
  string(sink, family, ...given, ...list(prefix), ...list(suffix));
  const spoken = [...given, family].filter((part) => text(part) !== undefined);
  if (text(whole) !== undefined) string(sink, whole);
  else if (spoken.length > 1) string(sink, spoken.join(' '));
}

function address(value: Json, sink: Sink): void {
  const { text: whole, line, city, district, state, postalCode, country } = value;
  string(sink, ...list(line), city, district, state, postalCode, country, whole);
}

function date(sink: Sink, range: DateRange | undefined): void {
  if (range) sink.rows.push({ kind: 'date', param: sink.param, low: range.low, high: range.high });
}

/** A stored number is exact: the digits that were written are gone after parsing; the searched value has the precision. */
function number(value: unknown, sink: Sink): void {
  if (typeof value === 'number') sink.rows.push({ kind: 'quantity', param: sink.param, low: value, high: value });
}

function range(value: unknown, comparator?: unknown): { low: number; high: number } | undefined {
  if (typeof value !== 'number') return undefined;
  const below = comparator === '<' || comparator === '<=';
  const above = comparator === '>' || comparator === '>=';
  return { low: below ? Number.NEGATIVE_INFINITY : value, high: above ? Number.POSITIVE_INFINITY : value };
}

function pushQuantity(sink: Sink, limits: { low: number; high: number }, unit: Json): void {
  const row = { kind: 'quantity', param: sink.param, ...limits } as const;
  const system = text(unit['system']);
  const known = text(unit['code']);
  const spoken = text(unit['unit']);
  sink.rows.push({
    ...row,
    ...(system === undefined ? {} : { system }),
    ...(known === undefined ? {} : { code: known }),
  });
  // `5.4||mg` asks for the code or the printed unit.
  if (spoken !== undefined && spoken !== known) sink.rows.push({ ...row, code: spoken });
}

function quantity(value: Json, sink: Sink): void {
  const limits = range(value['value'], value['comparator']);
  if (limits) pushQuantity(sink, limits, value);
}

function money(value: Json, sink: Sink): void {
  const limits = range(value['value']);
  if (limits) pushQuantity(sink, limits, { system: 'urn:iso:std:iso:4217', code: value['currency'] });
}

function quantityRange(value: Json, sink: Sink): void {
  const low = value['low'] as Json | undefined;
  const high = value['high'] as Json | undefined;
  const from = range(low?.['value'])?.low ?? Number.NEGATIVE_INFINITY;
  const to = range(high?.['value'])?.high ?? Number.POSITIVE_INFINITY;
  if (low || high) pushQuantity(sink, { low: from, high: to }, (low ?? high) as Json);
}

function url(sink: Sink, value: string): void {
  sink.rows.push({ kind: 'reference', param: sink.param, url: value });
}

/** A canonical is found with and without its version. */
function canonical(value: unknown, sink: Sink): void {
  const whole = text(value);
  if (whole === undefined || whole.startsWith('#')) return;
  url(sink, whole);
  const bar = whole.indexOf('|');
  if (bar > 0) url(sink, whole.slice(0, bar));
}

function literal(reference: string, sink: Sink): void {
  // Contained resources are found by nothing but their container; a conditional reference is replaced before it is stored.
  if (reference.startsWith('#') || reference.includes('?')) return;
  const found = parseReference(reference);
  if (!found || (found.base !== '' && found.base !== sink.base)) {
    url(sink, reference);
    return;
  }
  const { type, id, version } = found;
  const target = { type, id, ...(version === undefined ? {} : { version }) };
  sink.rows.push({ kind: 'reference', param: sink.param, target });
}

function reference(value: Json, sink: Sink): void {
  const known = text(value['reference']);
  if (known !== undefined) literal(known, sink);
  const identifier = value['identifier'] as Json | undefined;
  if (identifier) token(sink, identifier['system'], identifier['value'], `${sink.param}:identifier`);
}

/** A resource held inline (the first entry of a document) counts as a reference to itself. */
function resource(value: Json, sink: Sink): void {
  const type = text(value['resourceType']);
  const id = text(value['id']);
  if (type !== undefined && id !== undefined)
    sink.rows.push({ kind: 'reference', param: sink.param, target: { type, id } });
}

function uri(value: unknown, sink: Sink): void {
  const known = text(value);
  if (known !== undefined) sink.rows.push({ kind: 'uri', param: sink.param, value: known });
}

const plain =
  (emit: Emit): Converter =>
  () =>
    emit as (value: unknown, sink: Sink) => void;
const stringValue = plain((value, sink) => string(sink, value));
const codeValue = plain((value, sink) => token(sink, undefined, String(value)));
const dateValue = plain((value: unknown, sink) =>
  date(sink, typeof value === 'string' ? parseDateRange(value) : undefined),
);

const tables: Readonly<Record<string, Readonly<Record<string, Converter>>>> = {
  token: {
    Identifier: plain((value: Json, sink) => token(sink, value['system'], value['value'])),
    CodeableConcept: plain(codeableConcept),
    Coding: plain(coding),
    ContactPoint: plain((value: Json, sink) => token(sink, value['system'], value['value'])),
    code,
    boolean: codeValue,
    id: codeValue,
    string: codeValue,
    uri: codeValue,
  },
  string: {
    HumanName: plain(humanName),
    Address: plain(address),
    string: stringValue,
    markdown: stringValue,
    code: stringValue,
  },
  date: {
    date: dateValue,
    dateTime: dateValue,
    instant: dateValue,
    Period: plain((value: Json, sink) => date(sink, periodRange(value))),
    Timing: plain((value: Json, sink) => date(sink, timingRange(value))),
  },
  number: { decimal: plain(number), integer: plain(number), positiveInt: plain(number), unsignedInt: plain(number) },
  quantity: {
    Quantity: plain(quantity),
    Age: plain(quantity),
    Duration: plain(quantity),
    Distance: plain(quantity),
    Count: plain(quantity),
    Money: plain(money),
    Range: plain(quantityRange),
  },
  reference: {
    Reference: plain(reference),
    canonical: plain(canonical),
    uri: plain(canonical),
    url: plain(canonical),
    Resource: plain(resource),
  },
  uri: { uri: plain(uri), url: plain(uri), canonical: plain(uri), oid: plain(uri), uuid: plain(uri) },
};

/** How values of `fhirType` are indexed by a parameter of `type`; undefined: not at all. */
export function converter(type: string, fhirType: string): Converter | undefined {
  const table = Object.hasOwn(tables, type) ? tables[type] : undefined;
  return table && Object.hasOwn(table, fhirType) ? table[fhirType] : undefined;
}
