/** The files of bulk exports, as chunks of whole lines in order. */
import type { Database } from '../store.ts';

export interface BulkFile {
  readonly number: number;
  readonly type: string;
  /** Resources, one a line. */
  readonly count: number;
  /** `Patient/...` of everyone whose data it holds. */
  readonly patients: readonly string[];
}

export async function insertChunk(
  db: Database,
  id: string,
  { number, part, body }: { readonly number: number; readonly part: number; readonly body: string },
): Promise<void> {
  await db.query({
    text: 'INSERT INTO bulk_chunk (export_id, number, part, body) VALUES ($1, $2, $3, $4)',
    values: [id, number, part, body],
  });
}

export async function insertFile(db: Database, id: string, { number, type, count, patients }: BulkFile): Promise<void> {
  await db.query({
    text: 'INSERT INTO bulk_file (export_id, number, type, count, patients) VALUES ($1, $2, $3, $4, $5)',
    values: [id, number, type, count, patients],
  });
}

/** In the order of their types. */
export function listFiles(db: Database, id: string): Promise<readonly Pick<BulkFile, 'number' | 'type' | 'count'>[]> {
  return db.query<Pick<BulkFile, 'number' | 'type' | 'count'>>({
    text: 'SELECT number, type, count FROM bulk_file WHERE export_id = $1 ORDER BY type, number',
    values: [id],
  });
}

export async function findFile(db: Database, id: string, number: number): Promise<BulkFile | undefined> {
  const [row] = await db.query<BulkFile>({
    text: 'SELECT number, type, count, patients FROM bulk_file WHERE export_id = $1 AND number = $2',
    values: [id, number],
  });
  return row;
}

/** One chunk after the other. Throws when the file goes while it is read: half of it must not look like the whole. */
export async function* readChunks(db: Database, id: string, number: number): AsyncGenerator<string> {
  for (let part = 0; ; part += 1) {
    const [row] = await db.query<{ body: string | null }>({
      text: `SELECT c.body FROM bulk_file f
               LEFT JOIN bulk_chunk c ON c.export_id = f.export_id AND c.number = f.number AND c.part = $3
              WHERE f.export_id = $1 AND f.number = $2`,
      values: [id, number, part],
    });
    if (!row) throw new Error('The export was removed while its file was being read.');
    if (row.body === null) return;
    yield row.body;
  }
}
