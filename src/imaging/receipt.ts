/** How receiving one instance ended, for whoever sent it. */
import { DicomError, type DicomErrorCode } from '../dicom/dicom-error.ts';
import { codeOf, type Status, type StatusName } from '../dicom/status.ts';
import { FhirError, type Kind } from '../shared/errors.ts';

export interface Receipt {
  /** `duplicate`: it was here already. `conflict`: other content has its UID, so it was kept apart. */
  readonly outcome: 'stored' | 'duplicate' | 'conflict' | 'refused';
  /** As C-STORE answers it. */
  readonly status: Status;
  /** What the server lacked, when that is why: `full`, `busy`, `tooLarge`. */
  readonly lack?: Kind;
  readonly sopClass?: string;
  readonly sopInstance?: string;
  readonly study?: string;
  readonly series?: string;
}

/** Thrown while an instance is received; the sender gets the status. */
export class Refusal extends Error {
  readonly status: StatusName;

  constructor(status: StatusName, message: string) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
  }
}

const statusOfCode: Readonly<Partial<Record<DicomErrorCode, StatusName>>> = {
  'too-large': 'outOfResources',
  'unsupported-transfer-syntax': 'transferSyntaxNotSupported',
};

/** The receipt for what went wrong; `undefined` when it is a fault of ours. */
function known(error: unknown): Pick<Receipt, 'status' | 'lack'> | undefined {
  if (error instanceof Refusal) return { status: { name: error.status, comment: error.message } };
  if (error instanceof DicomError)
    return { status: { name: statusOfCode[error.code] ?? 'cannotUnderstand', comment: error.message } };
  if (error instanceof FhirError && error.kind !== 'fault')
    return { status: { name: 'outOfResources', comment: error.message }, lack: error.kind };
  return undefined;
}

/** What could not be filed may be sent again: nothing of it was confirmed, and nothing of it remains. */
export function refused(error: unknown): Receipt & { readonly fault: boolean } {
  const reason = known(error);
  if (reason) return { outcome: 'refused', ...reason, fault: false };
  return { outcome: 'refused', status: { name: 'processingFailure' }, fault: true };
}

/** Failure Reason (0008,1197) of DICOMweb; `undefined` when there is nothing to complain about. */
export function failureReason({ outcome, status }: Receipt): number | undefined {
  if (outcome === 'conflict') return codeOf('duplicateInstance');
  return outcome === 'refused' ? codeOf(status.name) : undefined;
}
