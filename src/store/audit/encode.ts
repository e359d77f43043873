/** An audit record as the compact JSON that is chained and kept. */
import type { AuditRecord } from './record.ts';

/** JSON without what is absent or empty; `decodeRecord` gives the same record back. */
export function encodeRecord(record: AuditRecord): string {
  const { entities, patients } = record;
  if (entities.length > 0 && patients.length > 0) return JSON.stringify(record);
  const some = <T>(list: readonly T[]) => (list.length > 0 ? list : undefined);
  return JSON.stringify({ ...record, entities: some(entities), patients: some(patients) });
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
