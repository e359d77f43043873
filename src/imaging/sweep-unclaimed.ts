/** Deletes blobs whose instance was never filed: the process ended, or the database failed, between bytes and row. */
import type { Logger } from '../shared/logger.ts';
import type { FileBlobs } from '../store/blobs/file-blobs.ts';
import { namedBlobs } from '../store/dicom/named-blobs.ts';
import type { Store } from '../store/store.ts';

/** Long after any transaction that might still name the blob has ended. */
const hour = 3_600_000;

/** To be run before anything is received: a sender that repeats what is being swept would otherwise lose its copy. */
export async function sweepUnclaimed(
  { store, blobs, log }: { readonly store: Store; readonly blobs: FileBlobs; readonly log: Logger },
  olderThanMilliseconds: number = hour,
): Promise<void> {
  const held = await blobs.unclaimed(olderThanMilliseconds);
  const named = await namedBlobs(
    store.db,
    held.map(({ key }) => key),
  );
  for (const { key, claim } of held) {
    if (!named.has(key)) {
      await blobs.delete(key);
      log.info('Blob without an instance deleted', { key });
    }
    await claim();
  }
}
