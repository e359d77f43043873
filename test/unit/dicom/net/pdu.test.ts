/** PDUs as bytes. https://dicom.nema.org/medical/dicom/current/output/chtml/part08/sect_9.3.html */
import { describe, expect, it } from 'vitest';
import { type AssociateAc, type AssociateRq, InvalidPdu, type Pdu } from '../../../../src/dicom/net/pdu.ts';
import { encodePdu } from '../../../../src/dicom/net/pdu-codec.ts';
import { PduReader } from '../../../../src/dicom/net/pdu-reader.ts';

const bytes = (...parts: readonly string[]) => Buffer.from(parts.join('').replaceAll(' ', ''), 'hex');
const ascii = (text: string) => Buffer.from(text, 'latin1').toString('hex');
const read = (input: Buffer, longest = 65_536): Pdu[] => [...new PduReader(longest).push(input)];
const encode = (pdu: Pdu) => Buffer.concat(encodePdu(pdu));

const verification = '1.2.840.10008.1.1';
const implicit = '1.2.840.10008.1.2';

/** One proposed context, as echoscu sends it. */
const associateRq = bytes(
  '01 00 000000b6 0001 0000',
  ascii('LIVEDOC         ECHOSCU         '),
  '00'.repeat(32),
  '10 00 0015',
  ascii('1.2.840.10008.3.1.1.1'),
  '20 00 002e 01 00 ff 00',
  '30 00 0011',
  ascii(verification),
  '40 00 0011',
  ascii(implicit),
  '50 00 0023 51 00 0004 00004000 52 00 0007',
  ascii('1.2.276'),
  '53 00 0004 0001 0001 55 00 0004',
  ascii('DCMT'),
);

describe('A-ASSOCIATE', () => {
  it('is read from bytes', () => {
    const [pdu] = read(associateRq) as [AssociateRq];
    expect(pdu).toEqual({
      type: 'A-ASSOCIATE-RQ',
      protocolVersion: 1,
      called: 'LIVEDOC',
      calling: 'ECHOSCU',
      applicationContext: '1.2.840.10008.3.1.1.1',
      contexts: [{ id: 1, abstractSyntax: verification, transferSyntaxes: [implicit] }],
      user: { maxLength: 16_384, implementationUid: '1.2.276', implementationVersion: 'DCMT' },
    });
  });

  it('comes back from its own bytes', () => {
    const [rq] = read(associateRq) as [AssociateRq];
    const ac: AssociateAc = {
      ...rq,
      type: 'A-ASSOCIATE-AC',
      contexts: [{ id: 1, result: 0, transferSyntax: implicit }],
    };
    expect(read(encode(rq))).toEqual([rq]);
    expect(read(encode(ac))).toEqual([ac]);
  });

  it('keeps spaces inside a title and drops those around it', () => {
    const [rq] = read(associateRq) as [AssociateRq];
    const [back] = read(encode({ ...rq, calling: '  A B' })) as [AssociateRq];
    expect(back.calling).toBe('A B');
  });

  it.each([
    ['an item longer than the PDU', (pdu: Buffer) => pdu.writeUInt16BE(0xffff, 76)],
    ['an even presentation context id', (pdu: Buffer) => pdu.writeUInt8(2, 103)],
  ])('with %s is invalid', (_, damage) => {
    const damaged = Buffer.from(associateRq);
    damage(damaged);
    expect(() => read(damaged)).toThrow(InvalidPdu);
  });

  it('with the same context id twice is invalid', () => {
    const [rq] = read(associateRq) as [AssociateRq];
    const twice = encode({ ...rq, contexts: [...rq.contexts, ...rq.contexts] });
    expect(() => read(twice)).toThrow('Two presentation contexts have the same id.');
  });
});

describe('the small PDUs', () => {
  it.each<[string, Pdu]>([
    ['03 00 00000004 00 01 01 03', { type: 'A-ASSOCIATE-RJ', result: 1, source: 1, reason: 3 }],
    ['05 00 00000004 00000000', { type: 'A-RELEASE-RQ' }],
    ['06 00 00000004 00000000', { type: 'A-RELEASE-RP' }],
    ['07 00 00000004 00 00 02 06', { type: 'A-ABORT', source: 2, reason: 6 }],
    [
      '04 00 0000000e 00000004 01 03 aabb 00000002 03 00',
      {
        type: 'P-DATA-TF',
        pdvs: [
          { context: 1, command: true, last: true, data: Buffer.from('aabb', 'hex') },
          { context: 3, command: false, last: false, data: Buffer.alloc(0) },
        ],
      },
    ],
  ])('%s', (hex, pdu) => {
    expect(read(bytes(hex))).toEqual([pdu]);
    expect(encode(pdu)).toEqual(bytes(hex));
  });

  it.each([
    ['04 00 00000008 00000008 01 02 aabb', 'longer than its PDU'],
    ['04 00 00000006 00000001 01 02', 'longer than its PDU'],
    ['04 00 00000003 000000', 'cut off'],
    ['05 00 00000005', 'longer than the 4'],
    ['07 00 00000002', 'has four bytes'],
    ['09 00 00000004', 'no PDU of type 9'],
    ['00 00 00000004', 'no PDU of type 0'],
  ])('%s is invalid: %s', (hex, message) => {
    expect(() => read(bytes(hex))).toThrow(message);
  });
});

/** What is sent, and whole values, whatever the pieces they came in. */
function joined(pdus: readonly Pdu[]): unknown[] {
  let value = '';
  return pdus.flatMap((pdu): unknown[] => {
    if (pdu.type !== 'P-DATA-TF') return [pdu];
    return pdu.pdvs.flatMap(({ context, data, last }) => {
      value += data.toString('hex');
      if (!last) return [];
      const whole = `${context}: ${value}`;
      value = '';
      return [whole];
    });
  });
}

describe('the reader', () => {
  const values = bytes('04 00 00000012 00000006 01 03 aabbccdd 00000004 05 02 eeff');
  const stream = Buffer.concat([associateRq, values, bytes('05 00 00000004 00000000'), values]);

  it('finds the same PDUs however the stream is cut', () => {
    const [rq] = read(associateRq);
    const whole = [rq, '1: aabbccdd', '5: eeff', { type: 'A-RELEASE-RQ' }, '1: aabbccdd', '5: eeff'];
    expect(joined(read(stream))).toEqual(whole);
    for (const size of [1, 2, 3, 5, 7, 64]) {
      const reader = new PduReader(65_536);
      const found: Pdu[] = [];
      for (let at = 0; at < stream.length; at += size) found.push(...reader.push(stream.subarray(at, at + size)));
      expect(joined(found)).toEqual(whole);
      expect([reader.partial, reader.ended]).toEqual([false, 4]);
    }
  });

  it('hands on the data of a PDU that is only half there, as views of what came', () => {
    const reader = new PduReader(65_536);
    const chunk = values.subarray(0, 14);
    const [pdu] = [...reader.push(chunk)];
    expect(pdu).toMatchObject({ pdvs: [{ last: false, data: bytes('aabb') }] });
    expect(pdu?.type === 'P-DATA-TF' && pdu.pdvs[0]?.data.buffer).toBe(chunk.buffer);
    expect(reader.partial).toBe(true);
  });

  it.each([
    ['P-DATA-TF', '04 00 ffffffff'],
    ['A-ASSOCIATE-RQ', '01 00 ffffffff'],
    ['A-ASSOCIATE-AC', '02 00 00010001'],
  ])('refuses a %s that claims too much by its first six bytes', (_, header) => {
    expect(() => read(bytes(header))).toThrow('longer than');
  });

  it('knows when a PDU is only half there', () => {
    const reader = new PduReader(65_536);
    expect([...reader.push(bytes('05 00 000000'))]).toEqual([]);
    expect(reader.partial).toBe(true);
  });
});
