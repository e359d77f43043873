/** What the demonstration keeps between two runs, beside the database: the accounts that it made up, and its app's client id. */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface DemoAccount {
  readonly email: string;
  readonly password: string;
}

export interface DemoPlace {
  readonly physician: DemoAccount;
  readonly staff: DemoAccount;
  readonly clientId?: string;
}

const file = (dataDir: string) => join(dataDir, 'demo.json');

const made = (name: string): DemoAccount => ({
  email: `${name}@demo.livedoc.local`,
  password: randomBytes(12).toString('base64url'),
});

/** What was kept, or new accounts with passwords of 96 random bits. */
export async function readPlace(dataDir: string): Promise<DemoPlace> {
  try {
    return JSON.parse(await readFile(file(dataDir), 'utf8')) as DemoPlace;
  } catch {
    return { physician: made('medecin'), staff: made('accueil') };
  }
}

/** Readable by its owner alone, as the passwords in it demand. */
export async function keepPlace(dataDir: string, place: DemoPlace): Promise<void> {
  await writeFile(file(dataDir), JSON.stringify(place, undefined, 2), { mode: 0o600 });
}
