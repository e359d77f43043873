/**
 * Links to other pages: what they say is sealed (AES-256-GCM), so that nobody can read a patient's name in them, change
 * the search, or make one up. Nothing is kept on the server.
 * https://hl7.org/fhir/R4/http.html#paging
 */
import { createCipheriv, createDecipheriv, randomUUID } from 'node:crypto';
import { FhirError } from '../../shared/errors.ts';
import { pageMinutes } from '../../store/search/snapshots.ts';
import type { Context } from '../context.ts';
import type { Link } from './bundle.ts';

const ivBytes = 12;
const tagBytes = 16;

/** 96 random bits: a UUID's digits but those of version and variant. Node has a store of UUIDs; asking the kernel takes four times as long. */
function newIv(): Buffer {
  const uuid = randomUUID();
  const digits = uuid.slice(0, 8) + uuid.slice(9, 13) + uuid.slice(15, 18) + uuid.slice(20, 23) + uuid.slice(24, 30);
  return Buffer.from(digits, 'hex');
}

export interface PageLink {
  /** The search without paging, as in a URL. */
  readonly query: string;
  /** The store's position; empty: the first page. */
  readonly after: string;
  /** The page that ends before the position. */
  readonly backwards?: boolean;
  /** What was counted for the first page, so that it is not counted again. */
  readonly total?: number;
}

/** The link's text for the page of `path` (for instance `Patient`) at a position. `key` has 32 bytes. */
function sealPage(key: Uint8Array, path: string, { query, after, backwards, total }: PageLink, now: Date): string {
  const expires = now.getTime() + pageMinutes * 60_000;
  const iv = newIv();
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(path));
  const plain = JSON.stringify([expires, after, query, backwards ? 1 : 0, total]);
  const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
}

type Sealed = [expires: number, after: string, query: string, backwards?: 0 | 1, total?: number | null];

/** Opens a link of `path`; throws `invalid` when it is not one of ours, and `gone` when it is too old. */
function openPage(key: Uint8Array, path: string, text: string, now: Date): PageLink {
  const [expires, after, query, backwards, total] = unseal(key, path, text);
  if (now.getTime() > expires) {
    const diagnostics = `This page link is older than ${pageMinutes} minutes; search again.`;
    throw new FhirError('gone', diagnostics, { issues: [{ severity: 'error', code: 'expired', diagnostics }] });
  }
  return { after, query, ...(backwards ? { backwards: true } : {}), ...(total == null ? {} : { total }) };
}

function unseal(key: Uint8Array, path: string, text: string): Sealed {
  try {
    const bytes = Buffer.from(text, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
      .setAAD(Buffer.from(path))
      .setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
    const open = Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]);
    return JSON.parse(open.toString('utf8')) as Sealed;
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

/** Of a page as the store is asked for it. */
export function placeOf(page: PageLink | undefined): { readonly after?: string; readonly backwards?: boolean } {
  if (!page || page.after === '') return {};
  return { after: page.after, ...(page.backwards ? { backwards: true } : {}) };
}

export interface Paged {
  readonly path: string;
  /** What the search was really made of. */
  readonly query: string;
  /** The `_page` by which this page was asked for. */
  readonly link: string | null;
  readonly next: string | undefined;
  readonly previous?: string | undefined;
  /** Of the first page, when it was counted. */
  readonly total?: number | undefined;
}

/** The links of one page: itself, and where there are more the first one, the one before and the next one. */
export function pageLinks({ pageKey, base, now }: Pick<Context, 'pageKey' | 'base' | 'now'>, paged: Paged): Link[] {
  const { path, query, link, next, previous, total } = paged;
  const at = path === '' ? base : `${base}/${path}`;
  const self = link === null ? query : `_page=${link}`;
  const here = self === '' ? at : `${at}?${self}`;
  const links = [{ relation: 'self', url: here }];
  if (!pageKey) return links;
  const sealed = (relation: string, place: Pick<PageLink, 'after' | 'backwards'>) => {
    const counted = total === undefined ? {} : { total };
    links.push({
      relation,
      url: `${at}?_page=${sealPage(pageKey, path, { query, ...place, ...counted }, now())}`,
    });
  };
  // The first page is where its own search begins again.
  if (link !== null) sealed('first', { after: '' });
  else if (next !== undefined) links.push({ relation: 'first', url: here });
  if (previous !== undefined) sealed('previous', { after: previous, backwards: true });
  if (next !== undefined) sealed('next', { after: next });
  return links;
}
