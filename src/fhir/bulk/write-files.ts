/** Writes versions as lines into files of one type each, some lines at a time. https://hl7.org/fhir/uv/bulkdata/STU2/export.html#bulk-data-output-file-request */
import { insertChunk, insertFile } from '../../store/bulk/files.ts';
import type { Version } from '../../store/resources/version.ts';
import type { Database } from '../../store/store.ts';
import { patientsIn } from '../audit/patients.ts';
import { lineOf } from '../json/lines.ts';

/** Resources of one file. */
const mostLines = 10_000;
/** Characters that are kept in memory of one file. */
const chunkSize = 262_144;

interface OpenFile {
  readonly number: number;
  readonly type: string;
  count: number;
  part: number;
  lines: string[];
  size: number;
  readonly patients: Set<string>;
}

export interface FileWriter {
  add(version: Version): Promise<void>;
  /** Writes what is still in memory. */
  close(): Promise<void>;
}

export function fileWriter(db: Database, id: string): FileWriter {
  const open = new Map<string, OpenFile>();
  let files = 0;
  const flush = async (file: OpenFile) => {
    if (file.lines.length === 0) return;
    await insertChunk(db, id, { number: file.number, part: file.part, body: file.lines.join('') });
    file.part += 1;
    file.lines = [];
    file.size = 0;
  };
  const finish = async (file: OpenFile) => {
    await flush(file);
    const { number, type, count, patients } = file;
    await insertFile(db, id, { number, type, count, patients: [...patients] });
    open.delete(type);
  };
  const fileOf = (type: string): OpenFile => {
    const found = open.get(type);
    if (found) return found;
    files += 1;
    const made = { number: files, type, count: 0, part: 0, lines: [], size: 0, patients: new Set<string>() };
    open.set(type, made);
    return made;
  };
  return {
    async add(version) {
      const file = fileOf(version.type);
      const line = lineOf(version.body);
      file.lines.push(line);
      file.size += line.length;
      file.count += 1;
      for (const patient of patientsIn(version)) file.patients.add(patient);
      if (file.size >= chunkSize) await flush(file);
      if (file.count === mostLines) await finish(file);
    },
    async close() {
      for (const file of [...open.values()]) await finish(file);
    },
  };
}
