/**
 * What became of each instance, in DICOM JSON, and the HTTP status of them all.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part18/sect_10.5.3.html
 */
import { failureReason, type Receipt } from '../../imaging/receipt.ts';

type Attribute = { readonly vr: string; readonly Value: readonly unknown[] };
type DataSet = Readonly<Record<string, Attribute>>;

const attribute = (vr: string, ...Value: readonly unknown[]): Attribute => ({ vr, Value });

function reference({ sopClass, sopInstance }: Receipt): DataSet {
  return {
    ...(sopClass ? { '00081150': attribute('UI', sopClass) } : {}),
    ...(sopInstance ? { '00081155': attribute('UI', sopInstance) } : {}),
  };
}

/** The response's data set; `base` is the URL of DICOMweb. */
export function storeResponse(receipts: readonly Receipt[], base: string): DataSet {
  const failed = receipts.flatMap((receipt) => {
    const reason = failureReason(receipt);
    return reason === undefined ? [] : [{ ...reference(receipt), '00081197': attribute('US', reason) }];
  });
  const stored = receipts.filter((receipt) => failureReason(receipt) === undefined);
  const referenced = stored.map((receipt) => {
    const { study, series, sopInstance } = receipt;
    const url = `${base}/studies/${study}/series/${series}/instances/${sopInstance}`;
    return { ...reference(receipt), '00081190': attribute('UR', url) };
  });
  const studies = [...new Set(stored.map((receipt) => receipt.study))];
  return {
    ...(studies.length === 1 ? { '00081190': attribute('UR', `${base}/studies/${studies[0]}`) } : {}),
    ...(failed.length > 0 ? { '00081198': attribute('SQ', ...failed) } : {}),
    ...(referenced.length > 0 ? { '00081199': attribute('SQ', ...referenced) } : {}),
  };
}

/** When nothing was stored and all for one reason of ours, that reason; `fault` and `busy` may be tried again. */
const statusOfLack = { full: 507, busy: 503, tooLarge: 413 } as const;

/** 200 all stored, 202 some, 409 none; or what the server lacked when that is why none was. */
export function storeStatus(receipts: readonly Receipt[]): number {
  const failed = receipts.filter((receipt) => failureReason(receipt) !== undefined);
  if (failed.length === 0) return 200;
  if (failed.length < receipts.length) return 202;
  const [lack, ...others] = new Set(failed.map((receipt) => receipt.lack));
  return others.length === 0 && lack !== undefined && lack in statusOfLack
    ? statusOfLack[lack as keyof typeof statusOfLack]
    : 409;
}
