/** What receiving images needs, by DIMSE as by STOW-RS. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from './config.ts';
import type { ReceiveOptions } from './imaging/reception.ts';
import type { Parts } from './open-parts.ts';
import type { Logger } from './shared/logger.ts';
import { type FileBlobs, fileBlobs } from './store/blobs/file-blobs.ts';

const mebibyte = 2 ** 20;

export function objectsFolder({ LIVEDOC_OBJECT_STORE: url, LIVEDOC_DATA_DIR: dataDir }: Config): string {
  if (!url) return resolve(dataDir, 'objects');
  return url.startsWith('file://') ? fileURLToPath(url) : resolve(url.slice('file:'.length));
}

/** Opens the image store. Throws when its folder cannot be used. */
export async function openReceive(
  config: Config,
  { store }: Parts,
  log: Logger,
): Promise<ReceiveOptions & { readonly blobs: FileBlobs }> {
  const blobs = await fileBlobs({ folder: objectsFolder(config), minFreeMib: config.LIVEDOC_MIN_FREE_MIB });
  const maxInstanceBytes = config.LIVEDOC_MAX_INSTANCE_MIB * mebibyte;
  return { store, blobs, log, now: () => new Date(), maxInstanceBytes };
}
