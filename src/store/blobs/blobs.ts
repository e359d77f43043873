/** The object store: immutable, content-addressed bytes (images and what is derived from them). */
import type { Readable } from 'node:stream';

export interface Blob {
  /** `sha256/ab/cd/<hex>`: the same bytes always have the same key. */
  readonly key: string;
  readonly sha256: string;
  readonly size: number;
}

/** Bytes on their way in. Nothing can be read before `commit`; a crash or `abort` leaves nothing but a sweepable part file. */
export interface BlobWriter {
  /** Appends; resolves when more may be written (backpressure). */
  write(chunk: Uint8Array): Promise<void>;
  /** fsync of file and folder, then the final name. */
  commit(): Promise<Blob>;
  /**
   * Like `commit` for bytes that a database row is about to name: until `claim` says that it does, a note of them stays, and
   * a sweep deletes what was never claimed and no row names.
   */
  hold(): Promise<Blob>;
  claim(): Promise<void>;
  abort(): Promise<void>;
}

export interface Blobs {
  /** Begins a write of at most `limit` bytes; more fails with FhirError `tooLarge`. Disk below its watermark fails with `full`. */
  open(limit: number): Promise<BlobWriter>;
  put(bytes: Uint8Array): Promise<Blob>;
  /** The bytes, or those of [start, end]; FhirError `notFound` when absent. */
  get(key: string, range?: { readonly start: number; readonly end: number }): Promise<Readable>;
  head(key: string): Promise<Blob | undefined>;
  delete(key: string): Promise<void>;
}
