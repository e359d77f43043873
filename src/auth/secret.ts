/**
 * The one secret of an installation, a file of the data directory; everything that must be kept from whoever reads the
 * database alone is sealed or derived with it (docs/decisions/0002-secret-outside-the-database.md).
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

export interface Secret {
  /** 32 bytes for one purpose, the same at each start. */
  derive(purpose: string): Buffer;
  /** Encrypts for storage; `about` (for instance the key id) must be given again to open it. */
  seal(text: string, about: string): Uint8Array;
  /** Throws when it was sealed with another secret, about something else, or changed. */
  open(sealed: Uint8Array, about: string): string;
}

const bytes = 32;
const fileName = 'secret.key';
const ivBytes = 12;
const tagBytes = 16;

/** Written aside and linked, so that the file is there whole or not at all, and the first of two processes wins. */
async function create(folder: string, file: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `${fileName}.${randomBytes(6).toString('hex')}`);
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(`${randomBytes(bytes).toString('base64url')}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft);
  }
}

async function read(file: string): Promise<Buffer | undefined> {
  try {
    const key = Buffer.from((await readFile(file, 'utf8')).trim(), 'base64url');
    if (key.length !== bytes) throw new Error(`${file} does not hold ${bytes} bytes in base64url.`);
    return key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function secretOf(key: Buffer): Secret {
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', key, '', `livedoc ${purpose}`, bytes));
  return {
    derive,
    seal(text, about) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', derive('seal'), iv).setAAD(Buffer.from(about));
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
    },
    open(sealed, about) {
      const decipher = createDecipheriv('aes-256-gcm', derive('seal'), sealed.subarray(0, ivBytes))
        .setAAD(Buffer.from(about))
        .setAuthTag(sealed.subarray(ivBytes, ivBytes + tagBytes));
      return decipher.update(sealed.subarray(ivBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8');
    },
  };
}

/**
 * Reads `secret.key` of the data directory, making it (mode 0600) at the first start. Every server process of an
 * installation needs the same file.
 */
export async function openSecret(dataDir: string): Promise<Secret> {
  const file = join(dataDir, fileName);
  let key = await read(file);
  if (!key) {
    await create(dataDir, file);
    key = await read(file);
  }
  if (!key) throw new Error(`${file} cannot be read after it was made.`);
  await chmod(file, 0o600).catch(() => undefined);
  return secretOf(key);
}

/** HMAC-SHA-256 as base64url, for tokens that only this installation can make. */
export function sign(key: Uint8Array, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}
