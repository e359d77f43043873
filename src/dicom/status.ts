/**
 * Statuses of DIMSE responses and failure reasons of DICOMweb, which share their numbers.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part07/chapter_C.html
 */

/** name: [code, meaning, where it is defined] */
const statuses = {
  success: [0x0000, 'Success', 'PS3.7 C.1.1'],
  outOfResources: [0xa700, 'Refused: out of resources', 'PS3.4 Table B.2-1'],
  mismatch: [0xa900, 'Error: data set does not match SOP class', 'PS3.4 Table B.2-1'],
  otherStudy: [0xa901, 'Error: data set does not match the study', 'PS3.18 Table I.2-2, A9xx'],
  cannotUnderstand: [0xc000, 'Error: cannot understand', 'PS3.4 Table B.2-1'],
  transferSyntaxNotSupported: [0xc122, 'Transfer syntax not supported', 'PS3.18 Table I.2-2'],
  /** A Bxxx is a warning to every peer: the sender may forget its copy, a person has to look at ours. */
  keptApart: [0xb111, 'Warning: other content has this UID; kept apart', 'PS3.7 C.1.2, Bxxx'],
  processingFailure: [0x0110, 'Processing failure', 'PS3.7 C.5.16'],
  duplicateInstance: [0x0111, 'Duplicate SOP instance', 'PS3.7 C.5.8'],
  invalidInstance: [0x0117, 'Invalid SOP instance', 'PS3.7 C.5.11'],
  sopClassNotSupported: [0x0122, 'SOP class not supported', 'PS3.7 C.5.22'],
  unrecognizedOperation: [0x0211, 'Unrecognized operation', 'PS3.7 C.5.23'],
} as const satisfies Record<string, readonly [code: number, meaning: string, source: string]>;

export type StatusName = keyof typeof statuses;

/** How an operation ended, as its response says it. */
export interface Status {
  readonly name: StatusName;
  /** For the peer's log (Error Comment, 64 characters at most). */
  readonly comment?: string;
}

/** The two bytes that travel. */
export function codeOf(name: StatusName): number {
  return statuses[name][0];
}
