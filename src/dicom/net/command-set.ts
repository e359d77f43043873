/**
 * The command set of a DIMSE message: group 0000, always Implicit VR Little Endian.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part07/chapter_E.html
 */
import { InvalidPdu } from './pdu.ts';

/** Command Field values (PS3.7 Table E.1-1); a response is its request with bit 15. */
export const commandFields = { 'C-STORE-RQ': 0x0001, 'C-ECHO-RQ': 0x0030, 'C-CANCEL-RQ': 0x0fff } as const;
export const responseBit = 0x8000;

/** Command Data Set Type: this one is "none", every other value is "a data set follows". */
const noDataSet = 0x0101;

export interface Command {
  readonly field: number;
  readonly messageId?: number;
  readonly respondedTo?: number;
  readonly sopClass?: string;
  readonly sopInstance?: string;
  readonly hasData: boolean;
  readonly status?: number;
  /** Error Comment, at most 64 characters. */
  readonly comment?: string;
  readonly priority?: number;
}

const elements = {
  sopClass: 0x0002,
  field: 0x0100,
  messageId: 0x0110,
  respondedTo: 0x0120,
  priority: 0x0700,
  dataSetType: 0x0800,
  status: 0x0900,
  comment: 0x0902,
  sopInstance: 0x1000,
} as const;

function element(number: number, value: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16LE(number, 2);
  header.writeUInt32LE(value.length, 4);
  return Buffer.concat([header, value]);
}

function encodeValue(value: number | string, padding: string): Buffer {
  if (typeof value === 'string') return Buffer.from(value.length % 2 ? value + padding : value, 'latin1');
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

/** The bytes of a command set, group length included. */
export function encodeCommand(command: Command): Buffer {
  const values: Readonly<Record<keyof typeof elements, number | string | undefined>> = {
    ...command,
    sopClass: command.sopClass,
    messageId: command.messageId,
    respondedTo: command.respondedTo,
    priority: command.priority,
    dataSetType: command.hasData ? 0x0001 : noDataSet,
    status: command.status,
    comment: command.comment?.slice(0, 64),
    sopInstance: command.sopInstance,
  };
  const encoded = Object.entries(elements).flatMap(([name, number]) => {
    const value = values[name as keyof typeof elements];
    return value === undefined ? [] : [element(number, encodeValue(value, name === 'comment' ? ' ' : '\0'))];
  });
  const body = Buffer.concat(encoded);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([element(0x0000, length), body]);
}

function decodeElements(bytes: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  let at = 0;
  while (at < bytes.length) {
    if (at + 8 > bytes.length) throw new InvalidPdu('The command set is cut off.');
    const end = at + 8 + bytes.readUInt32LE(at + 4);
    if (bytes.readUInt16LE(at) !== 0 || end > bytes.length) throw new InvalidPdu('The command set is malformed.');
    found.set(bytes.readUInt16LE(at + 2), bytes.subarray(at + 8, end));
    at = end;
  }
  return found;
}

/** Parses a whole command set; throws InvalidPdu. */
export function decodeCommand(bytes: Buffer): Command {
  const found = decodeElements(bytes);
  const number = (name: keyof typeof elements) => {
    const value = found.get(elements[name]);
    return value && value.length >= 2 ? value.readUInt16LE(0) : undefined;
  };
  const text = (name: keyof typeof elements) =>
    found
      .get(elements[name])
      ?.toString('latin1')
      .replace(/^ +|[\0 ]+$/g, '');
  const field = number('field');
  if (field === undefined) throw new InvalidPdu('The command set has no command field.');
  const parts = {
    messageId: number('messageId'),
    respondedTo: number('respondedTo'),
    sopClass: text('sopClass'),
    sopInstance: text('sopInstance'),
    status: number('status'),
    comment: text('comment'),
  };
  const present = Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
  return { ...present, field, hasData: (number('dataSetType') ?? noDataSet) !== noDataSet };
}
