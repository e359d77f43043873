/** The next free record number of a year, `AAAA-NNNNNN`: never the same twice, also to sessions that ask at once. */
import type { Database } from '../store.ts';

export async function nextNumeroDossier(db: Database, year: number): Promise<string> {
  const [row] = await db.query<{ numero: string }>({
    name: 'next-numero-dossier',
    text: 'SELECT next_numero_dossier($1) AS numero',
    values: [year],
  });
  if (!row) throw new Error('next_numero_dossier gave no row.');
  return row.numero;
}
