/** Multipart bodies. https://www.rfc-editor.org/rfc/rfc2046#section-5.1 */
import { describe, expect, it } from 'vitest';
import { parseMediaType } from '../../../../src/http/dicomweb/media-type.ts';
import { multipart } from '../../../../src/http/dicomweb/multipart.ts';

async function* cut(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function parse(body: string | Buffer, { boundary = 'b', size = 1e9 } = {}) {
  const parts: { headers: Record<string, string>; body: string }[] = [];
  for await (const part of multipart(cut(Buffer.from(body), size), boundary)) {
    const chunks: Buffer[] = [];
    for await (const chunk of part.body) chunks.push(chunk);
    parts.push({ headers: Object.fromEntries(part.headers), body: Buffer.concat(chunks).toString('latin1') });
  }
  return parts;
}

const two =
  '--b\r\nContent-Type: application/dicom\r\n\r\nfirst\r\n--b\r\nContent-Type: a/b\r\nX: 1\r\n\r\n\r\n--bsecond';
const body = two.replace('--bsecond', '-b\r\n--bb\r\n-second\r\n--b--\r\nepilogue').replace('\r\n--bb', '\r\n-bb');
const expected = [
  { headers: { 'content-type': 'application/dicom' }, body: 'first' },
  { headers: { 'content-type': 'a/b', x: '1' }, body: '\r\n-b\r\n-bb\r\n-second' },
];

describe('a multipart body', () => {
  it.each([1, 2, 3, 5, 16, 1000])('has the same parts when it comes in pieces of %i', async (size) => {
    expect(await parse(body, { size })).toEqual(expected);
    expect(await parse(`preamble\r\n${body}`, { size })).toEqual(expected);
  });

  it('may have parts that are empty, or without headers, or no part', async () => {
    expect(await parse('--b\r\n\r\n\r\n--b\r\n\r\nx\r\n--b--')).toEqual([
      { headers: {}, body: '' },
      { headers: {}, body: 'x' },
    ]);
    expect(await parse('--b--')).toEqual([]);
  });

  it('may have padding behind a boundary, folded headers, and any boundary', async () => {
    expect(await parse('--b \t\r\nA: 1\r\n 2\r\n\r\nx\r\n--b--')).toEqual([{ headers: { a: '1\r\n 2' }, body: 'x' }]);
    const boundary = "=_a'b(c) d/e:f?g+1";
    expect(await parse(`--${boundary}\r\n\r\nx\r\n--${boundary}--`, { boundary })).toEqual([
      { headers: {}, body: 'x' },
    ]);
  });

  it('skips parts that nobody reads, wholly or to the end', async () => {
    const seen: string[] = [];
    for await (const part of multipart(cut(Buffer.from(body), 3), 'b')) {
      seen.push(part.headers.get('content-type') ?? '');
      if (seen.length === 1) for await (const _ of part.body) break;
    }
    expect(seen).toEqual(['application/dicom', 'a/b']);
  });

  it.each([
    ['without an end', '--b\r\n\r\nx', 'ends before its last boundary'],
    ['with another boundary', '--c\r\n\r\nx\r\n--c--', 'ends before its last boundary'],
    ['that ends behind a boundary', '--b\r\n\r\nx\r\n--b', 'ends before its last boundary'],
    ['with words behind a boundary', '--bx\r\n\r\nx\r\n--b--', 'something after a boundary'],
    ['with a header without name', '--b\r\nnonsense\r\n\r\nx\r\n--b--', 'no name'],
    ['with endless headers', `--b\r\n${'A: 1\r\n'.repeat(4000)}`, 'too long'],
  ])('%s is refused', async (_, text, message) => {
    await expect(parse(text, { size: 7 })).rejects.toThrow(message);
  });
});

describe('a media type', () => {
  it.each([
    ['multipart/related; type="application/dicom"; boundary=abc', 'abc'],
    ['Multipart/Related;boundary="a b;c";type=application/dicom', 'a b;c'],
    ['multipart/related; type="application/dicom"; BOUNDARY = "q\\"q"', 'q"q'],
    ['multipart/related; type=application/dicom; boundary=----=_Part/1=2; start="<1>"', '----=_Part/1=2'],
  ])('%s', (header, boundary) => {
    const { type, parameters } = parseMediaType(header);
    expect([type, parameters.get('type'), parameters.get('boundary')]).toEqual([
      'multipart/related',
      'application/dicom',
      boundary,
    ]);
  });

  it('may have no parameters, or be missing', () => {
    expect(parseMediaType('application/dicom').type).toBe('application/dicom');
    expect(parseMediaType('').type).toBe('');
  });
});
