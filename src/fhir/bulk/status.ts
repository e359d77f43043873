/**
 * What has become of an export, and its files: only who asked for it, with the same rights, may know.
 * https://hl7.org/fhir/uv/bulkdata/STU2/export.html#bulk-data-status-request
 */
import { FhirError } from '../../shared/errors.ts';
import { findExport, removeExport, type StoredExport } from '../../store/bulk/exports.ts';
import { findFile, listFiles, readChunks } from '../../store/bulk/files.ts';
import { ownerOf } from '../async/kick-off.ts';
import type { Status } from '../async/status.ts';
import { audited } from '../audit/audited.ts';
import type { Context } from '../context.ts';
import type { Reply } from '../reply.ts';
import { exportRecord } from './record.ts';

function notFound(id: string): FhirError {
  return new FhirError('notFound', `_export/${id} is not known.`);
}

/** Throws `notFound` alike for what never was, has expired, was cancelled, or is somebody else's; audited either way. */
async function own(context: Context, id: string, action: 'R' | 'D', path = `_export/${id}`): Promise<StoredExport> {
  const { store, access, now } = context;
  let found: StoredExport | undefined;
  await audited(context, { code: 'operation', action, query: path }, async () => {
    found = await findExport(store.db, id, now());
    if (!found || found.owner !== ownerOf(access.caller)) throw notFound(id);
    return { status: 200 };
  });
  if (!found) throw notFound(id);
  return found;
}

export async function exportStatus(context: Context, id: string): Promise<Status> {
  const found = await own(context, id, 'R');
  const { status, failure, expires } = found;
  if (status === null) return { reply: { status: 202 }, progress: progressOf(context, found) };
  if (failure !== null) return { reply: { status, text: failure }, expires };
  return { reply: { status: 200, text: await manifestOf(context, found) }, expires, isManifest: true };
}

/** Cancels, or throws the files away: 202. */
export async function cancelExport(context: Context, id: string): Promise<Reply> {
  await own(context, id, 'D');
  await removeExport(context.store.db, id, ownerOf(context.access.caller));
  return { status: 202 };
}

/** The text of one file, piece by piece; who gets whose data is audited before the first of them. */
export async function exportFile(context: Context, id: string, number: number): Promise<AsyncGenerator<string>> {
  const { store } = context;
  const path = `_export/${id}/${number}.ndjson`;
  const { status } = await own(context, id, 'R', path);
  const file = status === 200 ? await findFile(store.db, id, number) : undefined;
  if (!file) throw new FhirError('notFound', `${path} is not known.`);
  await store.audit.append(exportRecord(context, 'bulk-file', path, file.patients));
  return readChunks(store.db, id, number);
}

function progressOf({ now }: Context, { created, started, done }: StoredExport): NonNullable<Status['progress']> {
  const seconds = Math.max(0, Math.round((now().getTime() - (started ?? created).getTime()) / 1000));
  const retryAfter = Math.min(60, 1 + Math.floor(seconds / 5));
  return { text: started ? `${done} resources in ${seconds} s` : `waiting for ${seconds} s`, retryAfter };
}

/** https://hl7.org/fhir/uv/bulkdata/STU2/export.html#response---complete-status */
async function manifestOf({ store, base }: Context, { id, url, started, created }: StoredExport): Promise<string> {
  const files = await listFiles(store.db, id);
  return JSON.stringify({
    transactionTime: (started ?? created).toISOString(),
    request: url,
    requiresAccessToken: true,
    output: files.map(({ type, number, count }) => ({ type, url: `${base}/_export/${id}/${number}.ndjson`, count })),
    error: [],
  });
}
