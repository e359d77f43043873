/**
 * A-ASSOCIATE-RQ and -AC: fixed fields and variable items.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part08/sect_9.3.2.html
 */
import {
  type AssociateAc,
  type AssociateRq,
  type ContextReply,
  type ContextResult,
  InvalidPdu,
  type ProposedContext,
  type UserInformation,
} from './pdu.ts';

/** Protocol version, reserved, both titles, reserved. */
const fixedLength = 68;

interface Item {
  readonly type: number;
  readonly value: Buffer;
}

/** The items of a field; throws InvalidPdu when one reaches beyond its end. */
function items(field: Buffer): Item[] {
  const found: Item[] = [];
  let at = 0;
  while (at < field.length) {
    if (at + 4 > field.length) throw new InvalidPdu('An item header is cut off.');
    const end = at + 4 + field.readUInt16BE(at + 2);
    if (end > field.length) throw new InvalidPdu('An item is longer than its PDU.');
    found.push({ type: field.readUInt8(at), value: field.subarray(at + 4, end) });
    at = end;
  }
  return found;
}

/** Peers pad titles with spaces and, against the standard, UIDs with NUL. */
function text(value: Buffer): string {
  return value.toString('latin1').replace(/^ +|[\0 ]+$/g, '');
}

function fields(field: Buffer, type: number): string[] {
  return items(field)
    .filter((item) => item.type === type)
    .map((item) => text(item.value));
}

function presentationContext({ value }: Item): ProposedContext {
  if (value.length < 4) throw new InvalidPdu('A presentation context item is cut off.');
  const id = value.readUInt8(0);
  const [abstractSyntax] = fields(value.subarray(4), 0x30);
  if (abstractSyntax === undefined || id % 2 === 0) throw new InvalidPdu(`Presentation context ${id} is invalid.`);
  return { id, abstractSyntax, transferSyntaxes: fields(value.subarray(4), 0x40) };
}

function contextReply({ value }: Item): ContextReply {
  if (value.length < 4) throw new InvalidPdu('A presentation context item is cut off.');
  const result = value.readUInt8(2);
  if (result > 4) throw new InvalidPdu(`Presentation context result ${result} is unknown.`);
  const [transferSyntax = ''] = fields(value.subarray(4), 0x40);
  return { id: value.readUInt8(0), result: result as ContextResult, transferSyntax };
}

/** Asynchronous operations, role selection, extended negotiation and user identity are left out: not answering declines them. */
function userInformation(value: Buffer): UserInformation {
  const sub = items(value);
  const find = (type: number) => sub.find((item) => item.type === type)?.value;
  const maxLength = find(0x51);
  if (maxLength && maxLength.length !== 4) throw new InvalidPdu('The maximum length item has not four octets.');
  const uid = find(0x52);
  const version = find(0x55);
  return {
    maxLength: maxLength?.readUInt32BE(0) ?? 0,
    ...(uid ? { implementationUid: text(uid) } : {}),
    ...(version ? { implementationVersion: text(version) } : {}),
  };
}

/** Parses the body of an A-ASSOCIATE-RQ or -AC; throws InvalidPdu. */
export function decodeAssociate(type: 'A-ASSOCIATE-RQ' | 'A-ASSOCIATE-AC', body: Buffer): AssociateRq | AssociateAc {
  if (body.length < fixedLength) throw new InvalidPdu(`${type} is cut off.`);
  const variable = items(body.subarray(fixedLength));
  const only = (wanted: number) => variable.filter((item) => item.type === wanted);
  const common = {
    protocolVersion: body.readUInt16BE(0),
    called: text(body.subarray(4, 20)),
    calling: text(body.subarray(20, 36)),
    applicationContext: only(0x10).map((item) => text(item.value))[0] ?? '',
    user: userInformation(only(0x50)[0]?.value ?? Buffer.alloc(0)),
  };
  if (type === 'A-ASSOCIATE-AC') return { type, ...common, contexts: only(0x21).map(contextReply) };
  const contexts = only(0x20).map(presentationContext);
  if (new Set(contexts.map((context) => context.id)).size !== contexts.length)
    throw new InvalidPdu('Two presentation contexts have the same id.');
  return { type, ...common, contexts };
}

function item(type: number, ...values: readonly (Buffer | string)[]): Buffer {
  const value = Buffer.concat(values.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
  const header = Buffer.from([type, 0, 0, 0]);
  header.writeUInt16BE(value.length, 2);
  return Buffer.concat([header, value]);
}

function encodeUser(user: UserInformation): Buffer {
  const maxLength = Buffer.alloc(4);
  maxLength.writeUInt32BE(user.maxLength);
  const uid = user.implementationUid === undefined ? [] : [item(0x52, user.implementationUid)];
  const version = user.implementationVersion === undefined ? [] : [item(0x55, user.implementationVersion)];
  return item(0x50, item(0x51, maxLength), ...uid, ...version);
}

/** The body of an A-ASSOCIATE-RQ or -AC. */
export function encodeAssociate(pdu: AssociateRq | AssociateAc): Buffer {
  const fixed = Buffer.alloc(fixedLength);
  fixed.writeUInt16BE(pdu.protocolVersion, 0);
  fixed.write(pdu.called.padEnd(16), 4, 16, 'latin1');
  fixed.write(pdu.calling.padEnd(16), 20, 16, 'latin1');
  const contexts =
    pdu.type === 'A-ASSOCIATE-RQ'
      ? pdu.contexts.map((context) =>
          item(
            0x20,
            Buffer.from([context.id, 0, 0, 0]),
            item(0x30, context.abstractSyntax),
            ...context.transferSyntaxes.map((uid) => item(0x40, uid)),
          ),
        )
      : pdu.contexts.map((context) =>
          item(0x21, Buffer.from([context.id, 0, context.result, 0]), item(0x40, context.transferSyntax)),
        );
  return Buffer.concat([fixed, item(0x10, pdu.applicationContext), ...contexts, encodeUser(pdu.user)]);
}
