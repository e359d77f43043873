/** Search rows of stored versions, made anew in slices so short that other requests of the process do not wait. */
import { setImmediate as turn } from 'node:timers/promises';
import type { StoredVersion } from '../../store/reindex/index-versions.ts';
import type { IndexRow } from '../../store/search/index-row.ts';
import { extract } from '../search/extract.ts';
import type { SearchParameter, SearchParameters } from '../search/parameters.ts';

export interface Reading {
  readonly parameters: SearchParameters;
  readonly base: string;
}

/** Longest stretch without giving way, milliseconds. */
const SLICE_MS = 8;

export interface IndexedVersion extends Pick<StoredVersion, 'rkey' | 'v'> {
  readonly index: readonly IndexRow[];
}

/** What each version can be found by. */
export async function indexOf(
  versions: readonly StoredVersion[],
  { parameters, base }: Reading,
): Promise<readonly IndexedVersion[]> {
  const found: IndexedVersion[] = [];
  let began = performance.now();
  for (const { rkey, v, body } of versions) {
    found.push({ rkey, v, index: extract(JSON.parse(body), { base, parameters }) });
    if (performance.now() - began < SLICE_MS) continue;
    await turn();
    began = performance.now();
  }
  return found;
}

/** The same parameters reduced to some of them (`Type.code`). */
export function only(parameters: SearchParameters, params: readonly string[]): SearchParameters {
  const wanted = new Set(params);
  const lists = new Map<string, readonly SearchParameter[]>();
  const listOf = (type: string): readonly SearchParameter[] => {
    const before = lists.get(type);
    if (before) return before;
    const list = parameters.parameters(type).filter(({ code }) => wanted.has(`${type}.${code}`));
    lists.set(type, list);
    return list;
  };
  return { ...parameters, parameters: listOf, isPart: true };
}
