/**
 * The job that turns a received instance into a report. Runs at least once: whatever is written has ids that follow from
 * image, model and threshold, and is written together with the instance's new state.
 */
import { type DicomInstance, findInstance } from '../store/dicom/instance.ts';
import { markTry } from '../store/dicom/mark-read.ts';
import type { JobHandler } from '../store/jobs/job.ts';
import { type FilingDeps, fileReading } from './file-reading.ts';
import type { ImageFacts } from './image-facts.ts';
import { type Reader, ReaderCrash } from './reader.ts';
import type { LookedAt } from './reading.ts';

export interface ReadInstanceDeps extends FilingDeps {
  readonly reader: Pick<Reader, 'read' | 'model'>;
}

/** An image that has taken the reading process with it this often is given up: it is not read, and says so. */
const MOST_CRASHES = 3;

/** Handles `{ instance: SOP Instance UID }`. A rejection is a fault that may pass: the queue tries again. */
export function readInstance(deps: ReadInstanceDeps): JobHandler {
  return async (payload) => {
    const { store } = deps.context;
    const instance = await findInstance(store.db, String(payload['instance']));
    if (!instance || isDone(instance)) return;
    const looked = await look(deps, instance);
    await fileReading(deps, instance, { ...looked, facts: looked.facts ?? factsOf(instance) });
  };
}

const isDone = ({ state, report }: DicomInstance) =>
  state === 'read' || state === 'rejected' || (state === 'failed' && report !== null);

async function look({ reader, context }: ReadInstanceDeps, instance: DicomInstance): Promise<LookedAt> {
  try {
    return await reader.read(instance.blobKey);
  } catch (error) {
    if (!(error instanceof ReaderCrash)) throw error;
    await markTry(context.store.db, instance.sopInstance, error.reason);
    if (instance.tries + 1 < MOST_CRASHES) throw error;
    const reading = { kind: 'not-read', reason: error.reason, detail: error.message, warnings: [] } as const;
    return { reading, ...(error.facts && { facts: error.facts }) };
  }
}

/** What the index knows of an instance whose header cannot be understood any more. */
function factsOf({ study, series, sopInstance, sopClass, modality }: DicomInstance): ImageFacts {
  return { study, series, instance: sopInstance, sopClass, modality: modality ?? 'OT', patient: {} };
}
