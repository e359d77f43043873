/** The record number that a patient has been given. */
import type { Database } from '../store.ts';

export async function numeroDossierOf(db: Database, patient: string): Promise<string | undefined> {
  const [row] = await db.query<{ numero: string }>({
    name: 'numero-dossier-of',
    text: 'SELECT numero FROM numero_dossier WHERE patient = $1 ORDER BY numero LIMIT 1',
    values: [patient],
  });
  return row?.numero;
}
