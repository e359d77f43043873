/**
 * The values that each primitive type allows in JSON.
 * https://hl7.org/fhir/R4/datatypes.html#primitive, https://hl7.org/fhir/R4/json.html#primitive
 */
import { parseDateRange } from '../search/dates.ts';
import { xhtmlProblem } from './xhtml.ts';

// Spelt in text, since a linter rightly suspects control characters in a pattern.
const controls = String.raw`\u0000-\u0008\u000b\u000c\u000e-\u001f`;
/** Control characters other than tab, line feed and carriage return, and halves of surrogate pairs. */
const unprintable = new RegExp(String.raw`[${controls}]|\p{Surrogate}`, 'u');
/** https://hl7.org/fhir/R4/datatypes.html#string: 1024 * 1024 characters. */
const longest = 1_048_576;

const isClean = (text: string) => !unprintable.test(text);
const matches = (pattern: RegExp) => (text: string) => pattern.test(text) && isClean(text);
const isUri = matches(/^\S+$/);

function isString(text: string): boolean {
  return text.length <= longest && /\S/.test(text) && isClean(text);
}

function isDate(text: string): boolean {
  return text.length <= 10 && text !== '0000' && parseDateRange(text) !== undefined;
}

/** With a time there are seconds and a zone. */
const zoned = /T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

function isInstant(text: string): boolean {
  return zoned.test(text) && parseDateRange(text) !== undefined;
}

function isBase64(text: string): boolean {
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)) return false;
  const length = /\s/.test(text) ? text.replace(/\s+/g, '').length : text.length;
  return length > 0 && length % 4 === 0;
}

interface Format {
  readonly test: (text: string) => boolean;
  /** Completes `... is not a valid date: `. */
  readonly wanted: string;
}

const text: Format = {
  test: isString,
  wanted: 'text that is not blank, without control characters, of at most 1,048,576 characters',
};
const uri: Format = { test: isUri, wanted: 'a URI without spaces' };

/** The primitives that JSON writes as strings. */
export const formats: Readonly<Record<string, Format>> = {
  string: text,
  markdown: text,
  code: { test: matches(/^\S+(?:\s\S+)*$/), wanted: 'words with single spaces between and none around them' },
  id: { test: matches(/^[A-Za-z0-9\-.]{1,64}$/), wanted: '1 to 64 letters, digits, "-" and "."' },
  uri,
  url: uri,
  canonical: uri,
  oid: {
    test: matches(/^urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+$/),
    wanted: 'urn:oid: and an OID, such as urn:oid:1.2.3',
  },
  uuid: {
    test: matches(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i),
    wanted: 'urn:uuid: and a UUID',
  },
  date: { test: isDate, wanted: 'YYYY, YYYY-MM or YYYY-MM-DD of the calendar' },
  dateTime: {
    test: (value) => (value.length <= 10 ? isDate(value) : isInstant(value)),
    wanted: 'YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a zone (Z or +hh:mm)',
  },
  instant: { test: isInstant, wanted: 'YYYY-MM-DDThh:mm:ss with a zone (Z or +hh:mm)' },
  time: { test: matches(/^(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?$/), wanted: 'hh:mm:ss' },
  base64Binary: { test: isBase64, wanted: 'base64 in groups of four characters' },
  xhtml: { test: (value) => xhtmlProblem(value) === undefined, wanted: 'XHTML' },
};

const integers: Readonly<Record<string, readonly [number, number]>> = {
  integer: [-2_147_483_648, 2_147_483_647],
  unsignedInt: [0, 2_147_483_647],
  positiveInt: [1, 2_147_483_647],
};

/** The JSON Schema of a primitive type's value. */
export function primitiveSchema(type: string): Readonly<Record<string, unknown>> {
  const range = Object.hasOwn(integers, type) ? integers[type] : undefined;
  if (range) return { type: 'integer', minimum: range[0], maximum: range[1] };
  if (type === 'boolean') return { type: 'boolean' };
  if (type === 'decimal') return { type: 'number' };
  return { type: 'string', format: type };
}
