/**
 * FHIR search interactions: of a type, of the whole system, within a compartment.
 * https://hl7.org/fhir/R4/http.html#search
 */
import { newId } from '../../shared/id.ts';
import type { Version } from '../../store/resources/version.ts';
import type { SearchPage } from '../../store/search/query.ts';
import type { Context } from '../context.ts';
import { outcome } from '../outcome.ts';
import type { Reply } from '../reply.ts';
import { type BundleEntry, bundleText } from '../search/bundle.ts';
import { containedEntries, containedTotal } from '../search/contained-entries.ts';
import { type Included, included, maxIncluded } from '../search/include.ts';
import { askedPage, type PageLink, pageLinks, placeOf } from '../search/page.ts';
import { namedTypes, parseSearchesIn, type Search, type SearchRequests } from '../search/parse.ts';
import { demand } from './guard.ts';
import { searchableTypes } from './searchable-types.ts';

export interface SearchRequest {
  /** Empty for the whole system. */
  readonly type: string;
  /** Of the URL and, by POST, of the form, together. */
  readonly params: URLSearchParams;
  /** `Prefer: handling=strict`: unknown parameters are refused and not ignored. */
  readonly strict?: boolean;
}

/** One page of the matches as a Bundle of type searchset. */
export async function search(context: Context, { type, params, strict = false }: SearchRequest): Promise<Reply> {
  if (type !== '') {
    demand(context.access, 's', type);
    return searchset(context, { path: type, params, strict, typesOf: () => [type] });
  }
  return searchset(context, { path: '', params, strict, typesOf: (asked) => systemTypes(context, asked) });
}

/** https://hl7.org/fhir/R4/search.html#all: those that `_type` names, or all that the caller may search. */
function systemTypes({ access }: Context, params: URLSearchParams): readonly string[] {
  const named = namedTypes(params.getAll('_type'));
  for (const type of named) demand(access, 's', type);
  return named.length > 0 ? named : searchableTypes(access, 's');
}

export interface SearchsetRequest extends Omit<SearchRequests, 'types' | 'strict'> {
  /** Below the base, for the links. */
  readonly path: string;
  readonly strict: boolean;
  /** The types that the parameters of the search are about. */
  readonly typesOf: (params: URLSearchParams) => readonly string[];
}

/** Answers a search, or the page of one that `_page` names. */
export async function searchset(context: Context, request: SearchsetRequest): Promise<Reply> {
  const { path, params, strict, typesOf, ...rest } = request;
  const link = params.get('_page');
  const page = askedPage(context, path, link);
  const asked = page ? new URLSearchParams(page.query) : params;
  const parsed = await parseSearchesIn(context, { ...rest, types: typesOf(asked), params: asked, strict });
  // Later pages say what the first one counted.
  const counted = page?.total === undefined ? {} : { total: 'none' as const };
  const found = await context.store.search({ ...parsed.query, ...placeOf(page), ...counted });
  const around = await included(context, found.versions, parsed.includes);
  const matches = await matchesOf(context, parsed, found);
  const total = page?.total ?? (await totalOf(context, parsed, found)) ?? wholeOf(parsed, page, found, matches.length);
  const query = parsed.used.toString();
  const text = bundleText(
    {
      type: 'searchset',
      id: newId(context.now().getTime()),
      updated: context.now().toISOString(),
      total,
      links: pageLinks(context, { path, query, link, next: found.next, previous: found.previous, total }),
    },
    [...matches, ...entriesOf(context, parsed, around)],
  );
  const shown = [...found.versions, ...around.versions];
  return { status: 200, text, shown, query: query === '' ? path : `${path}?${query}`, params: parsed.used };
}

/** A first page with no other after it has everything, so that its total costs nothing. */
function wholeOf({ query, used }: Search, page: PageLink | undefined, found: SearchPage, matches: number) {
  const isWhole = (!page || page.after === '') && found.next === undefined && query.count > 0;
  return isWhole && used.get('_total') !== 'none' ? matches : undefined;
}

/** What was counted; of contained resources there may be several in what the store counts. */
async function totalOf({ store }: Context, { contained }: Search, { total }: SearchPage): Promise<number | undefined> {
  return total !== undefined && contained?.alone ? containedTotal(store, contained) : total;
}

async function matchesOf(context: Context, { contained }: Search, { versions }: SearchPage): Promise<BundleEntry[]> {
  if (!contained?.alone) return versions.map(entry(context, 'match'));
  const found = await containedEntries(context, contained, versions);
  return found.map((one) => ({ ...one, search: { mode: 'match' } }));
}

/** What was found besides the matches, and what is to be said of the search. */
function entriesOf(context: Context, { warnings }: Search, around: Included): BundleEntry[] {
  const issues = around.truncated
    ? [
        ...warnings,
        {
          severity: 'warning' as const,
          code: 'too-costly',
          diagnostics: `More than ${maxIncluded} resources would be included; ask for smaller pages (_count).`,
        },
      ]
    : warnings;
  const said =
    issues.length === 0 ? [] : [{ resource: JSON.stringify(outcome(issues)), search: { mode: 'outcome' } as const }];
  return [...around.versions.map(entry(context, 'include')), ...said];
}

function entry({ base }: Context, mode: 'match' | 'include') {
  return ({ type, id, body }: Version): BundleEntry => ({
    fullUrl: `${base}/${type}/${id}`,
    resource: body,
    search: { mode },
  });
}
