/** Reads the files of a terminology release line by line, so that their size does not matter. */
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream';
import { parse } from 'csv-parse';
import { FhirError } from '../../../shared/errors.ts';

/** All files below a folder whose name matches, sorted. */
export async function filesBelow(folder: string, name: RegExp): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && name.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch (error) {
    throw new FhirError('invalid', `The folder ${folder} cannot be read: ${(error as Error).message}.`);
  }
}

/** The one file that a release has to have. Throws `invalid` when it is not there. */
export async function fileBelow(folder: string, name: RegExp, what: string): Promise<string> {
  const [found] = await filesBelow(folder, name);
  if (found === undefined) throw new FhirError('invalid', `${folder} has no ${what}: is it an unpacked release?`);
  return found;
}

export type Row = Readonly<Record<string, string | undefined>>;

/** The rows of a CSV file by the names in its first line. */
export async function* csvRows(file: string): AsyncGenerator<Row> {
  const parser = parse({ columns: true, bom: true, relax_column_count: true });
  // Unlike a pipe, this ends the parser when the file cannot be read.
  pipeline(createReadStream(file), parser, () => {});
  try {
    for await (const row of parser) yield row as Row;
  } catch (error) {
    throw new FhirError('invalid', `${file} is no CSV file: ${(error as Error).message}.`);
  }
}

/** The rows of a tab separated file, which knows no quotes, by the names in its first line. */
export async function* tabRows(file: string): AsyncGenerator<Row> {
  const lines = createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
  let names: readonly string[] | undefined;
  for await (const line of lines) {
    const cells = line.split('\t');
    if (names) yield Object.fromEntries(names.map((name, at) => [name, cells[at]]));
    else names = cells.map((name) => name.replace(/^\uFEFF/, ''));
  }
}
