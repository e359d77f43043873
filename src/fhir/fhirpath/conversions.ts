/**
 * The conversions of FHIRPath: each toX() has its convertsToX().
 * https://hl7.org/fhirpath/N1/#conversion
 */
import { bool, type Collection, isObject, none } from './collection.ts';
import { asQuantity, inUnit, parseQuantity, quantityText } from './quantity.ts';
import { isQuantity, isTemporal, plain, quantity, systemType, temporal } from './system.ts';
import { parseTemporal } from './temporal.ts';

type Convert = (item: unknown, argument?: unknown) => unknown;

const trues = new Set(['true', 't', 'yes', 'y', '1', '1.0']);
const falses = new Set(['false', 'f', 'no', 'n', '0', '0.0']);

function toBoolean(item: unknown): boolean | undefined {
  if (typeof item === 'boolean') return item;
  if (typeof item !== 'string' && typeof item !== 'number') return undefined;
  const text = String(item).toLowerCase();
  return trues.has(text) ? true : falses.has(text) ? false : undefined;
}

function toInteger(item: unknown): number | undefined {
  if (typeof item === 'boolean') return item ? 1 : 0;
  if (typeof item === 'number') return Number.isInteger(item) ? item : undefined;
  return typeof item === 'string' && /^[+-]?\d+$/.test(item) ? Number(item) : undefined;
}

function toDecimal(item: unknown): number | undefined {
  if (typeof item === 'boolean') return item ? 1 : 0;
  if (typeof item === 'number') return item;
  return typeof item === 'string' && /^[+-]?\d+(?:\.\d+)?$/.test(item) ? Number(item) : undefined;
}

function toText(item: unknown): string | undefined {
  if (isTemporal(item)) return item.text;
  if (isQuantity(item)) return quantityText(item);
  const measure = isObject(item) ? asQuantity(item) : undefined;
  if (measure) return quantityText(measure);
  return isObject(item) ? undefined : String(item);
}

/** The text of what may be a date or time. */
function dateText(item: unknown): string | undefined {
  const text = isTemporal(item) ? item.text : item;
  const found = typeof text === 'string' ? parseTemporal(text) : undefined;
  return found?.text;
}

function toDate(item: unknown): unknown {
  const text = dateText(item);
  return text === undefined || systemType(parseTemporal(text)) === 'Time'
    ? undefined
    : temporal('Date', text.split('T')[0] ?? '');
}

function toDateTime(item: unknown): unknown {
  const text = dateText(item);
  if (text === undefined || systemType(parseTemporal(text)) === 'Time') return undefined;
  return temporal('DateTime', text);
}

function toTime(item: unknown): unknown {
  const text = dateText(typeof item === 'string' ? item.replace(/^T/, '') : item);
  return text !== undefined && systemType(parseTemporal(text)) === 'Time' ? temporal('Time', text) : undefined;
}

function toQuantity(item: unknown, unit?: unknown): unknown {
  const found =
    typeof item === 'boolean'
      ? quantity(item ? 1 : 0, '1')
      : typeof item === 'string'
        ? parseQuantity(item)
        : asQuantity(item);
  return found && typeof unit === 'string' ? inUnit(found, unit) : found;
}

const converts: Readonly<Record<string, Convert>> = {
  Boolean: toBoolean,
  Integer: toInteger,
  Decimal: toDecimal,
  String: toText,
  Date: toDate,
  DateTime: toDateTime,
  Time: toTime,
  Quantity: toQuantity,
};

type PlainFunction = (input: Collection, ...args: readonly Collection[]) => Collection;

function pair([type, convert]: readonly [string, Convert]): readonly (readonly [string, PlainFunction])[] {
  const of = (input: Collection, argument: Collection | undefined) =>
    input.length === 1 ? convert(plain(input[0]), plain(argument?.[0])) : undefined;
  return [
    [
      `to${type}`,
      (input, argument) => {
        const value = of(input, argument);
        return value === undefined ? none : [value];
      },
    ],
    [`convertsTo${type}`, (input, argument) => (input.length === 0 ? none : bool(of(input, argument) !== undefined))],
  ];
}

export const conversions: Readonly<Record<string, PlainFunction>> = Object.fromEntries(
  Object.entries(converts).flatMap(pair),
);
