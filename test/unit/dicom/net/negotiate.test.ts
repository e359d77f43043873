/** Presentation contexts. https://dicom.nema.org/medical/dicom/current/output/chtml/part08/sect_9.3.3.2.html */
import { describe, expect, it } from 'vitest';
import { agreed, negotiate } from '../../../../src/dicom/net/negotiate.ts';
import { type Rejection, rejectionOf, rejections, rejectPdu } from '../../../../src/dicom/net/pdu.ts';
import { storageClasses, transferSyntaxes, verification } from '../../../../src/dicom/net/storage-classes.ts';

const implicit = '1.2.840.10008.1.2';
const explicit = '1.2.840.10008.1.2.1';
const mpeg2 = '1.2.840.10008.1.2.4.100';
const ct = '1.2.840.10008.5.1.4.1.1.2';
const [cr = ''] = storageClasses;

describe('negotiation', () => {
  it('takes the most preferred of the proposed transfer syntaxes', () => {
    const proposed = [{ id: 1, abstractSyntax: cr, transferSyntaxes: [implicit, explicit] }];
    expect(negotiate(proposed)).toEqual([{ id: 1, result: 0, transferSyntax: explicit }]);
  });

  it('takes a compressed one alone', () => {
    for (const uid of transferSyntaxes) {
      const proposed = [{ id: 3, abstractSyntax: cr, transferSyntaxes: [uid] }];
      expect(negotiate(proposed)).toEqual([{ id: 3, result: 0, transferSyntax: uid }]);
    }
  });

  it('refuses each context on its own: 3 for CT, 4 for MPEG-2', () => {
    const proposed = [
      { id: 1, abstractSyntax: verification, transferSyntaxes: [implicit] },
      { id: 3, abstractSyntax: ct, transferSyntaxes: [implicit] },
      { id: 5, abstractSyntax: cr, transferSyntaxes: [mpeg2] },
    ];
    const replies = negotiate(proposed);
    expect(replies.map(({ id, result }) => [id, result])).toEqual([
      [1, 0],
      [3, 3],
      [5, 4],
    ]);
    expect([...agreed(proposed, replies).values()]).toEqual([
      { id: 1, abstractSyntax: verification, transferSyntax: implicit },
    ]);
  });
});

describe('rejections', () => {
  it.each(Object.keys(rejections) as Rejection[])('%s is understood by a peer of ours', (rejection) => {
    expect(rejectionOf(rejectPdu(rejection))).toBe(rejection);
  });

  it('an unknown one is told in numbers', () => {
    expect(rejectionOf({ type: 'A-ASSOCIATE-RJ', result: 1, source: 2, reason: 1 })).toBe(
      'result 1, source 2, reason 1',
    );
  });
});
