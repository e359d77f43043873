/**
 * FHIR history interactions of an instance, a type and the whole system.
 * https://hl7.org/fhir/R4/http.html#history
 */
import { newId } from '../../shared/id.ts';
import type { Version } from '../../store/resources/version.ts';
import type { HistoryRange } from '../../store/store.ts';
import type { Context } from '../context.ts';
import type { Reply } from '../reply.ts';
import { type BundleEntry, bundleText } from '../search/bundle.ts';
import { askedPage, pageLinks, placeOf } from '../search/page.ts';
import { demand, isUnrestricted, notFound } from './guard.ts';
import { historyAsked } from './history-asked.ts';
import { lastSeen } from './last-seen.ts';
import { searchableTypes } from './searchable-types.ts';
import { mayShow, visiblePast } from './visible.ts';

export interface HistoryRequest {
  /** Empty for the whole system. */
  readonly type: string;
  /** Empty for a whole type. */
  readonly id: string;
  /** `_count`, `_since`, `_at`, `_sort`, or the `_page` of a link that an earlier answer gave. */
  readonly params: URLSearchParams;
  /** `Prefer: handling=strict`. */
  readonly strict?: boolean;
}

/** One page of versions as a Bundle of type history. Versions that the caller may not see are left out, and not counted. */
export async function history(context: Context, { type, id, params, strict = false }: HistoryRequest): Promise<Reply> {
  const scope = await scopeOf(context, type, id);
  const path = [type, id, '_history'].filter((part) => part !== '').join('/');
  const link = params.get('_page');
  const page = askedPage(context, path, link);
  const { range, used } = historyAsked(page ? new URLSearchParams(page.query) : params, strict && !page);
  const shows = visibility(context, scope.types ?? [type]);
  const found = await context.store.resources.history({
    ...scope,
    ...range,
    ...placeOf(page),
    // Later pages say what the first one counted.
    ...(page ? { total: 'none' as const } : {}),
    ...(shows ? { shows } : {}),
  });
  const total = page ? page.total : found.total;
  const query = used.toString();
  const text = bundleText(
    {
      type: 'history',
      id: newId(context.now().getTime()),
      updated: context.now().toISOString(),
      total,
      links: pageLinks(context, { path, query, link, next: found.next, previous: found.previous, total }),
    },
    found.versions.map((version) => entryOf(context.base, version)),
  );
  const shown = found.versions.filter(({ deleted }) => !deleted);
  return {
    status: 200,
    text,
    shown,
    params: used,
    ...(id === '' ? { query: query === '' ? path : `${path}?${query}` } : {}),
  };
}

/** Throws `notFound` alike for an instance that never was and for one that the caller may not see. */
async function scopeOf(
  context: Context,
  type: string,
  id: string,
): Promise<Pick<HistoryRange, 'type' | 'id' | 'types'>> {
  if (type === '') return { types: searchableTypes(context.access, 'r') };
  demand(context.access, 'r', type);
  if (id === '') return { types: [type] };
  const last = await lastSeen(context, await context.store.resources.read(type, id));
  if (!last || !(await mayShow(context, 'r', last))) throw notFound(`${type}/${id}`);
  return { type, id };
}

/**
 * Which versions the caller may see, where that depends on what they say: what a superseded version says is in its text only.
 * A deletion is seen by who could see what was deleted.
 */
function visibility(context: Context, types: readonly string[]): HistoryRange['shows'] {
  const { access, store } = context;
  if (types.every((type) => isUnrestricted(access, 'r', type))) return undefined;
  return async (versions) => {
    const said = await Promise.all(
      versions.map((version) => {
        const { type, id } = version;
        if (!version.deleted || isUnrestricted(access, 'r', type)) return version;
        return store.resources.readVersion(type, id, version.version - 1);
      }),
    );
    const shown = new Set(
      await visiblePast(
        context,
        said.filter((version) => version !== undefined),
      ),
    );
    return said.map((version) => version !== undefined && shown.has(version));
  };
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
