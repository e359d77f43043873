/** An audit record as the compact JSON that is chained and kept. */
import type { AuditRecord } from './record.ts';

/** JSON without what is absent or empty; `decodeRecord` gives the same record back. */
export function encodeRecord(record: AuditRecord): string {
  const { entities, patients, ...rest } = record;
  return JSON.stringify({
    ...rest,
    ...(entities.length > 0 ? { entities } : {}),
    ...(patients.length > 0 ? { patients } : {}),
  });
}

export function decodeRecord(text: string): AuditRecord {
  const {
    recorded,
    entities = [],
    patients = [],
    ...rest
  } = JSON.parse(text) as Omit<AuditRecord, 'recorded'> & {
    readonly recorded: string;
  };
  return { ...rest, recorded: new Date(recorded), entities, patients };
}
