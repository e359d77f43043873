/**
 * The definitions that this server ships: R4's own, distilled at build, and those of a folder of ours.
 * https://hl7.org/fhir/R4/terminologies-valuesets.html
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { generatedPath, readGenerated } from '../definitions/generated.ts';
import { type Definition, type Header, headerOf, type Listed, type Source, sourceOf } from './source.ts';

interface Row extends Header {
  /** Where its line is, in bytes. */
  readonly offset: number;
  readonly length: number;
}

function readLine({ offset, length }: Row): Definition {
  const file = openSync(generatedPath('terminology.ndjson'), 'r');
  try {
    const bytes = Buffer.alloc(length);
    readSync(file, bytes, 0, length, offset);
    return JSON.parse(bytes.toString('utf8')) as Definition;
  } finally {
    closeSync(file);
  }
}

function listFolder(folder: string): readonly Listed[] {
  return readdirSync(folder)
    .filter((name) => /^(?:CodeSystem|ValueSet|ConceptMap)-.*\.json$/.test(name))
    .flatMap((name) => {
      const resource = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Definition;
      const header = headerOf(resource);
      return header ? [{ ...header, key: `file ${name}`, read: () => Promise.resolve(resource) }] : [];
    });
}

/** Reads the index at once (400 kB) and a definition when it is asked for. */
export function coreSource(folder?: string): Source {
  const core = readGenerated<readonly Row[]>('terminology-index.json').map((row) => ({
    ...row,
    key: `core ${row.offset}`,
    read: () => Promise.resolve(readLine(row)),
  }));
  return sourceOf([...(folder === undefined ? [] : listFolder(folder)), ...core]);
}
