/**
 * What `_include` and `_revinclude` bring along, never more than the caller may see.
 * https://hl7.org/fhir/R4/search.html#include
 */

import type { Version } from '../../store/resources/version.ts';
import type { Clause } from '../../store/search/query.ts';
import type { Context } from '../context.ts';
import { resourceTypes } from '../definitions/types.ts';
import { visible, visiblePast } from '../interactions/visible.ts';
import { restriction, searcherOf } from './criteria.ts';
import { pointers } from './include-pointers.ts';
import type { Include } from './include-value.ts';
import { parameterOf, r4Parameters } from './parameters.ts';

/** More than this comes with no page, however many ask for it. */
export const maxIncluded = 1000;

export interface Included {
  readonly versions: readonly Version[];
  /** Whether there would have been more. */
  readonly truncated: boolean;
}

interface Gathering {
  readonly context: Context;
  readonly seen: Set<string>;
  readonly found: Version[];
  truncated: boolean;
}

const nameOf = ({ type, id, version }: Pick<Version, 'type' | 'id' | 'version'>): string => `${type}/${id}/${version}`;

/** Everything that the includes ask for around `matches`, each once and none of the matches themselves. */
export async function included(
  context: Context,
  matches: readonly Version[],
  includes: readonly Include[],
): Promise<Included> {
  const gathering: Gathering = { context, seen: new Set(matches.map(nameOf)), found: [], truncated: false };
  let around = matches;
  let asked = includes;
  // What was seen is not gone through again, so that circles end.
  while (around.length > 0 && asked.length > 0 && !gathering.truncated) {
    const before = gathering.found.length;
    const forward = asked.filter(({ reverse }) => !reverse);
    if (forward.length > 0) await gatherForward(gathering, around, forward);
    for (const include of asked.filter(({ reverse }) => reverse)) await gatherReverse(gathering, around, include);
    around = gathering.found.slice(before);
    asked = includes.filter(({ iterate }) => iterate);
  }
  return { versions: gathering.found, truncated: gathering.truncated };
}

async function gatherForward(
  gathering: Gathering,
  around: readonly Version[],
  includes: readonly Include[],
): Promise<void> {
  const { context } = gathering;
  const { resources } = context.store;
  const { current, versioned, canonical } = pointers(context, around, includes);
  const known = new Set(gathering.found.concat(around).map(({ type, id }) => `${type}/${id}`));
  const wanted = current.filter(({ type, id }) => !known.has(`${type}/${id}`));
  if (wanted.length > maxIncluded) gathering.truncated = true;
  await keep(gathering, await resources.readMany(wanted.slice(0, maxIncluded)));
  if (versioned.length > maxIncluded) gathering.truncated = true;
  const named = versioned.slice(0, maxIncluded);
  // https://hl7.org/fhir/R4/search.html#include: of a versioned reference, that version.
  const past = await Promise.all(named.map(({ type, id, version }) => resources.readVersion(type, id, version)));
  await keep(
    gathering,
    await visiblePast(
      context,
      past.filter((version) => version !== undefined && !version.deleted) as readonly Version[],
    ),
  );
  for (const [type, urls] of canonical) await keep(gathering, await definitions(gathering, type, urls));
}

/** The resources of a type that canonical URLs name: of one without a version, the one that was written last. */
async function definitions(
  { context }: Gathering,
  type: string,
  canonicals: ReadonlySet<string>,
): Promise<readonly Version[]> {
  if (!context.access.may('s', type)) return [];
  const any = [...new Set([...canonicals].map((url) => url.replace(/\|.*$/, '')))];
  const where: Clause[] = [
    { kind: 'uri', param: `${type}.url`, any, match: 'exact' },
    ...restriction(searcherOf(context), type),
  ];
  const page = await context.store.search({ type, where, sort: [], count: maxIncluded, total: 'none' });
  const latest = new Set<string>();
  return page.versions.filter(({ body }) => {
    const { url = '', version = '' } = JSON.parse(body) as { readonly url?: string; readonly version?: string };
    const isLatest = canonicals.has(url) && !latest.has(url);
    latest.add(url);
    return isLatest || canonicals.has(`${url}|${version}`);
  });
}

/** What is pointed at, and the canonical URLs that name it, too. */
type Named = ReadonlyMap<Version, readonly string[]>;

async function gatherReverse(gathering: Gathering, around: readonly Version[], include: Include): Promise<void> {
  const { context } = gathering;
  const { source, target } = include;
  const pointed = around.filter(({ type }) => target === undefined || target === type);
  if (pointed.length === 0) return;
  const named: Named = new Map(pointed.map((version) => [version, canonicalsOf(context, version)]));
  const searcher = searcherOf(context);
  const sources = (source === '*' ? resourceTypes() : [source]).filter((type) => context.access.may('s', type));
  const parts = sources.flatMap((type) => {
    const where = pointing(context, type, include.code, named);
    return where ? [{ type, where: [where, ...restriction(searcher, type)], sort: [] }] : [];
  });
  const [first, ...also] = parts;
  if (!first) return;
  const room = maxIncluded - gathering.found.length;
  if (room === 0) {
    gathering.truncated = true;
    return;
  }
  const page = await context.store.search({
    ...first,
    ...(also.length > 0 ? { also } : {}),
    count: room,
    total: 'none',
  });
  if (page.next !== undefined) gathering.truncated = true;
  await keep(gathering, page.versions.filter(pointsAt(context, named, include)));
}

/** The canonical URLs that name a resource, where its type has any. */
function canonicalsOf(context: Context, { type, body }: Version): readonly string[] {
  if (parameterOf(context, type, 'url')?.type !== 'uri') return [];
  const { url, version } = JSON.parse(body) as { readonly url?: string; readonly version?: string };
  if (typeof url !== 'string') return [];
  return typeof version === 'string' ? [url, `${url}|${version}`] : [url];
}

/** A canonical with a version is indexed without it, too: what names another version than those is left out. */
function pointsAt(context: Context, named: Named, include: Include): (version: Version) => boolean {
  const canonicals = new Set([...named.values()].flat());
  if (canonicals.size === 0) return () => true;
  const names = new Set([...named.keys()].map(({ type, id }) => `${type}/${id}`));
  return (version) => {
    const { current, versioned, canonical } = pointers(context, [version], [{ ...include, source: version.type }]);
    const isNamed = [...current, ...versioned].some(({ type, id }) => names.has(`${type}/${id}`));
    return isNamed || [...canonical.values()].some((urls) => [...urls].some((url) => canonicals.has(url)));
  };
}

/** That a resource of the type points by the parameter (`*`: by any) at one of those; undefined: it never does. */
function pointing(
  { parameters = r4Parameters }: Context,
  type: string,
  code: string,
  named: Named,
): Clause | undefined {
  const ways = parameters
    .parameters(type)
    .filter((parameter) => parameter.type === 'reference' && (code === '*' || code === parameter.code))
    .flatMap((parameter): Clause[][] => {
      const any = [...named]
        .filter(([version]) => parameter.targets?.includes(version.type) ?? true)
        .flatMap(([{ type: of, id }, urls]) => [{ type: of, id }, ...urls.map((url) => ({ url }))]);
      return any.length > 0 ? [[{ kind: 'reference', param: `${type}.${parameter.code}`, any }]] : [];
    });
  if (ways.length === 0) return undefined;
  const [[only] = []] = ways;
  return ways.length === 1 ? only : { kind: 'either', ways };
}

async function keep(gathering: Gathering, versions: readonly (Version | undefined)[]): Promise<void> {
  const there = versions.filter((version) => version !== undefined && !version.deleted);
  const others = there.filter((version) => version !== undefined && !gathering.seen.has(nameOf(version)));
  for (const version of await visible(gathering.context, 'r', others as readonly Version[])) {
    if (gathering.seen.has(nameOf(version))) continue;
    if (gathering.found.length === maxIncluded) {
      gathering.truncated = true;
      return;
    }
    gathering.seen.add(nameOf(version));
    gathering.found.push(version);
  }
}
