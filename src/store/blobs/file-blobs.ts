/**
 * The object store in a folder: `incoming/` has what is on its way in, `sha256/ab/cd/<hex>` what is here for good.
 *
 * Bytes are written once: part file, fsync, a hard link as the final name, fsync of its folder. Whoever comes second with the
 * same bytes finds the name taken, which is the same as success.
 */
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { FhirError } from '../../shared/errors.ts';
import { newId } from '../../shared/id.ts';
import type { Blob, Blobs, BlobWriter } from './blobs.ts';
import { partFile } from './part-file.ts';

interface FileBlobsOptions {
  readonly folder: string;
  /** Free disk space below which nothing is taken, MiB. */
  readonly minFreeMib: number;
}

export interface FileBlobs extends Blobs {
  /** Keys that were held more than `olderThanMilliseconds` ago and never claimed: a crash, or a database that failed. */
  unclaimed(olderThanMilliseconds: number): Promise<readonly Unclaimed[]>;
}

interface Unclaimed {
  readonly key: string;
  /** Forgets that it was held; the blob itself stays. */
  claim(): Promise<void>;
}

const keyPattern = /^sha256\/([0-9a-f]{2})\/([0-9a-f]{2})\/(\1\2[0-9a-f]{60})$/;
const heldPattern = /^([0-9a-f]{64})[.][^.]+[.]held$/;

/** How long a look at the free space holds: a writer takes less than the watermark's margin in that time. */
const freeSpaceMilliseconds = 1000;

function keyOf(sha256: string): string {
  return `sha256/${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${sha256}`;
}

function missing(key: string): FhirError {
  return new FhirError('notFound', `There is no object ${key}.`);
}

function isAbsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** Refuses when the disk is nearly full; looks at most once a second. */
function watermark(folder: string, minFreeMib: number): () => Promise<void> {
  let looked = 0;
  let freeMib = 0;
  return async () => {
    if (Date.now() - looked > freeSpaceMilliseconds) {
      const { bavail, bsize } = await statfs(folder);
      freeMib = (bavail * bsize) / 2 ** 20;
      looked = Date.now();
    }
    if (freeMib < minFreeMib) throw new FhirError('full', `Less than ${minFreeMib} MiB are free for images.`);
  };
}

/** Part files that no process of ours writes any more: their writers name them with the time, and none takes a day. */
async function sweepParts(incoming: string): Promise<void> {
  const dayAgo = Date.now() - 86_400_000;
  for (const name of (await readdir(incoming)).filter((one) => one.endsWith('.part'))) {
    const path = join(incoming, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (mtimeMs < dayAgo) await rm(path, { force: true });
  }
}

/** Opens the store in a folder, made when it is absent; part files that a crash left are deleted. */
export async function fileBlobs({ folder, minFreeMib }: FileBlobsOptions): Promise<FileBlobs> {
  const incoming = join(folder, 'incoming');
  await mkdir(incoming, { recursive: true, mode: 0o700 });
  await sweepParts(incoming);
  const checkSpace = watermark(folder, minFreeMib);

  const pathOf = (key: string): string => {
    if (!keyPattern.test(key)) throw missing(key);
    return join(folder, key);
  };

  const head = async (key: string): Promise<Blob | undefined> => {
    const found = await stat(pathOf(key)).catch((error: unknown) => {
      if (isAbsent(error)) return undefined;
      throw error;
    });
    return found && { key, sha256: key.slice(-64), size: found.size };
  };

  const begin = async (limit: number): Promise<BlobWriter> => {
    await checkSpace();
    return partFile({ folder, incoming, id: newId(), limit, keyOf });
  };

  return {
    open: begin,
    async put(bytes) {
      const writer = await begin(bytes.length);
      try {
        await writer.write(bytes);
        return await writer.commit();
      } catch (error) {
        await writer.abort();
        throw error;
      }
    },
    async get(key, range): Promise<Readable> {
      const file = await open(pathOf(key)).catch((error: unknown) => {
        throw isAbsent(error) ? missing(key) : error;
      });
      return createReadStream('', { fd: file, ...range });
    },
    head,
    async delete(key) {
      await rm(pathOf(key), { force: true });
    },
    async unclaimed(olderThanMilliseconds) {
      const before = Date.now() - olderThanMilliseconds;
      const held = (await readdir(incoming)).filter((name) => heldPattern.test(name));
      const aged = await Promise.all(
        held.map(async (name) => {
          const { ctimeMs } = await stat(join(incoming, name)).catch(() => ({ ctimeMs: Number.POSITIVE_INFINITY }));
          return ctimeMs < before ? [name] : [];
        }),
      );
      return aged.flat().map((name) => ({
        key: keyOf(name.slice(0, 64)),
        claim: () => rm(join(incoming, name), { force: true }),
      }));
    },
  };
}
