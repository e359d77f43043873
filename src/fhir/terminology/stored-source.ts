/** The code systems, value sets and concept maps that were put on this server, kept up to date in every process. */
import { FhirError } from '../../shared/errors.ts';
import type { Version } from '../../store/resources/version.ts';
import type { Store } from '../../store/store.ts';
import { type Definition, headerOf, type Listed, type Source, sourceOf } from './source.ts';

const types = ['CodeSystem', 'ValueSet', 'ConceptMap'] as const;
const pageSize = 100;

export interface StoredSource {
  /** Complete from the first call on. */
  current(): Promise<Source>;
  /** Reads again what changed; an empty list: everything. */
  changed(changes: readonly { readonly type: string; readonly id: string }[]): Promise<void>;
}

/** Opens nothing until somebody asks; then the headers of all stored definitions are read once. */
export function storedSource(store: Pick<Store, 'search' | 'resources'>): StoredSource {
  let loading: Promise<Map<string, Listed>> | undefined;
  let source: Source | undefined;

  const load = () => {
    const mine = loadAll(store);
    loading = mine;
    // What could not be read now may be read at the next question.
    mine.catch(() => {
      if (loading === mine) loading = undefined;
    });
    return mine;
  };

  return {
    async current() {
      const listed = await (loading ?? load());
      source ??= sourceOf([...listed.values()]);
      return source;
    },
    async changed(changes) {
      const before = loading;
      if (!before) return;
      source = undefined;
      if (changes.length === 0) return void (await load());
      const listed = await before;
      const targets = changes.map(({ type, id }) => ({ type, id }));
      const versions = await store.resources.readMany(targets);
      targets.forEach(({ type, id }, at) => {
        const version = versions[at];
        const entry = version && !version.deleted ? listedOf(store, version) : undefined;
        if (entry) listed.set(`${type}/${id}`, entry);
        else listed.delete(`${type}/${id}`);
      });
      source = undefined;
    },
  };
}

async function loadAll(store: Pick<Store, 'search' | 'resources'>): Promise<Map<string, Listed>> {
  const listed = new Map<string, Listed>();
  for (const type of types) {
    let after: string | undefined;
    do {
      const query = { type, where: [], sort: [], count: pageSize, total: 'none' as const };
      const page = await store.search({ ...query, ...(after === undefined ? {} : { after }) });
      for (const version of page.versions) {
        const entry = listedOf(store, version);
        if (entry) listed.set(`${type}/${version.id}`, entry);
      }
      after = page.next;
    } while (after !== undefined);
  }
  return listed;
}

function listedOf(store: Pick<Store, 'resources'>, { type, id, version, updated, body }: Version): Listed | undefined {
  const header = headerOf(JSON.parse(body) as Definition);
  if (!header) return undefined;
  const stored = `${type}/${id}`;
  const read = async () => {
    // That very version: the headers and what is made of them belong together.
    const found = await store.resources.readVersion(type, id, version);
    if (!found || found.deleted) throw new FhirError('busy', `${stored} has just changed; ask again.`);
    return JSON.parse(found.body) as Definition;
  };
  return { ...header, key: `${stored}/_history/${version}`, stored, updated, read };
}
