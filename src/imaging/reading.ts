/** What came of looking at one image. */
import type { Finding } from '../inference/finding.ts';
import type { Code } from '../livedoc/terms.ts';
import type { ImageFacts } from './image-facts.ts';
import type { GateWarning } from './quality-gate.ts';

export type NotReadReason = Code<'not-read-reason'>;

export type Reading =
  | { readonly kind: 'read'; readonly finding: Finding; readonly warnings: readonly GateWarning[] }
  | {
      readonly kind: 'not-read';
      readonly reason: NotReadReason;
      /** For the log and the audit trail; the report says the reason's name. */
      readonly detail: string;
      readonly warnings: readonly GateWarning[];
    }
  /** An object of DICOM that is no image (a report, a presentation state): filed, and that is all. */
  | { readonly kind: 'no-image' };

export interface LookedAt {
  /** Absent when not even the header could be understood. */
  readonly facts?: ImageFacts;
  readonly reading: Reading;
  /** What was wrong with the file and could be repaired or left out; for the audit trail. */
  readonly notes?: readonly string[];
  /** Version of the grayscale transformation, and by what the greys were chosen. */
  readonly rendering?: string;
}
