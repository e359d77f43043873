/**
 * From an interaction's plain reply to status, headers and bytes.
 * https://hl7.org/fhir/R4/http.html#versionaware
 */
import type { ServerResponse } from 'node:http';
import { outcome } from '../fhir/outcome.ts';
import type { Reply } from '../fhir/reply.ts';
import type { ErrorReply } from './errors.ts';
import type { Preferences } from './prefer.ts';

/** What every answer below the base has. Clinical data is kept by no cache on the way. */
const always = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cache-Control': 'no-store',
} as const;

export interface Asked {
  readonly requestId: string;
  /** Content type of the answer. */
  readonly type: string;
  readonly ifNoneMatch: string | undefined;
  readonly ifModifiedSince: string | undefined;
  readonly returns: Preferences['returns'];
  readonly isWrite: boolean;
  readonly base: string;
  /** For a browser application of another origin. */
  readonly cors: Readonly<Record<string, string>>;
}

/** Sends a reply; returns the status that it got. */
export function sendReply(response: ServerResponse, reply: Reply, asked: Asked): number {
  const headers: Record<string, string | number> = { ...always, ...asked.cors, 'X-Request-Id': asked.requestId };
  const { version } = reply;
  if (version) {
    headers['ETag'] = `W/"${version.version}"`;
    headers['Last-Modified'] = new Date(version.updated).toUTCString();
    if (asked.isWrite && reply.status !== 204) {
      headers['Location'] = `${asked.base}/${version.type}/${version.id}/_history/${version.version}`;
    }
  }
  if (!asked.isWrite && version && isUnchanged(version, asked)) return send(response, 304, headers, undefined);
  const text = asked.isWrite && version ? written(reply, asked.returns) : reply.text;
  if (text !== undefined) headers['Content-Type'] = `${asked.type}; charset=utf-8`;
  return send(response, reply.status, headers, text);
}

/** https://hl7.org/fhir/R4/http.html#ops: what a write answers with is for the client to choose. */
function written({ text }: Reply, returns: Preferences['returns']): string | undefined {
  if (returns === 'minimal') return undefined;
  return returns === 'OperationOutcome' ? JSON.stringify(outcome([])) : text;
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

/** Sends an error; returns its status. */
export function sendError(
  response: ServerResponse,
  { status, headers, text }: ErrorReply,
  { requestId, type, cors }: Pick<Asked, 'requestId' | 'type' | 'cors'>,
): number {
  const all = { ...always, ...cors, ...headers, 'X-Request-Id': requestId, 'Content-Type': `${type}; charset=utf-8` };
  return send(response, status, all, text);
}

function send(
  response: ServerResponse,
  status: number,
  headers: Record<string, string | number>,
  text: string | undefined,
): number {
  // As one string with its length known, head and body are one write to the socket; a Buffer would be a second one.
  if (text !== undefined) headers['Content-Length'] = Buffer.byteLength(text);
  response.writeHead(status, headers);
  response.end(text);
  return status;
}
