/** One write into the object store's folder: bytes are hashed and written while more arrive, then made durable under their hash. */
import { createHash } from 'node:crypto';
import { type FileHandle, link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FhirError } from '../../shared/errors.ts';
import type { Blob, BlobWriter } from './blobs.ts';

interface PartFileOptions {
  readonly folder: string;
  readonly incoming: string;
  readonly id: string;
  readonly limit: number;
  readonly keyOf: (sha256: string) => string;
}

/** Bytes collected while the disk writes those before: fewer system calls, at most twice as much memory. */
const flushBytes = 524_288;
/** Tiny chunks weigh more than their bytes. */
const flushChunks = 256;

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  await handle.sync().finally(() => handle.close());
}

/** Makes the folder; one that is new is durable only when those above it are. */
async function makeFolder(folder: string, root: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = folder; made !== root && made.length >= first.length; made = dirname(made)) {
    await syncFolder(dirname(made));
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** A name that is taken has the same bytes. */
async function linkTo(from: string, to: string): Promise<void> {
  await link(from, to).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
  });
}

/** The folder of a name is nearly always there. */
async function linkInto(root: string, from: string, to: string): Promise<void> {
  await linkTo(from, to).catch(async (error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
    await makeFolder(dirname(to), root);
    await linkTo(from, to);
  });
}

class PartFile implements BlobWriter {
  readonly #options: PartFileOptions;
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');
  #size = 0;
  #collected: Uint8Array[] = [];
  #collectedBytes = 0;
  /** The write under way. */
  #writing: Promise<void> = Promise.resolve();
  #idle = true;
  #failure: unknown;
  #path: string;
  #held = false;

  constructor(options: PartFileOptions, file: FileHandle, path: string) {
    this.#options = options;
    this.#file = file;
    this.#path = path;
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#failure) throw this.#failure;
    this.#size += chunk.length;
    if (this.#size > this.#options.limit)
      throw new FhirError('tooLarge', `An object may have ${this.#options.limit} bytes.`);
    this.#hash.update(chunk);
    this.#collected.push(chunk);
    this.#collectedBytes += chunk.length;
    if (this.#collectedBytes < flushBytes && this.#collected.length < flushChunks) return;
    if (!this.#idle) await this.#writing;
    this.#flush();
  }

  async commit(): Promise<Blob> {
    const blob = await this.#makeDurable(undefined);
    await this.claim();
    return blob;
  }

  hold(): Promise<Blob> {
    return this.#makeDurable((sha256) => join(this.#options.incoming, `${sha256}.${this.#options.id}.held`));
  }

  async claim(): Promise<void> {
    await rm(this.#path, { force: true });
  }

  async abort(): Promise<void> {
    await this.#writing.catch(() => undefined);
    await this.#file.close().catch(() => undefined);
    // Whether a row names the held blob is not known here (a commit may have been lost on its way back): the sweep asks.
    if (!this.#held) await rm(this.#path, { force: true });
  }

  /** Begins to write what is collected; a failure is told by the next call. */
  #flush(): void {
    const chunks = this.#collected;
    this.#collected = [];
    this.#collectedBytes = 0;
    this.#idle = false;
    this.#writing = this.#writeAll(chunks).then(
      () => {
        this.#idle = true;
      },
      (error: unknown) => {
        this.#failure = storageError(error);
        this.#idle = true;
      },
    );
  }

  async #writeAll(chunks: Uint8Array[]): Promise<void> {
    const expected = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const { bytesWritten } = await this.#file.writev(chunks);
    if (bytesWritten === expected) return;
    // A short write is how a full disk begins; the second try says so.
    const rest = Buffer.concat(chunks).subarray(bytesWritten);
    for (let at = 0; at < rest.length; ) at += (await this.#file.write(rest, at)).bytesWritten;
  }

  async #makeDurable(heldPath: ((sha256: string) => string) | undefined): Promise<Blob> {
    const { folder, keyOf } = this.#options;
    await this.#writing;
    this.#flush();
    await this.#writing;
    if (this.#failure) throw this.#failure;
    await this.#file.sync().catch((error: unknown) => {
      throw storageError(error);
    });
    await this.#file.close();
    const sha256 = this.#hash.digest('hex');
    const key = keyOf(sha256);
    const path = join(folder, key);
    if (heldPath) {
      const held = heldPath(sha256);
      await rename(this.#path, held);
      this.#path = held;
      this.#held = true;
    }
    await linkInto(folder, this.#path, path);
    await syncFolder(dirname(path));
    return { key, sha256, size: this.#size };
  }
}

/** A full disk is the caller's to know; anything else is a fault. */
function storageError(error: unknown): unknown {
  const isFull = ['ENOSPC', 'EDQUOT'].includes(codeOf(error) ?? '');
  return isFull ? new FhirError('full', 'The disk of the images is full.', { cause: error }) : error;
}

/** Begins a part file. */
export async function partFile(options: PartFileOptions): Promise<BlobWriter> {
  const path = join(options.incoming, `${options.id}.part`);
  return new PartFile(options, await open(path, 'wx', 0o600), path);
}
