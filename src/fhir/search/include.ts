/**
 * What `_include` and `_revinclude` bring along, never more than the caller may see.
 * https://hl7.org/fhir/R4/search.html#include
 */
import type { Version } from '../../store/resources/version.ts';
import type { Context } from '../context.ts';
import { mayShow } from '../interactions/guard.ts';
import { restriction, searcherOf } from './criteria.ts';
import { extract } from './extract.ts';
import type { Include } from './include-value.ts';
import { r4Parameters } from './parameters.ts';

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

const nameOf = ({ type, id }: { readonly type: string; readonly id: string }): string => `${type}/${id}`;

/** Everything that the includes ask for around `matches`, each once and none of the matches themselves. */
export async function included(
  context: Context,
  matches: readonly Version[],
  includes: readonly Include[],
): Promise<Included> {
  const gathering: Gathering = { context, seen: new Set(matches.map(nameOf)), found: [], truncated: false };
  let around = matches;
  let asked = includes;
  while (around.length > 0 && asked.length > 0) {
    const before = gathering.found.length;
    await gatherForward(
      gathering,
      around,
      asked.filter(({ reverse }) => !reverse),
    );
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
  if (includes.length === 0) return;
  const targets = new Map<string, { readonly type: string; readonly id: string }>();
  for (const version of around) {
    for (const target of targetsOf(gathering.context, version, includes)) {
      if (!gathering.seen.has(nameOf(target))) targets.set(nameOf(target), target);
    }
  }
  const versions = await gathering.context.store.resources.readMany([...targets.values()].slice(0, maxIncluded));
  keep(gathering, versions);
}

function targetsOf(
  { base, parameters }: Context,
  version: Version,
  includes: readonly Include[],
): { readonly type: string; readonly id: string }[] {
  const asked = includes.filter(({ source }) => source === '*' || source === version.type);
  if (asked.length === 0) return [];
  return extract(JSON.parse(version.body), { base, parameters }).flatMap((row) => {
    if (row.kind !== 'reference' || !row.target) return [];
    const { type, id } = row.target;
    const wanted = asked.some(
      ({ code, target }) =>
        (code === '*' || row.param === `${version.type}.${code}`) && (target === undefined || target === type),
    );
    return wanted ? [{ type, id }] : [];
  });
}

async function gatherReverse(gathering: Gathering, around: readonly Version[], include: Include): Promise<void> {
  const { context } = gathering;
  const { source, code, target } = include;
  const any = around
    .filter(({ type }) => target === undefined || target === type)
    .map(({ type, id }) => ({ type, id }));
  if (any.length === 0 || !context.access.may('s', source)) return;
  const searcher = searcherOf(context);
  const codes = code === '*' ? referenceCodes(context, source) : [code];
  for (const one of codes) {
    const room = maxIncluded - gathering.found.length;
    const where = [{ kind: 'reference', param: `${source}.${one}`, any } as const, ...restriction(searcher, source)];
    const page = await context.store.search({ type: source, where, sort: [], count: room, total: 'none' });
    if (page.next !== undefined) gathering.truncated = true;
    keep(gathering, page.versions);
  }
}

function referenceCodes({ parameters = r4Parameters }: Context, type: string): readonly string[] {
  return parameters
    .parameters(type)
    .filter((parameter) => parameter.type === 'reference')
    .map(({ code }) => code);
}

function keep(gathering: Gathering, versions: readonly (Version | undefined)[]): void {
  for (const version of versions) {
    if (!version || version.deleted || gathering.seen.has(nameOf(version))) continue;
    if (!mayShow(gathering.context.access, 'r', version)) continue;
    if (gathering.found.length === maxIncluded) {
      gathering.truncated = true;
      return;
    }
    gathering.seen.add(nameOf(version));
    gathering.found.push(version);
  }
}
