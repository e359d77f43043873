/** Gathers what an import reads into batches, keeps the words of all names, and checks the counts before anybody sees it. */
import type { Store } from '../../../store/store.ts';
import { addAncestors } from '../../../store/terminology/ancestors.ts';
import {
  addConcepts,
  addNames,
  addParents,
  addProperties,
  addWords,
  beginLoad,
  countLoaded,
  finishLoad,
  type NewConcept,
  type NewName,
  type NewProperty,
  type NewSystem,
  setDisplays,
} from '../../../store/terminology/load.ts';
import { wordsOf } from '../words.ts';

export interface Counts {
  readonly concepts: number;
  readonly names: number;
  readonly properties: number;
  readonly links: number;
  /** Pairs of the hierarchy, however far apart. */
  readonly ancestors: number;
  /** Names, properties and links of codes that the system does not have. */
  readonly skipped: number;
}

export interface Loader {
  concept(concept: Omit<NewConcept, 'n'>): Promise<void>;
  name(name: NewName): Promise<void>;
  /** Replaces the display under which the concept was added. */
  display(code: string, display: string): Promise<void>;
  property(property: NewProperty): Promise<void>;
  parent(child: string, parent: string): Promise<void>;
  /** Further words by which the concept is found. */
  words(code: string, text: string): Promise<void>;
  /** Makes the system visible. Throws, and leaves it unseen, when the database does not have what was read. */
  finish(): Promise<Counts>;
}

/** Told now and then what is going on. */
export type Progress = (step: string, done: number) => void;

const batchSize = 5000;
/** Longer words are no words. */
const longestWord = 40;

/** A list that is written when it is full. */
function batch<T>(write: (items: readonly T[]) => Promise<number>, told: (done: number) => void) {
  let items: T[] = [];
  const count = { given: 0, written: 0 };
  const flush = async () => {
    const full = items;
    items = [];
    if (full.length === 0) return;
    count.written += await write(full);
    told(count.given);
  };
  return {
    count,
    flush,
    async add(item: T) {
      items.push(item);
      count.given++;
      if (items.length >= batchSize) await flush();
    },
  };
}

/** Begins an import; what is written stays unseen until `finish`. */
export async function openLoader(
  store: Pick<Store, 'db' | 'transaction'>,
  system: NewSystem,
  progress: Progress,
): Promise<Loader> {
  const { db } = store;
  const id = await beginLoad(db, system);
  let next = 0;
  const tell = (step: string) => (done: number) => progress(step, done);
  const concepts = batch<NewConcept>(async (items) => {
    await addConcepts(db, id, items);
    return items.length;
  }, tell('concepts'));
  const names = batch<NewName>((items) => addNames(db, id, items), tell('names'));
  const properties = batch<NewProperty>((items) => addProperties(db, id, items), tell('properties'));
  const links = batch<{ child: string; parent: string }>((items) => addParents(db, id, items), tell('links'));
  const displays = batch<{ code: string; display: string }>(async (items) => {
    await setDisplays(db, id, items);
    return items.length;
  }, tell('displays'));
  const words = batch<{ code: string; word: string }>(
    (items) => addWords(db, id, items),
    () => {},
  );

  const addText = async (code: string, text: string) => {
    for (const word of new Set(wordsOf(text))) if (word.length <= longestWord) await words.add({ code, word });
  };
  /** Everything else is filed under concepts that have to be there. */
  const afterConcepts = () => concepts.flush();

  return {
    async concept(concept) {
      await concepts.add({ n: next++, ...concept });
    },
    async name(name) {
      await afterConcepts();
      await names.add(name);
      await addText(name.code, name.value);
    },
    async display(code, display) {
      await afterConcepts();
      await displays.add({ code, display });
    },
    async property(property) {
      await afterConcepts();
      await properties.add(property);
    },
    async parent(child, parent) {
      await afterConcepts();
      await links.add({ child, parent });
    },
    async words(code, text) {
      await afterConcepts();
      await addText(code, text);
    },
    async finish() {
      for (const each of [concepts, names, properties, links, displays, words]) await each.flush();
      const loaded = await countLoaded(db, id);
      if (loaded !== next) {
        throw new Error(`${next} concepts were read, but the database has ${loaded}; the import stays unseen.`);
      }
      const ancestors = await addAncestors(db, id, next, tell('ancestors'));
      await finishLoad(store, id);
      const all = [names, properties, links];
      return {
        concepts: next,
        names: names.count.written,
        properties: properties.count.written,
        links: links.count.written,
        ancestors,
        skipped: all.reduce((sum, { count }) => sum + count.given - count.written, 0),
      };
    },
  };
}
