/**
 * Bytes to PDU and back.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part08/sect_9.3.html
 */
import { decodeAssociate, encodeAssociate } from './associate-pdu.ts';
import { InvalidPdu, type Pdu, type Pdv, pduHeaderLength, pduTypes, pdvHeaderLength } from './pdu.ts';

/** Parses one PDU, other than a P-DATA-TF, by its type octet and body; throws InvalidPdu. */
export function decodePdu(type: number, body: Buffer): Pdu {
  switch (type) {
    case pduTypes['A-ASSOCIATE-RQ']:
      return decodeAssociate('A-ASSOCIATE-RQ', body);
    case pduTypes['A-ASSOCIATE-AC']:
      return decodeAssociate('A-ASSOCIATE-AC', body);
    case pduTypes['A-ASSOCIATE-RJ']:
      return {
        type: 'A-ASSOCIATE-RJ',
        result: body.readUInt8(1),
        source: body.readUInt8(2),
        reason: body.readUInt8(3),
      };
    case pduTypes['A-RELEASE-RQ']:
      return { type: 'A-RELEASE-RQ' };
    case pduTypes['A-RELEASE-RP']:
      return { type: 'A-RELEASE-RP' };
    case pduTypes['A-ABORT']:
      return { type: 'A-ABORT', source: body.readUInt8(2), reason: body.readUInt8(3) };
    default:
      throw new InvalidPdu(`There is no PDU of type ${type}.`, 'unrecognized-pdu');
  }
}

function pdvHeader({ context, command, last, data }: Pdv): Buffer {
  const header = Buffer.alloc(pdvHeaderLength);
  header.writeUInt32BE(data.length + 2);
  header.writeUInt8(context, 4);
  header.writeUInt8((command ? 1 : 0) | (last ? 2 : 0), 5);
  return header;
}

function encodeBody(pdu: Pdu): Buffer[] {
  switch (pdu.type) {
    case 'A-ASSOCIATE-RQ':
    case 'A-ASSOCIATE-AC':
      return [encodeAssociate(pdu)];
    case 'A-ASSOCIATE-RJ':
      return [Buffer.from([0, pdu.result, pdu.source, pdu.reason])];
    case 'P-DATA-TF':
      return pdu.pdvs.flatMap((pdv) => [pdvHeader(pdv), pdv.data]);
    case 'A-RELEASE-RQ':
    case 'A-RELEASE-RP':
      return [Buffer.alloc(4)];
    case 'A-ABORT':
      return [Buffer.from([0, 0, pdu.source, pdu.reason])];
  }
}

/** The PDU in pieces to be written one after the other: a data set's bytes are not copied. */
export function encodePdu(pdu: Pdu): Buffer[] {
  const body = encodeBody(pdu);
  const header = Buffer.alloc(pduHeaderLength);
  header.writeUInt8(pduTypes[pdu.type]);
  header.writeUInt32BE(
    body.reduce((sum, piece) => sum + piece.length, 0),
    2,
  );
  return [header, ...body];
}
