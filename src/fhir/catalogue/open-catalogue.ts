/**
 * What this server searches by, as it is now: R4's parameters, and the SearchParameter resources that are active. Every
 * process has one, and sees a change before the write that made it is answered there, or within a second elsewhere.
 */
import type { SearchParameter as Definition } from '@medplum/fhirtypes';
import type { Logger } from '../../shared/logger.ts';
import type { OpenStore } from '../../store/open.ts';
import { planReindex, readGeneration } from '../../store/reindex/plan-reindex.ts';
import type { Store } from '../../store/store.ts';
import { resourceTypes } from '../definitions/types.ts';
import { compilePaths } from '../search/extract-paths.ts';
import { extractorVersion } from '../search/extractor-version.ts';
import { r4Parameters, type SearchParameters } from '../search/parameters.ts';
import { type Effective, effective, mergedParameters } from './merged-parameters.ts';
import { type PostedParameter, postedParameter } from './posted-parameter.ts';

export interface Catalogue {
  /** Always as they are now; the lists that it gives stay as they were. */
  readonly parameters: SearchParameters;
  /** The posted parameters, each for each of its types. */
  added(): readonly Effective[];
  /** Resolves when everything that was committed before is seen. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

export interface CatalogueOptions {
  readonly store: Store & Pick<OpenStore, 'watch'>;
  readonly log: Logger;
}

const AT_ONCE = 500;
/** So often the definitions may change while they are being read. */
const TRIES = 50;

/** What could not be compiled would hinder every write of its types; it was checked when it was written, by that release. */
function isUsable({ parameter, types }: PostedParameter): boolean {
  try {
    for (const type of types) compilePaths(parameter.expression, type);
    return types.length > 0;
  } catch {
    return false;
  }
}

async function readPosted(store: Store, log: Logger): Promise<readonly PostedParameter[]> {
  const found: PostedParameter[] = [];
  let after: string | undefined;
  do {
    const page = await store.search({
      type: 'SearchParameter',
      where: [{ kind: 'token', param: 'SearchParameter.status', any: [{ code: 'active' }] }],
      sort: [{ param: '_id', kind: 'id', descending: false }],
      count: AT_ONCE,
      total: 'none',
      ...(after === undefined ? {} : { after }),
    });
    for (const { body, id } of page.versions) {
      const posted = postedParameter(JSON.parse(body) as Definition);
      if (posted && isUsable(posted)) found.push(posted);
      else log.warn('an active search parameter cannot be searched by', { id });
    }
    after = page.next;
  } while (after !== undefined);
  return found;
}

interface Loaded {
  readonly parameters: SearchParameters;
  readonly added: readonly Effective[];
}

/** Reads the definitions and plans what is to be indexed by them, before anybody uses them. */
async function load({ store, log }: CatalogueOptions, version: number): Promise<Loaded> {
  for (let tries = 0; tries < TRIES; tries++) {
    const generation = await readGeneration(store);
    const added = effective(await readPosted(store, log));
    const params = new Map(added.map(({ param, type, posted: { fingerprint } }) => [param, { type, fingerprint }]));
    const wanted = { generation, extractor: extractorVersion, params, types: resourceTypes() };
    const indexed = await planReindex(store, wanted);
    if (indexed) return { added, parameters: mergedParameters(added, { version, generation, indexed }) };
  }
  throw new Error('The search parameters change faster than they can be read.');
}

/** Reads the active SearchParameters, and again whenever one of them changes, until closed. */
export async function openCatalogue(options: CatalogueOptions): Promise<Catalogue> {
  let current: Loaded = { parameters: r4Parameters, added: [] };
  let last: Promise<unknown> = Promise.resolve();

  /** One after the other, so that an older state never comes after a newer one. */
  function refresh(): Promise<void> {
    const next = last.then(async () => {
      current = await load(options, current.parameters.version + 1);
    });
    last = next.catch(() => undefined);
    return next;
  }

  const watch = await options.store.watch(['SearchParameter'], refresh);
  await refresh();
  const parameters: SearchParameters = {
    get version() {
      return current.parameters.version;
    },
    get generation() {
      return current.parameters.generation;
    },
    parameters: (type) => current.parameters.parameters(type),
    parameter: (type, code) => current.parameters.parameter(type, code),
    byUrl: (url) => current.parameters.byUrl(url),
  };
  return { parameters, added: () => current.added, refresh, close: () => watch.close() };
}
