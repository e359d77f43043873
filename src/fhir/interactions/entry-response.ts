/**
 * `Bundle.entry.response` of a reply.
 * https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.response
 */
import { STATUS_CODES } from 'node:http';
import type { Reply } from '../reply.ts';
import type { BundleEntry } from '../search/bundle.ts';
import type { Entry } from './entries.ts';

export function statusText(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? ''}`.trim();
}

/** Status, etag and lastModified, and where a write has put its resource. */
export function responseOf(
  base: string,
  { method }: Pick<Entry, 'method'>,
  { status, version }: Reply,
): NonNullable<BundleEntry['response']> {
  if (!version) return { status: statusText(status) };
  const location = `${base}/${version.type}/${version.id}/_history/${version.version}`;
  return {
    status: statusText(status),
    ...(['POST', 'PUT', 'PATCH'].includes(method) ? { location } : {}),
    etag: `W/"${version.version}"`,
    lastModified: version.updated,
  };
}

/** Whether a GET has a condition by which the client has this version already. https://hl7.org/fhir/R4/http.html#cread */
export function isNotModified(
  { ifNoneMatch, ifModifiedSince }: Pick<Entry, 'ifNoneMatch' | 'ifModifiedSince'>,
  { version }: Reply,
): boolean {
  if (!version) return false;
  if (ifNoneMatch !== undefined) {
    const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
    return tags.includes('*') || tags.includes(`"${version.version}"`);
  }
  return ifModifiedSince !== undefined && Date.parse(version.updated) <= Date.parse(ifModifiedSince);
}
