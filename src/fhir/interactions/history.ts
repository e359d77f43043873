/**
 * FHIR history interaction of an instance: all of its versions, newest first.
 * https://hl7.org/fhir/R4/http.html#history
 */
import { newId } from '../../shared/id.ts';
import type { Version } from '../../store/resources/version.ts';
import type { Context } from '../context.ts';
import type { Reply } from '../reply.ts';
import { type BundleEntry, bundleText } from '../search/bundle.ts';
import { parseDateRange } from '../search/dates.ts';
import { askedPage, pageLinks } from '../search/page.ts';
import { defaultCount, maxCount } from '../search/parse.ts';
import { bad } from '../search/values.ts';
import { lastSeen } from './delete.ts';
import { demand, mayShow, notFound } from './guard.ts';

export interface HistoryRequest {
  readonly type: string;
  readonly id: string;
  /** `_count`, `_since`, or the `_page` of a link that an earlier answer gave. */
  readonly params: URLSearchParams;
}

/** One page of versions as a Bundle of type history. Versions that the caller may not see are left out. */
export async function history(context: Context, { type, id, params }: HistoryRequest): Promise<Reply> {
  demand(context.access, 'r', type);
  const path = `${type}/${id}/_history`;
  const link = params.get('_page');
  const page = askedPage(context, path, link);
  const last = await lastSeen(context, await context.store.resources.read(type, id));
  if (!last || !mayShow(context.access, 'r', last)) throw notFound(`${type}/${id}`);
  const asked = page ? new URLSearchParams(page.query) : params;
  const after = page ? { after: page.after } : {};
  const found = await context.store.resources.history({ type, id, ...rangeOf(asked), ...after });
  const shown = found.versions.filter((version) => version.deleted || mayShow(context.access, 'r', version));
  const text = bundleText(
    {
      type: 'history',
      id: newId(context.now().getTime()),
      updated: context.now().toISOString(),
      total: found.total,
      links: pageLinks(context, { path, query: asked.toString(), link, next: found.next }),
    },
    shown.map((version) => entryOf(context.base, version)),
  );
  return { status: 200, text, shown: shown.filter(({ deleted }) => !deleted) };
}

function rangeOf(params: URLSearchParams): { count: number; since?: string } {
  for (const name of params.keys()) {
    if (!['_count', '_since', '_format', '_pretty'].includes(name)) throw bad(name, 'history does not know it');
  }
  const count = params.get('_count') ?? String(defaultCount);
  if (!/^[1-9]\d{0,8}$/.test(count)) throw bad('_count', `${JSON.stringify(count)} is no number of versions`);
  const since = params.get('_since');
  if (since === null) return { count: Math.min(Number(count), maxCount) };
  const instant = parseDateRange(since);
  if (!instant) throw bad('_since', `${JSON.stringify(since)} is no instant`);
  return { count: Math.min(Number(count), maxCount), since: new Date(instant.low).toISOString() };
}

function entryOf(base: string, { type, id, version, updated, deleted, op, body }: Version): BundleEntry {
  const method = { create: 'POST', update: 'PUT', delete: 'DELETE' }[op];
  const status = op === 'delete' ? '204 No Content' : op === 'create' || version === 1 ? '201 Created' : '200 OK';
  return {
    fullUrl: `${base}/${type}/${id}`,
    ...(deleted ? {} : { resource: body }),
    request: { method, url: op === 'create' ? type : `${type}/${id}` },
    response: { status, etag: `W/"${version}"`, lastModified: updated },
  };
}
