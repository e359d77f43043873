import { describe, expect, it } from 'vitest';
import { parseBody } from '../../../../src/fhir/json/body.ts';

const refused = (bytes: Buffer | string) => {
  try {
    parseBody(Buffer.from(bytes));
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
  return 'accepted';
};

describe('parseBody', () => {
  it('gives the resource and its exact text', () => {
    const text = '{ "resourceType":"Basic", "x":1.10 }';
    expect(parseBody(Buffer.from(text))).toEqual({ resource: { resourceType: 'Basic', x: 1.1 }, text });
  });

  it('refuses what is not UTF-8 and says which byte', () => {
    const bytes = Buffer.concat([Buffer.from('{"resourceType":"é\ufffd'), Buffer.from([0xe9]), Buffer.from('"}')]);
    expect(refused(bytes)).toBe('The body is not UTF-8: byte 22 begins no character.');
    expect(refused(Buffer.from([0xff, 0xfe, 0x7b, 0]))).toBe('The body is not UTF-8: byte 0 begins no character.');
    // A surrogate that was encoded by itself (CESU-8) is no UTF-8 either.
    expect(refused(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]))).toContain('byte 1');
  });

  it('refuses a byte order mark, an empty body and what is no resource', () => {
    expect(refused('\ufeff{}')).toBe('Malformed JSON: a byte order mark at line 1, column 1 (offset 0).');
    expect(refused('')).toContain('The body is empty');
    expect(refused('[]')).toBe('The body is not a JSON object with a resourceType.');
    expect(refused('null')).toBe('The body is not a JSON object with a resourceType.');
    expect(refused('{}')).toBe('The body has no resourceType.');
    expect(refused('{"resourceType":1}')).toBe('The body has no resourceType.');
  });
});
