/**
 * The addresses of bulk exports: `_export/ID` and `_export/ID/N.ndjson`.
 * https://hl7.org/fhir/uv/bulkdata/STU2/export.html#bulk-data-output-file-request
 */
import type { ServerResponse } from 'node:http';
import { cancelExport, exportFile, exportStatus } from '../fhir/bulk/status.ts';
import type { Context } from '../fhir/context.ts';
import { fhirNdjson } from '../fhir/formats.ts';
import { FhirError } from '../shared/errors.ts';
import { type AsyncAnswer, headersOf, plain } from './fhir-async.ts';
import { sendPieces } from './send-long.ts';

const address = /^_export\/([^/]+?)(?:\/([1-9]\d{0,8})\.ndjson)?$/;

export interface BulkAddress {
  readonly id: string;
  /** Of a file. */
  readonly file?: number;
}

/** Undefined for any other path. */
export function bulkAddress(path: string): BulkAddress | undefined {
  const [, id, file] = address.exec(path) ?? [];
  if (id === undefined) return undefined;
  return file === undefined ? { id } : { id, file: Number(file) };
}

/** The methods of such an address. */
export function bulkMethods({ file }: BulkAddress): readonly string[] {
  return file === undefined ? ['GET', 'DELETE'] : ['GET'];
}

export function demandBulkMethod(method: string, asked: BulkAddress): void {
  if (bulkMethods(asked).includes(method)) return;
  throw new FhirError('methodNotAllowed', `${method} is not for _export/${asked.id}.`);
}

/** The status, or that it was cancelled. Throws `notFound`. */
export async function answerBulk(context: Context, method: string, id: string): Promise<AsyncAnswer> {
  if (method === 'DELETE') return plain(await cancelExport(context, id));
  const { reply, isManifest = false, ...rest } = await exportStatus(context, id);
  return { reply, isManifest, headers: headersOf(rest) };
}

/** Sends a file as it is read. A file that ends too soon breaks the connection, so that nobody takes it for whole. */
export async function sendFile(
  response: ServerResponse,
  context: Context,
  { id, file }: { readonly id: string; readonly file: number },
  headers: Readonly<Record<string, string>>,
): Promise<number> {
  const chunks = await exportFile(context, id, file);
  response.writeHead(200, { ...headers, 'Content-Type': fhirNdjson });
  await sendPieces(response, chunks);
  return 200;
}
