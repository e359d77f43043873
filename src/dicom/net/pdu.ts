/**
 * Protocol data units of the DICOM upper layer: what they hold, and their numbers.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part08/sect_9.3.html
 */

/** Name and type octet of each PDU. */
export const pduTypes = {
  'A-ASSOCIATE-RQ': 1,
  'A-ASSOCIATE-AC': 2,
  'A-ASSOCIATE-RJ': 3,
  'P-DATA-TF': 4,
  'A-RELEASE-RQ': 5,
  'A-RELEASE-RP': 6,
  'A-ABORT': 7,
} as const;

/** https://dicom.nema.org/medical/dicom/current/output/chtml/part07/sect_A.2.html */
export const applicationContext = '1.2.840.10008.3.1.1.1';

/** Type octet, reserved octet, four octets of length. */
export const pduHeaderLength = 6;

/** Length, presentation context id and message control header of one presentation data value. */
export const pdvHeaderLength = 6;

export interface UserInformation {
  /** Longest P-DATA-TF that the sender of this item takes, without its header; 0 is no limit. */
  readonly maxLength: number;
  readonly implementationUid?: string;
  readonly implementationVersion?: string;
}

export interface ProposedContext {
  /** Odd, 1 to 255. */
  readonly id: number;
  readonly abstractSyntax: string;
  readonly transferSyntaxes: readonly string[];
}

/** 0 acceptance, 1 user rejection, 2 no reason, 3 abstract syntax not supported, 4 transfer syntaxes not supported. */
export type ContextResult = 0 | 1 | 2 | 3 | 4;

export interface ContextReply {
  readonly id: number;
  readonly result: ContextResult;
  /** Significant only when accepted. */
  readonly transferSyntax: string;
}

interface Associate {
  readonly protocolVersion: number;
  readonly called: string;
  readonly calling: string;
  readonly applicationContext: string;
  readonly user: UserInformation;
}
export interface AssociateRq extends Associate {
  readonly type: 'A-ASSOCIATE-RQ';
  readonly contexts: readonly ProposedContext[];
}
export interface AssociateAc extends Associate {
  readonly type: 'A-ASSOCIATE-AC';
  readonly contexts: readonly ContextReply[];
}
export interface AssociateRj {
  readonly type: 'A-ASSOCIATE-RJ';
  readonly result: number;
  readonly source: number;
  readonly reason: number;
}
export interface Pdv {
  readonly context: number;
  readonly command: boolean;
  readonly last: boolean;
  readonly data: Buffer;
}
export interface PData {
  readonly type: 'P-DATA-TF';
  readonly pdvs: readonly Pdv[];
}
interface Release {
  readonly type: 'A-RELEASE-RQ' | 'A-RELEASE-RP';
}
export interface Abort {
  readonly type: 'A-ABORT';
  /** 0 service-user, 2 service-provider. */
  readonly source: number;
  readonly reason: number;
}
export type Pdu = AssociateRq | AssociateAc | AssociateRj | PData | Release | Abort;

/** Why an association is refused: result (1 permanent, 2 transient), source, reason (PS3.8 Table 9-21). */
export const rejections = {
  'no-reason-given': [1, 1, 1],
  'application-context-name-not-supported': [1, 1, 2],
  'calling-ae-title-not-recognized': [1, 1, 3],
  'called-ae-title-not-recognized': [1, 1, 7],
  'protocol-version-not-supported': [1, 2, 2],
  'temporary-congestion': [2, 3, 1],
  'local-limit-exceeded': [2, 3, 2],
} as const satisfies Record<string, readonly [result: number, source: number, reason: number]>;

export type Rejection = keyof typeof rejections;

/** The A-ASSOCIATE-RJ of a rejection. */
export function rejectPdu(rejection: Rejection): AssociateRj {
  const [result, source, reason] = rejections[rejection];
  return { type: 'A-ASSOCIATE-RJ', result, source, reason };
}

/** The words for what a peer's A-ASSOCIATE-RJ says; its numbers when they are not in the table. */
export function rejectionOf({ result, source, reason }: AssociateRj): string {
  const found = Object.entries(rejections).find(([, row]) => row.join() === [result, source, reason].join());
  return found?.[0] ?? `result ${result}, source ${source}, reason ${reason}`;
}

/** Reasons of an A-ABORT by the service-provider (PS3.8 Table 9-26). */
export const abortReasons = {
  'not-specified': 0,
  'unrecognized-pdu': 1,
  'unexpected-pdu': 2,
  'unrecognized-pdu-parameter': 4,
  'unexpected-pdu-parameter': 5,
  'invalid-pdu-parameter-value': 6,
} as const;

/** Bytes that are no PDU, or none that we take: event Evt19, answered by an A-ABORT with this reason. */
export class InvalidPdu extends Error {
  readonly reason: keyof typeof abortReasons;

  constructor(message: string, reason: keyof typeof abortReasons = 'invalid-pdu-parameter-value') {
    super(message);
    this.name = 'InvalidPdu';
    this.reason = reason;
  }
}

/** The A-ABORT of the service-provider. */
export function abortPdu(reason: keyof typeof abortReasons): Abort {
  return { type: 'A-ABORT', source: 2, reason: abortReasons[reason] };
}
