import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSecret } from '../../../src/auth/secret.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livedoc-secret-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('the secret', () => {
  it('is made once, also by eight starts at the same time, for its owner alone', async () => {
    const data = join(folder, 'new', 'deep');
    const secrets = await Promise.all(Array.from({ length: 8 }, () => openSecret(data)));
    const derived = new Set(secrets.map((secret) => secret.derive('pepper').toString('hex')));
    expect(derived.size).toBe(1);
    expect((await stat(join(data, 'secret.key'))).mode & 0o777).toBe(0o600);
  });

  it('is closed to others when it was open to them', async () => {
    const secret = await openSecret(folder);
    await chmod(join(folder, 'secret.key'), 0o644);
    expect((await openSecret(folder)).derive('x')).toEqual(secret.derive('x'));
    expect((await stat(join(folder, 'secret.key'))).mode & 0o777).toBe(0o600);
  });

  it('gives each purpose a key of its own', async () => {
    const secret = await openSecret(folder);
    expect(secret.derive('pepper')).toHaveLength(32);
    expect(secret.derive('pepper')).not.toEqual(secret.derive('cookies'));
  });

  it('seals a text so that it opens whole, unchanged and about the same thing only', async () => {
    const secret = await openSecret(folder);
    const sealed = secret.seal('a key', 'kid-1');
    expect(secret.open(sealed, 'kid-1')).toBe('a key');
    expect(Buffer.from(sealed).toString('latin1')).not.toContain('a key');
    expect(() => secret.open(sealed, 'kid-2')).toThrow();
    sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
    expect(() => secret.open(sealed, 'kid-1')).toThrow();
  });

  it('that is cut short is refused by name', async () => {
    const data = await mkdtemp(join(folder, 'short-'));
    await writeFile(join(data, 'secret.key'), 'abc');
    await expect(openSecret(data)).rejects.toThrow('secret.key does not hold 32 bytes');
    expect(await readFile(join(data, 'secret.key'), 'utf8')).toBe('abc');
  });
});
