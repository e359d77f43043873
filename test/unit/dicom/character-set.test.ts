/**
 * Specific Character Set; most names are the examples of PS3.5 Annexes H to K.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part03/sect_C.12.html#sect_C.12.1.1.2
 */
import { describe, expect, it } from 'vitest';
import { decodeText, parseCharacterSet } from '../../../src/dicom/character-set.ts';
import { itemsOf } from '../../../src/dicom/data-set.ts';
import { readHeader } from '../../../src/dicom/part10.ts';
import { parsePersonName } from '../../../src/dicom/person-name.ts';
import { readText, string } from '../../../src/dicom/values.ts';
import { writeDataSet } from '../../../src/dicom/write.ts';

const ESC = '\x1b';

/** Bytes by Latin-1 letters. */
function decode(terms: string, latin1: string) {
  return decodeText(Buffer.from(latin1, 'latin1'), parseCharacterSet(terms.split('\\')));
}

describe('one byte a character', () => {
  it.each([
    ['ISO_IR 100', 'Buc^J\xe9r\xf4me', 'Buc^Jérôme'],
    ['ISO_IR 101', 'Wa\xb3\xeasa', 'Wałęsa'],
    ['ISO_IR 109', 'a\xb1', 'aħ'],
    ['ISO_IR 110', '\xbf', 'ŋ'],
    ['ISO_IR 144', '\xbb\xee\xdace\xdc\xd1yp\xd3', 'Люкceмбypг'],
    ['ISO_IR 127', '\xe2\xc8\xc7\xe6\xea^\xe4\xe6\xd2\xc7\xd1', 'قباني^لنزار'],
    ['ISO_IR 126', '\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2', 'Διονυσιος'],
    ['ISO_IR 138', '\xf9\xf8\xe5\xef^\xe3\xe1\xe5\xf8\xe4', 'שרון^דבורה'],
    ['ISO_IR 148', '\xdd\xfe', 'İş'],
    ['ISO_IR 166', '\xa1\xd2', 'กา'],
    ['ISO_IR 203', '\xa4\xbd', '€œ'],
    ['ISO_IR 13', '\xd4\xcf\xc0\xde^\xc0\xdb\xb3', 'ﾔﾏﾀﾞ^ﾀﾛｳ'],
    ['ISO-IR 100', '\xe9', 'é'],
  ])('%s', (terms, bytes, text) => {
    expect(decode(terms, bytes)).toEqual({ text, valid: true });
  });
});

describe('more bytes a character', () => {
  it.each([
    ['ISO_IR 192', Buffer.from('Wang^XiaoDong=王^小東='), 'Wang^XiaoDong=王^小東='],
    ['GB18030', Buffer.from('57616e673dcdf55ed0a1b6ab', 'hex'), 'Wang=王^小东'],
    ['GBK', Buffer.from('cdf55ed0a1b6ab', 'hex'), '王^小东'],
  ])('%s', (terms, bytes, text) => {
    expect(decodeText(bytes, parseCharacterSet([terms]))).toEqual({ text, valid: true });
  });

  it('keeps a second byte 5C as part of its ideograph', () => {
    const bytes = Buffer.from('835c5c41', 'hex');
    expect(decodeText(bytes, parseCharacterSet(['GB18030'])).text.split('\\')).toEqual([
      expect.stringMatching(/^\S$/u),
      'A',
    ]);
  });
});

describe('code extensions', () => {
  it.each([
    [
      '\\ISO 2022 IR 87',
      `Yamada^Tarou=${ESC}$B;3ED${ESC}(B^${ESC}$BB@O:${ESC}(B=${ESC}$B$d$^$@${ESC}(B^${ESC}$B$?$m$&${ESC}(B`,
      'Yamada^Tarou=山田^太郎=やまだ^たろう',
    ],
    [
      'ISO 2022 IR 13\\ISO 2022 IR 87',
      `\xd4\xcf\xc0\xde^\xc0\xdb\xb3=${ESC}$B;3ED${ESC}(J^${ESC}$BB@O:${ESC}(J=${ESC}$B$d$^$@${ESC}(J^${ESC}$B$?$m$&${ESC}(J`,
      'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう',
    ],
    [
      '\\ISO 2022 IR 149',
      `Hong^Gildong=${ESC}$)C\xfb\xf3^${ESC}$)C\xd1\xce\xd4\xd7=${ESC}$)C\xc8\xab^${ESC}$)C\xb1\xe6\xb5\xbf`,
      'Hong^Gildong=洪^吉洞=홍^길동',
    ],
    ['\\ISO 2022 IR 58', `Zhang^XiaoDong=${ESC}$)A\xd5\xc5^${ESC}$)A\xd0\xa1\xb6\xab=`, 'Zhang^XiaoDong=张^小东='],
    ['ISO 2022 IR 6\\ISO 2022 IR 159', `${ESC}$(D0!${ESC}(B^A`, '丂^A'],
    ['ISO 2022 IR 100\\ISO 2022 IR 144', `Andr\xe9=${ESC}-L\xbb\xee\xda`, 'André=Люк'],
  ])('%s', (terms, bytes, text) => {
    expect(decode(terms, bytes)).toEqual({ text, valid: true });
  });

  it('end at the delimiter of values and at the line end', () => {
    expect(decode('\\ISO 2022 IR 144', `${ESC}-L\xbb\\\xbb`)).toEqual({ text: 'Л\\\ufffd', valid: false });
    expect(decode('ISO 2022 IR 100\\ISO 2022 IR 144', `${ESC}-L\xbb\r\n\xe9`).text).toBe('Л\r\né');
  });
});

describe('a wrong character set', () => {
  it.each([
    ['UTF-8 that is none', 'ISO_IR 192', 'J\xe9r\xf4me'],
    ['no set at all', '', 'J\xe9r\xf4me'],
    ['UTF-8 where Latin-1 is said', 'ISO_IR 100', Buffer.from('É').toString('latin1')],
    ['a byte that the set does not have', 'ISO_IR 126', '\xff'],
    ['an escape sequence without code extensions', 'ISO_IR 100', `A${ESC}-L\xbb`],
    ['an unknown escape sequence', '\\ISO 2022 IR 87', `${ESC}%G\xbb`],
    ['half an ideograph', '\\ISO 2022 IR 149', `${ESC}$)C\xfb`],
  ])('is noticed: %s', (_, terms, bytes) => {
    const { text, valid } = decode(terms, bytes);
    expect(valid).toBe(false);
    expect(text).toContain('\ufffd');
  });

  it('does not matter for ASCII', () => {
    expect(decode('ISO_IR 999', 'Dupont^Jean')).toEqual({ text: 'Dupont^Jean', valid: true });
  });

  it('is an error with the name of attribute and set', () => {
    const read = (SpecificCharacterSet: string, id: string) => {
      const bytes = writeDataSet({ SpecificCharacterSet, '00100020': ['LO', Buffer.from(id, 'latin1')] });
      return () => string(readHeader(bytes, { transferSyntax: '1.2.840.10008.1.2.1' }).dataSet, 'PatientID');
    };
    expect(read('ISO_IR 192', 'J\xe9')).toThrow('PatientID (0010,0020) is no text in ISO_IR 192');
    expect(read('ISO_IR 192', 'J\xe9')).toThrow(expect.objectContaining({ code: 'wrong-character-set' }));
    expect(read('LATIN', 'J\xe9')).toThrow(expect.objectContaining({ code: 'unknown-character-set' }));
    expect(read('LATIN', 'Jo')()).toBe('Jo');
  });
});

describe('an item of a sequence', () => {
  it('inherits the character set, or has its own', () => {
    const text = (bytes: string): readonly [string, Buffer] => ['LO', Buffer.from(bytes, 'latin1')];
    const bytes = writeDataSet({
      SpecificCharacterSet: 'ISO_IR 100',
      AnatomicRegionSequence: [
        { '00080104': text('\xe9') },
        { SpecificCharacterSet: 'ISO_IR 144', '00080104': text('\xbb') },
      ],
    });
    const { dataSet } = readHeader(bytes, { transferSyntax: '1.2.840.10008.1.2.1' });
    const meanings = itemsOf(dataSet, 'AnatomicRegionSequence').map((item) => readText(item, 'CodeMeaning').values[0]);
    expect(meanings).toEqual(['é', 'Л']);
  });
});

describe('person names', () => {
  it('have three groups of five components', () => {
    expect(parsePersonName('Yamada^Tarou^^Dr^PhD=山田^太郎=やまだ^たろう')).toEqual({
      alphabetic: { family: 'Yamada', given: 'Tarou', prefix: 'Dr', suffix: 'PhD' },
      ideographic: { family: '山田', given: '太郎' },
      phonetic: { family: 'やまだ', given: 'たろう' },
    });
  });

  it('may be one word, or nothing but delimiters', () => {
    expect(parsePersonName('NGUYEN')).toEqual({ alphabetic: { family: 'NGUYEN' } });
    expect(parsePersonName('^^^^')).toEqual({});
    expect(parsePersonName('=王^小東')).toEqual({ ideographic: { family: '王', given: '小東' } });
  });
});
