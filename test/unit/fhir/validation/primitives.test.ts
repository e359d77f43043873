/** Values of primitive types: https://hl7.org/fhir/R4/datatypes.html#primitive */
import { describe, expect, it } from 'vitest';
import { createValidator } from '../../../../src/fhir/validation/validator.ts';

const validate = createValidator({ profilesFolder: 'fhir-profiles' });

/** Whether an extension may have the value. */
function isValid(type: string, value: unknown): boolean {
  const name = `value${type.charAt(0).toUpperCase()}${type.slice(1)}`;
  return validate({ resourceType: 'Patient', extension: [{ url: 'http://x', [name]: value }] }).length === 0;
}

const valid: Record<string, readonly unknown[]> = {
  boolean: [true, false],
  integer: [0, -1, 2147483647, -2147483648],
  positiveInt: [1, 2147483647],
  unsignedInt: [0, 10000],
  decimal: [3.25, -3.7, 1, 0, 1e-9],
  string: ['text', 'André 3000', 'a\tb\r\nc', ' x ', 'prix\u00a0: 3\u202f€', '🫁', 'a'.repeat(1_048_576)],
  markdown: ['# x\n\n* y'],
  code: ['1234.5', 'two words', 'é'],
  id: ['8472', 'a-b.C', 'a'.repeat(64)],
  uri: ['urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7', 'http://x/y?z#a', '#local'],
  url: ['https://www.hl7.org/fhir/datatypes.html'],
  canonical: ['http://hl7.org/fhir/ValueSet/my-valueset|0.8'],
  oid: ['urn:oid:1.2.3.4.5'],
  uuid: ['urn:uuid:87e11d66-c137-458a-9754-fe6c4e445a6d'],
  base64Binary: ['JVBERi0xLjUNJeLjz9MNCjEwIDAg', 'YQ==', 'YWI=\n', 'YWJj\r\nYWJj'],
  date: ['3000', '1800-02', '1970-01-01', '2020-02-29'],
  dateTime: ['3000', '1800-02', '1970-01-01', '1970-01-01T12:00:00.123Z', '2016-12-31T23:59:60+01:00'],
  instant: ['1970-01-01T12:00:00.123Z', '1970-01-01T12:00:00-05:00'],
  time: ['10:00:00', '23:59:60', '00:00:00.5'],
};

const invalid: Record<string, readonly unknown[]> = {
  boolean: ['true', 'false', '', 0, 1],
  integer: ['text', '', '1', 1.5, 2147483648, -2147483649],
  positiveInt: [-1, 'text', '', '0', 0, '1', 1.5],
  unsignedInt: [-1, 'text', '', '-0', '200', 0.5],
  decimal: ['text', ' 1', '1.0.0', '1', true, Number.POSITIVE_INFINITY, Number.NaN],
  string: [true, 1, '', ' ', '\n\t', 'a\u0000b', 'a\u000bb', 'half \ud83e', 'a'.repeat(1_048_577), {}, []],
  markdown: [true, 1, '', ' '],
  code: [' leading', 'trailing ', 'two  spaces', '', true, 1],
  id: ['a:b', 'a b', 'a'.repeat(65), '', true, 1],
  uri: [true, 1, '', ' ', 'a b'],
  url: [true, 1, ' '],
  canonical: [true, 1, ' '],
  oid: ['1.2.3', 'urn:oid:3.1', 'urn:oid:1.02', true, 1],
  uuid: [17, ' ', '87e11d66-c137-458a-9754-fe6c4e445a6d'],
  base64Binary: ['using&invalid&characters', 'YQ=', 'YWJ', '', true, 1],
  date: ['text', 1, true, '', '0000', '2020-13', '2021-02-29', '2020-1-1', '2020-01-01T00:00:00Z'],
  dateTime: [
    '1970-01-01T12:00:00.123',
    '2014-10-09T14:58Z',
    '2014-10-09T14:58:00',
    '2021-02-29',
    '2014-10-09T25:00:00Z',
    true,
    1,
  ],
  instant: ['3000', '1800-02', '1970-01-01', '1970-01-01T12:00:00.123', '1970-01-01T12:00Z', true, 1],
  time: ['text', '24:00:00', '12:05', '10:00:00Z', true, 1],
};

const cases = (table: Record<string, readonly unknown[]>) =>
  Object.entries(table).flatMap(([type, values]) => values.map((value) => [type, value] as const));
const shortly = ([type, value]: readonly [string, unknown]) =>
  [type, value, JSON.stringify(value)?.slice(0, 40)] as const;

describe('primitive types', () => {
  it.each(cases(valid).map(shortly))('%s takes $2', (type, value) => expect(isValid(type, value)).toBe(true));
  it.each(cases(invalid).map(shortly))('%s refuses $2', (type, value) => expect(isValid(type, value)).toBe(false));
});
