/**
 * What a query reads: each resource authorised, all of them noted for the audit, and no more than a budget allows.
 * https://hl7.org/fhir/R4/graphql.html#searching
 */
import { FhirError } from '../../shared/errors.ts';
import type { Version } from '../../store/resources/version.ts';
import type { SearchPage } from '../../store/search/query.ts';
import type { Context } from '../context.ts';
import { demand, gone, notFound } from '../interactions/guard.ts';
import { mayShow, visible } from '../interactions/visible.ts';
import { askedPage, type PageLink, pageLinks, placeOf } from '../search/page.ts';
import { maxCount, parseSearchIn } from '../search/parse.ts';

/** Elements that are looked at, resources that are read, searches that are run, seconds that all of it may take. */
const budget = { elements: 100_000, reads: 5000, searches: 200, seconds: 20 } as const;

export interface Found {
  readonly versions: readonly Version[];
  readonly total?: number | undefined;
  readonly count: number;
  readonly first?: string;
  readonly previous?: string;
  readonly next?: string;
}

/** One query's reads. */
export class Reads {
  readonly context: Context;
  readonly shown = new Map<string, Version>();
  readonly #began: number;
  readonly #spent = { elements: 0, reads: 0, searches: 0 };

  constructor(context: Context) {
    this.context = context;
    this.#began = context.now().getTime();
  }

  spend(what: 'elements' | 'reads' | 'searches', number = 1): void {
    this.#spent[what] += number;
    const seconds = (this.context.now().getTime() - this.#began) / 1000;
    if (this.#spent[what] <= budget[what] && seconds <= budget.seconds) return;
    const most = seconds > budget.seconds ? `${budget.seconds} seconds` : `${budget[what]} ${what}`;
    const diagnostics = `The query needs more than ${most}; ask for less at once.`;
    throw new FhirError('invalid', diagnostics, { issues: [{ severity: 'error', code: 'too-costly', diagnostics }] });
  }

  /** A resource by its name. Throws as the read interaction does. */
  async read(type: string, id: string): Promise<Version> {
    const { access, store } = this.context;
    this.spend('reads');
    demand(access, 'r', type);
    const version = await store.resources.read(type, id);
    if (!version || (!version.deleted && !(await mayShow(this.context, 'r', version)))) throw notFound(`${type}/${id}`);
    if (version.deleted) throw gone(`${type}/${id}`);
    return this.#note(version);
  }

  /** The resource that a reference names; undefined when it is not here, or not for the caller. */
  async resolve(type: string, id: string): Promise<Version | undefined> {
    const { access, store } = this.context;
    this.spend('reads');
    if (!access.may('r', type)) return undefined;
    const version = await store.resources.read(type, id);
    return version && !version.deleted && (await mayShow(this.context, 'r', version)) ? this.#note(version) : undefined;
  }

  /** The resources that a search finds, all of them: throws when one page does not hold them and no `_count` was given. */
  async list(type: string, params: URLSearchParams): Promise<readonly Version[]> {
    const limited = params.has('_count');
    const { page } = await this.#search(type, limited ? params : withCount(params), undefined);
    if (page.next !== undefined && !limited) {
      const diagnostics = `${type}List has more than ${maxCount} matches; narrow it, give _count, or use ${type}Connection.`;
      throw new FhirError('invalid', diagnostics, { issues: [{ severity: 'error', code: 'too-costly', diagnostics }] });
    }
    return page.versions;
  }

  /** One page of a search, and the cursors of others. `cursor` is one of them, and says what is searched. */
  async connection(type: string, asked: URLSearchParams, cursor: string | undefined): Promise<Found> {
    const path = `${type}Connection`;
    const link = askedPage(this.context, path, cursor ?? null);
    const params = link ? new URLSearchParams(link.query) : asked;
    const { page, count } = await this.#search(type, params, link);
    const query = params.toString();
    const { next, previous } = page;
    const links = pageLinks(this.context, { path, query, link: cursor ?? null, next, previous });
    const cursors = links.flatMap(({ relation, url }) => {
      const sealed = new URL(url).searchParams.get('_page');
      return relation === 'self' || sealed === null ? [] : [[relation, sealed]];
    });
    return { versions: page.versions, total: page.total, count, ...Object.fromEntries(cursors) };
  }

  async #search(
    type: string,
    params: URLSearchParams,
    link: PageLink | undefined,
  ): Promise<{ page: SearchPage; count: number }> {
    const { access, store } = this.context;
    this.spend('searches');
    demand(access, 's', type);
    const { query, includes } = await parseSearchIn(this.context, { type, params, strict: true });
    if (includes.length > 0)
      throw new FhirError('invalid', 'Searches of a query include nothing; select resources through references.');
    const page = await store.search({ ...query, ...placeOf(link) });
    const versions = await visible(this.context, 'r', page.versions);
    this.spend('reads', versions.length);
    return { page: { ...page, versions: versions.map((version) => this.#note(version)) }, count: query.count };
  }

  #note(version: Version): Version {
    this.shown.set(`${version.type}/${version.id}`, version);
    return version;
  }
}

function withCount(params: URLSearchParams): URLSearchParams {
  const all = new URLSearchParams(params);
  all.set('_count', String(maxCount));
  return all;
}
