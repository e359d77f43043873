/** Application entities that may talk to us. */
import type { Database } from '../store.ts';

export interface DicomPeer {
  /** Compared with case. */
  readonly aeTitle: string;
  /** Address or name that it must come from, and where results go; `*` is any address. */
  readonly host: string;
  readonly port: number;
  /** What goes back to it. */
  readonly returns: readonly string[];
}

const columns = 'ae_title AS "aeTitle", host, port, returns';

export async function findPeer(db: Database, aeTitle: string): Promise<DicomPeer | undefined> {
  const [row] = await db.query<DicomPeer>({
    name: 'find-peer',
    text: `SELECT ${columns} FROM dicom_peer WHERE ae_title = $1`,
    values: [aeTitle],
  });
  return row;
}

/** Adds a peer, or replaces what was known of its title. FhirError `conflict` for a title that the standard does not allow. */
export async function addPeer(db: Database, peer: DicomPeer): Promise<void> {
  await db.query({
    text: `INSERT INTO dicom_peer (ae_title, host, port, returns) VALUES ($1, $2, $3, $4)
      ON CONFLICT (ae_title) DO UPDATE SET host = EXCLUDED.host, port = EXCLUDED.port, returns = EXCLUDED.returns`,
    values: [peer.aeTitle, peer.host, peer.port, [...peer.returns]],
  });
}

/** Whether there was such a peer. */
export async function removePeer(db: Database, aeTitle: string): Promise<boolean> {
  const rows = await db.query({
    text: 'DELETE FROM dicom_peer WHERE ae_title = $1 RETURNING 1',
    values: [aeTitle],
  });
  return rows.length === 1;
}
