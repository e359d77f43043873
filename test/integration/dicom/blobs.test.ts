/** The object store in a folder: written once, durable before it is named, bounded by the disk. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FileBlobs, fileBlobs } from '../../../src/store/blobs/file-blobs.ts';

let folder: string;
let blobs: FileBlobs;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livedoc-blobs-'));
  blobs = await fileBlobs({ folder, minFreeMib: 0 });
});
afterAll(() => rm(folder, { recursive: true }));

const incoming = () => readdir(join(folder, 'incoming'));
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('a blob', () => {
  it('is found by its SHA-256 with every byte, however it was written', async () => {
    const bytes = randomBytes(3_000_000);
    const writer = await blobs.open(bytes.length);
    for (let at = 0, size = 1; at < bytes.length; at += size, size = (size * 7) % 65_536 || 1)
      await writer.write(bytes.subarray(at, at + size));
    const blob = await writer.commit();
    const hex = sha256(bytes);
    expect(blob).toEqual({
      key: `sha256/${hex.slice(0, 2)}/${hex.slice(2, 4)}/${hex}`,
      sha256: hex,
      size: bytes.length,
    });
    expect((await buffer(await blobs.get(blob.key))).equals(bytes)).toBe(true);
    expect(await buffer(await blobs.get(blob.key, { start: 10, end: 19 }))).toEqual(bytes.subarray(10, 20));
    expect(await blobs.head(blob.key)).toEqual(blob);
    expect(await incoming()).toEqual([]);
  });

  it('is the same blob when it comes again, also at the same time', async () => {
    const bytes = randomBytes(1000);
    const all = await Promise.all([1, 2, 3, 4].map(() => blobs.put(bytes)));
    expect(new Set(all.map(({ key }) => key)).size).toBe(1);
    expect(await buffer(await blobs.get(all[0]?.key ?? ''))).toEqual(bytes);
  });

  it('leaves nothing when it is given up or too large', async () => {
    const writer = await blobs.open(10);
    await writer.write(Buffer.alloc(10));
    await expect(writer.write(Buffer.alloc(1))).rejects.toMatchObject({ kind: 'tooLarge' });
    await writer.abort();
    expect(await incoming()).toEqual([]);
  });

  it('is not found after deletion, nor by a key that is none', async () => {
    const { key } = await blobs.put(Buffer.from('x'));
    await blobs.delete(key);
    for (const missing of [key, '../../etc/passwd', 'sha256/aa/bb/cc']) {
      await expect(blobs.get(missing)).rejects.toMatchObject({ kind: 'notFound' });
    }
    expect(await blobs.head(key)).toBeUndefined();
  });
});

describe('the folder', () => {
  it('takes nothing when the disk is too full', async () => {
    const full = await fileBlobs({ folder, minFreeMib: 1e9 });
    await expect(full.open(1)).rejects.toMatchObject({ kind: 'full' });
  });

  it('is cleaned of old part files when it is opened, and only of old ones', async () => {
    for (const name of ['old.part', 'new.part']) await writeFile(join(folder, 'incoming', name), 'x');
    await utimes(join(folder, 'incoming', 'old.part'), 0, 0);
    await fileBlobs({ folder, minFreeMib: 0 });
    expect(await incoming()).toEqual(['new.part']);
    await rm(join(folder, 'incoming', 'new.part'));
  });

  it('notes what is held until it is claimed', async () => {
    const held = await blobs.open(10);
    await held.write(Buffer.from('held'));
    const { key } = await held.hold();
    expect(await buffer(await blobs.get(key))).toEqual(Buffer.from('held'));
    // A transaction whose end is unknown: the note stays.
    await held.abort();
    expect((await blobs.unclaimed(-1000)).map((one) => one.key)).toEqual([key]);
    expect(await blobs.unclaimed(60_000)).toEqual([]);
    await held.claim();
    expect(await blobs.unclaimed(-1000)).toEqual([]);
    expect(await blobs.head(key)).toBeDefined();
  });
});
