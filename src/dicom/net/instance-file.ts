/** A DICOM file as something to send: its UIDs, and its data set as a stream. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { DicomError } from '../dicom-error.ts';
import { decodeFileMeta, type FileMeta } from './file-meta.ts';

export interface Instance extends FileMeta {
  /** The data set, without group 2, in `transferSyntax`. */
  readonly bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** Group 2 lies within. */
const headLength = 65_536;

/** Large reads: a data set is sent once from beginning to end. */
const readLength = 262_144;

/** Reads a file's meta information; its data set is read while it is sent. Throws DicomError when it is no DICOM file. */
export async function instanceFile(path: string): Promise<Instance> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headLength), 0, headLength, 0);
    const found = decodeFileMeta(buffer.subarray(0, bytesRead));
    if (!found) throw new DicomError('truncated', `${path} ends within its file meta information.`);
    return { ...found.meta, bytes: createReadStream(path, { start: found.end, highWaterMark: readLength }) };
  } finally {
    await file.close();
  }
}

/** The same of a whole file in memory. */
export function instanceOf(file: Buffer): Instance {
  const found = decodeFileMeta(file);
  if (!found) throw new DicomError('truncated', 'The file ends within its file meta information.');
  return { ...found.meta, bytes: [file.subarray(found.end)] };
}
