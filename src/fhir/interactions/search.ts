/**
 * FHIR search-type interaction.
 * https://hl7.org/fhir/R4/http.html#search
 */
import { newId } from '../../shared/id.ts';
import type { SearchPage } from '../../store/search/query.ts';
import type { Context } from '../context.ts';
import { outcome } from '../outcome.ts';
import type { Reply } from '../reply.ts';
import { type BundleEntry, bundleText } from '../search/bundle.ts';
import { searcherOf } from '../search/criteria.ts';
import { type Included, included, maxIncluded } from '../search/include.ts';
import { askedPage, pageLinks } from '../search/page.ts';
import { parseSearch, type Search } from '../search/parse.ts';
import { demand } from './guard.ts';

export interface SearchRequest {
  readonly type: string;
  /** Of the URL and, by POST, of the form, together. */
  readonly params: URLSearchParams;
  /** `Prefer: handling=strict`: unknown parameters are refused and not ignored. */
  readonly strict?: boolean;
}

/** One page of the matches as a Bundle of type searchset. */
export async function search(context: Context, { type, params, strict = false }: SearchRequest): Promise<Reply> {
  demand(context.access, 's', type);
  const link = params.get('_page');
  const page = askedPage(context, type, link);
  const asked = page ? new URLSearchParams(page.query) : params;
  const parsed = parseSearch(searcherOf(context), { type, params: asked, strict });
  const found = await context.store.search({ ...parsed.query, ...(page ? { after: page.after } : {}) });
  const around = await included(context, found.versions, parsed.includes);
  const text = bundleText(
    {
      type: 'searchset',
      id: newId(context.now().getTime()),
      updated: context.now().toISOString(),
      total: found.total,
      links: pageLinks(context, { path: type, query: parsed.used.toString(), link, next: found.next }),
    },
    entriesOf(context, parsed, found, around),
  );
  const query = `${type}?${parsed.used}`;
  return { status: 200, text, shown: [...found.versions, ...around.versions], query, params: parsed.used };
}

function entriesOf({ base }: Context, { warnings }: Search, { versions }: SearchPage, around: Included): BundleEntry[] {
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
  const entry = (mode: 'match' | 'include') => (version: { type: string; id: string; body: string }) => ({
    fullUrl: `${base}/${version.type}/${version.id}`,
    resource: version.body,
    search: { mode },
  });
  const said =
    issues.length === 0 ? [] : [{ resource: JSON.stringify(outcome(issues)), search: { mode: 'outcome' } as const }];
  return [...versions.map(entry('match')), ...around.versions.map(entry('include')), ...said];
}
