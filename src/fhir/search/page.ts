/**
 * Links to the next page: what they say is sealed (AES-256-GCM), so that nobody can read a patient's name in them, change
 * the search, or make one up. Nothing is kept on the server.
 * https://hl7.org/fhir/R4/http.html#paging
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { FhirError } from '../../shared/errors.ts';
import type { Context } from '../context.ts';
import type { Link } from './bundle.ts';

/** How long a link is good for, hours; the CapabilityStatement says so. */
export const pageHours = 24;

const ivBytes = 12;
const tagBytes = 16;

export interface PageLink {
  /** The search without paging, as in a URL. */
  readonly query: string;
  /** The store's position. */
  readonly after: string;
}

/** The link's text for the page of `path` (for instance `Patient`) that begins after a position. `key` has 32 bytes. */
function sealPage(key: Uint8Array, path: string, { query, after }: PageLink, now: Date): string {
  const expires = now.getTime() + pageHours * 3_600_000;
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(path));
  const sealed = Buffer.concat([cipher.update(JSON.stringify([expires, after, query]), 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** Opens a link of `path`; throws `invalid` when it is not one of ours, and `gone` when it is too old. */
function openPage(key: Uint8Array, path: string, text: string, now: Date): PageLink {
  const [expires, after, query] = unseal(key, path, text);
  if (now.getTime() > expires) {
    const diagnostics = `This page link is older than ${pageHours} hours; search again.`;
    throw new FhirError('gone', diagnostics, { issues: [{ severity: 'error', code: 'expired', diagnostics }] });
  }
  return { after, query };
}

function unseal(key: Uint8Array, path: string, text: string): [expires: number, after: string, query: string] {
  try {
    const bytes = Buffer.from(text, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
      .setAAD(Buffer.from(path))
      .setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
    const open = Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]);
    return JSON.parse(open.toString('utf8')) as [number, string, string];
  } catch (cause) {
    throw new FhirError('invalid', 'The page link is not one that this server gave for this search.', { cause });
  }
}

/** The page that a request's `_page` asks for; undefined for a first page. */
export function askedPage(
  context: Pick<Context, 'pageKey' | 'now'>,
  path: string,
  link: string | null,
): PageLink | undefined {
  if (link === null) return undefined;
  if (!context.pageKey) throw new FhirError('invalid', 'This server gave no page links.');
  return openPage(context.pageKey, path, link, context.now());
}

/** The links of one page: itself, and the next one where there is one. */
export function pageLinks(
  { pageKey, base, now }: Pick<Context, 'pageKey' | 'base' | 'now'>,
  { path, query, link, next }: { path: string; query: string; link: string | null; next: string | undefined },
): Link[] {
  const at = `${base}/${path}`;
  const self = link === null ? query : `_page=${link}`;
  const links = [{ relation: 'self', url: self === '' ? at : `${at}?${self}` }];
  if (next !== undefined && pageKey) {
    links.push({ relation: 'next', url: `${at}?_page=${sealPage(pageKey, path, { query, after: next }, now())}` });
  }
  return links;
}
