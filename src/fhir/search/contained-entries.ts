/**
 * The entries of a page of containers when what they contain is asked for by itself: each contained resource that matches,
 * named after its container.
 * https://hl7.org/fhir/R4/search.html#contained
 */
import type { Version } from '../../store/resources/version.ts';
import type { Clause } from '../../store/search/query.ts';
import type { Context } from '../context.ts';
import { jsonValue, type Node, nodeOf, parseTree, printTree } from '../json/tree.ts';
import type { BundleEntry } from './bundle.ts';
import { type ContainedSearch, placeClauses } from './contained-search.ts';

type Entry = Required<Pick<BundleEntry, 'fullUrl' | 'resource'>>;

/** What to show instead of each of the versions, in their order. */
export async function containedEntries(
  { store, base }: Pick<Context, 'store' | 'base'>,
  search: ContainedSearch,
  versions: readonly Version[],
): Promise<readonly Entry[]> {
  const found = new Map<Version, { readonly itself: boolean; readonly places: ReadonlySet<number> }>();
  for (const type of new Set(versions.map((version) => version.type))) {
    const own = versions.filter((version) => version.type === type);
    const ways = (search.places.get(type) ?? []).map((place) => ({ place, where: placeClauses(search, type, place) }));
    const matching = (where: readonly Clause[]) => idsOf(store, type, own, where);
    const byPlace = await Promise.all(ways.map(async ({ place, where }) => ({ place, ids: await matching(where) })));
    const itself = search.own && type === search.type ? await matching(search.own) : new Set<string>();
    for (const version of own) {
      const places = new Set(byPlace.filter(({ ids }) => ids.has(version.id)).map(({ place }) => place));
      found.set(version, { itself: itself.has(version.id), places });
    }
  }
  return versions.flatMap((version) => {
    const { itself, places } = found.get(version) ?? { itself: false, places: new Set() };
    const url = `${base}/${version.type}/${version.id}`;
    const inside = containedIn(version, search.type).filter((_, place) => places.has(place));
    return [
      ...(itself ? [{ fullUrl: url, resource: version.body }] : []),
      ...inside.map(({ id, text }) => ({ fullUrl: `${url}#${id}`, resource: text })),
    ];
  });
}

/** How many entries all pages have together. */
export async function containedTotal(store: Context['store'], search: ContainedSearch): Promise<number> {
  const { type, own, places, beyond } = search;
  const inside = [...places].flatMap(([container, at]) =>
    at.map((place) => [container, [...placeClauses(search, container, place), ...beyond(container)]] as const),
  );
  const all: readonly (readonly [string, readonly Clause[]])[] = own ? [[type, own], ...inside] : inside;
  const pages = await Promise.all(
    all.map(([of, where]) => store.search({ type: of, where, sort: [], count: 0, total: 'accurate' })),
  );
  return pages.reduce((sum, { total = 0 }) => sum + total, 0);
}

async function idsOf(
  store: Context['store'],
  type: string,
  versions: readonly Version[],
  where: readonly Clause[],
): Promise<ReadonlySet<string>> {
  const any = versions.map(({ id }) => id);
  const clauses: readonly Clause[] = [{ kind: 'id', any }, ...where];
  const page = await store.search({ type, where: clauses, sort: [], count: any.length, total: 'none' });
  return new Set(page.versions.map(({ id }) => id));
}

/** The contained resources of a type, by their places, as they are written. */
function containedIn({ body }: Version, type: string): readonly { readonly id: string; readonly text: string }[] {
  const list = nodeOf(parseTree(body), ['contained']);
  if (list?.kind !== 'array') return [];
  const known = new Set<unknown>();
  return list.items.flatMap((item: Node) => {
    const id = nodeOf(item, ['id']);
    const resourceType = nodeOf(item, ['resourceType']);
    const name = id && jsonValue(id);
    if (typeof name !== 'string' || known.has(name)) return [];
    known.add(name);
    return resourceType && jsonValue(resourceType) === type ? [{ id: name, text: printTree(item) }] : [];
  });
}
