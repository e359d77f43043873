/**
 * Numbers and quantities as rows of a range in a unit.
 * https://hl7.org/fhir/R4/search.html#quantity
 */
import { type Converters, type Json, plain, type Sink, text } from './extract-sink.ts';

/** A stored number is exact: the digits that were written are gone after parsing; the searched value has the precision. */
function number(value: unknown, sink: Sink): void {
  if (typeof value === 'number') sink.rows.push({ kind: 'quantity', param: sink.param, low: value, high: value });
}

interface Limits {
  readonly low: number;
  readonly high: number;
}

function limitsOf(value: unknown, comparator?: unknown): Limits | undefined {
  if (typeof value !== 'number') return undefined;
  const below = comparator === '<' || comparator === '<=';
  const above = comparator === '>' || comparator === '>=';
  return { low: below ? Number.NEGATIVE_INFINITY : value, high: above ? Number.POSITIVE_INFINITY : value };
}

/** The unit as code and as it is printed, when that is something else: `5.4||mg` asks for either. */
function push(sink: Sink, limits: Limits, unit: Json): void {
  const row = { kind: 'quantity', param: sink.param, ...limits } as const;
  const system = text(unit['system']);
  const code = text(unit['code']);
  const spoken = text(unit['unit']);
  sink.rows.push({ ...row, ...(system === undefined ? {} : { system }), ...(code === undefined ? {} : { code }) });
  if (spoken !== undefined && spoken !== code) sink.rows.push({ ...row, code: spoken });
}

function quantity(value: Json, sink: Sink): void {
  const limits = limitsOf(value['value'], value['comparator']);
  if (limits) push(sink, limits, value);
}

function money(value: Json, sink: Sink): void {
  const limits = limitsOf(value['value']);
  if (limits) push(sink, limits, { system: 'urn:iso:std:iso:4217', code: value['currency'] });
}

function range(value: Json, sink: Sink): void {
  const low = value['low'] as Json | undefined;
  const high = value['high'] as Json | undefined;
  const from = limitsOf(low?.['value'])?.low ?? Number.NEGATIVE_INFINITY;
  const to = limitsOf(high?.['value'])?.high ?? Number.POSITIVE_INFINITY;
  if (from !== Number.NEGATIVE_INFINITY || to !== Number.POSITIVE_INFINITY) {
    push(sink, { low: from, high: to }, (low ?? high) as Json);
  }
}

/** The least and the greatest measured value; `L` and `U` stand for beyond the limits of what the device measures. */
function sampledData({ origin, factor, lowerLimit, upperLimit, data }: Json, sink: Sink): void {
  const unit = (origin ?? {}) as Json;
  const zero = typeof unit['value'] === 'number' ? unit['value'] : undefined;
  if (zero === undefined) return;
  const scale = typeof factor === 'number' ? factor : 1;
  const ends = { L: lowerLimit, U: upperLimit } as Readonly<Record<string, unknown>>;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const sample of (text(data) ?? '').split(' ')) {
    const raw = ends[sample] ?? (sample === '' ? Number.NaN : Number(sample));
    if (typeof raw !== 'number' || Number.isNaN(raw)) continue;
    // https://hl7.org/fhir/R4/datatypes.html#SampledData: the limits are in the units of the data, before the factor.
    const value = zero + raw * scale;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low <= high) push(sink, { low, high }, unit);
}

const numeric = plain(number);

export const numbers: Converters = { decimal: numeric, integer: numeric, positiveInt: numeric, unsignedInt: numeric };

const measured = plain(quantity);

export const quantities: Converters = {
  Quantity: measured,
  SimpleQuantity: measured,
  MoneyQuantity: measured,
  Age: measured,
  Duration: measured,
  Distance: measured,
  Count: measured,
  Money: plain(money),
  Range: plain(range),
  SampledData: plain(sampledData),
  decimal: numeric,
  integer: numeric,
};
