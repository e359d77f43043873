/**
 * From an interaction's plain reply to status, headers and bytes.
 * https://hl7.org/fhir/R4/http.html#versionaware
 */
import type { ServerResponse } from 'node:http';
import { fhirJson } from '../fhir/formats.ts';
import { linkHeader } from '../fhir/json/lines.ts';
import { outcome } from '../fhir/outcome.ts';
import type { Reply } from '../fhir/reply.ts';
import { rawOf } from './binary.ts';
import { encodingOf, pack } from './compress.ts';
import type { ErrorReply } from './errors.ts';
import { type Format, plainFormat } from './media-types.ts';
import type { Preferences } from './prefer.ts';
import { render } from './render.ts';
import { longText, piecesOf, sendPieces } from './send-long.ts';

/** What every answer below the base has. Clinical data is kept by no cache on the way. */
export const always = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cache-Control': 'no-store',
} as const;

type Headers = Record<string, string | number>;

export interface Asked {
  readonly requestId: string;
  readonly format: Format;
  readonly acceptEncoding: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly ifModifiedSince: string | undefined;
  readonly returns: Preferences['returns'];
  readonly isWrite: boolean;
  /** Whether a Binary is sent as what it holds. */
  readonly raw?: boolean;
  /** Headers that only this answer has. */
  readonly extra?: Readonly<Record<string, string>>;
  readonly base: string;
  /** For a browser application of another origin. */
  readonly cors: Readonly<Record<string, string>>;
}

/** Sends a reply; gives the status that it got. */
export function sendReply(response: ServerResponse, reply: Reply, asked: Asked): number | Promise<number> {
  const headers: Headers = { ...always, ...asked.cors, ...asked.extra, 'X-Request-Id': asked.requestId };
  const { version } = reply;
  describe(reply, asked, headers);
  if (!asked.isWrite && version && isUnchanged(version, asked)) return send(response, 304, headers, undefined);
  // An answer with an OperationOutcome has content.
  if (reply.status === 204 && asked.returns === 'OperationOutcome') {
    return sendReply(response, { status: 200, text: JSON.stringify(outcome(reply.warnings ?? [])) }, asked);
  }
  const text = asked.isWrite && version ? written(reply, asked.returns) : reply.text;
  if (text === undefined) return send(response, reply.status, headers, undefined);
  if (asked.raw || reply.raw) {
    const raw = rawOf(text);
    return send(response, reply.status, { ...headers, ...raw.headers }, raw.bytes);
  }
  const { format } = asked;
  const body = render(text, format, version !== undefined);
  headers['Content-Type'] = `${format.type}; charset=utf-8`;
  const link = format.kind === 'ndjson' && !version ? linkHeader(text) : undefined;
  if (link !== undefined) headers['Link'] = link;
  return packed(response, reply.status, headers, body, asked.acceptEncoding);
}

/** Which version an answer is about and where it is, or where its end will be told. */
function describe({ version, status, later }: Reply, asked: Asked, headers: Headers): void {
  if (later) {
    headers['Content-Location'] = `${asked.base}/${later.at}`;
    headers['X-Progress'] = later.progress;
    headers['Retry-After'] = '1';
  }
  if (!version) return;
  headers['ETag'] = `W/"${version.version}"`;
  headers['Last-Modified'] = new Date(version.updated).toUTCString();
  if (asked.isWrite && status !== 204) {
    headers['Location'] = `${asked.base}/${version.type}/${version.id}/_history/${version.version}`;
  }
}

/** https://hl7.org/fhir/R4/http.html#ops: what a write answers with is for the client to choose. */
function written({ text, warnings = [] }: Reply, returns: Preferences['returns']): string | undefined {
  if (returns === 'minimal') return undefined;
  return returns === 'OperationOutcome' ? JSON.stringify(outcome(warnings)) : text;
}

/** https://hl7.org/fhir/R4/http.html#cread; If-None-Match has precedence (RFC 9110, 13.2.2). */
function isUnchanged(
  { version, updated }: NonNullable<Reply['version']>,
  { ifNoneMatch, ifModifiedSince }: Asked,
): boolean {
  if (ifNoneMatch !== undefined) {
    const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
    return tags.includes('*') || tags.includes(`"${version}"`);
  }
  if (ifModifiedSince === undefined) return false;
  const since = Date.parse(ifModifiedSince);
  // The header has whole seconds.
  return Number.isFinite(since) && Math.floor(Date.parse(updated) / 1000) * 1000 <= since;
}

/** Sends an error in the format that was asked for, where that is known and is one of a single resource; gives its status. */
export function sendError(
  response: ServerResponse,
  { status, headers, text }: ErrorReply,
  { requestId, format, cors }: Pick<Asked, 'requestId' | 'format' | 'cors'>,
): number {
  const { kind, type, pretty } = format.kind === 'ndjson' ? plainFormat : format;
  const all = { ...always, ...cors, ...headers, 'X-Request-Id': requestId };
  try {
    const body = render(text, { kind, pretty }, true);
    return send(response, status, { ...all, 'Content-Type': `${type}; charset=utf-8` }, body);
  } catch {
    // What the client sent may be part of the message, and XML cannot say everything.
    return send(response, status, { ...all, 'Content-Type': `${fhirJson}; charset=utf-8` }, text);
  }
}

function packed(
  response: ServerResponse,
  status: number,
  headers: Headers,
  body: string,
  accept: string | undefined,
): number | Promise<number> {
  const encoding = encodingOf(accept, body.length);
  if (encoding === undefined) {
    return body.length > longText ? sendLong(response, status, headers, body) : send(response, status, headers, body);
  }
  const vary = headers['Vary'] === undefined ? 'Accept-Encoding' : `${headers['Vary']}, Accept-Encoding`;
  return pack(body, encoding).then((bytes) =>
    send(response, status, { ...headers, 'Content-Encoding': encoding, Vary: vary }, bytes),
  );
}

async function sendLong(response: ServerResponse, status: number, headers: Headers, body: string): Promise<number> {
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) });
  await sendPieces(response, piecesOf(body));
  return status;
}

function send(response: ServerResponse, status: number, headers: Headers, body: string | Buffer | undefined): number {
  // As one string with its length known, head and body are one write to the socket; a Buffer would be a second one.
  if (body !== undefined) headers['Content-Length'] = Buffer.byteLength(body);
  response.writeHead(status, headers);
  response.end(body);
  return status;
}
