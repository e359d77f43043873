/**
 * `_contained` and `_containedType`: contained resources as what is searched for. A page is one of containers, which are
 * current, versioned and visible or not; of them either they or what they contain is shown.
 * https://hl7.org/fhir/R4/search.html#contained
 */
import { codesInUse } from '../../store/search/codes-in-use.ts';
import type { Clause, SearchQuery, SortKey } from '../../store/search/query.ts';
import { insideClauses } from './contained-clause.ts';
import { placeCode, placed, placesParam } from './contained-names.ts';
import { restriction, type Searcher } from './criteria.ts';
import { r4Parameters } from './parameters.ts';
import { bad } from './values.ts';

/** What of a search's matches are contained ones, and how they are shown. */
export interface ContainedSearch {
  /** The type that is searched for. */
  readonly type: string;
  /** The contained resources themselves, and not their containers. */
  readonly alone: boolean;
  /** What the search asks of a resource of the type. */
  readonly where: readonly Clause[];
  /** By the type of the container the places at which the store has some. */
  readonly places: ReadonlyMap<string, readonly number[]>;
  /** What containers of a type must fulfil besides. */
  readonly beyond: (container: string) => readonly Clause[];
  /** What those that are not contained must fulfil; absent: they are not asked for. */
  readonly own?: readonly Clause[];
}

export type SearchPart = Pick<SearchQuery, 'type' | 'where' | 'sort'>;

export interface ContainedAsked {
  readonly type: string;
  readonly contained: 'true' | 'both';
  readonly alone: boolean;
  readonly where: readonly Clause[];
  readonly sort: readonly SortKey[];
  /** What else containers of a type must fulfil: a compartment. */
  readonly within: (type: string) => readonly Clause[];
  /** Names of the parameters that were used. */
  readonly names: Iterable<string>;
}

/** The parts of a search for containers, one of each type that has some; of a search for both those of `own`, too. */
export function containedSearch(
  searcher: Searcher,
  asked: ContainedAsked,
  own: readonly SearchPart[],
): { readonly parts: readonly SearchPart[]; readonly search: ContainedSearch } {
  const { type, contained, alone, where, sort, within } = asked;
  demandR4(searcher, type, asked.names);
  const places = placesOf(searcher, type);
  const beyond = (container: string) => [...within(container), ...restriction(searcher, container)];
  const [itself] = contained === 'both' ? own : [];
  const search = { type, alone, where, places, beyond, ...(itself ? { own: itself.where } : {}) };
  const keys = sort.map((key) => (isColumn(key) ? key : { ...key, param: `${placed(0)}${key.param}` }));
  const parts = [...places].map(([container, at]) => ({
    type: container,
    where: [
      { kind: 'either' as const, ways: at.map((place) => placeClauses(search, container, place)) },
      ...beyond(container),
    ],
    sort: keys,
  }));
  if (itself) return { parts: merged(own, parts), search };
  return { parts: parts.length > 0 ? parts : own.map((part) => ({ ...part, where: [nothing] })), search };
}

const nothing: Clause = { kind: 'either', ways: [] };

/** What is found for itself and for what it contains is to be found once. */
function merged(own: readonly SearchPart[], containers: readonly SearchPart[]): readonly SearchPart[] {
  const types = new Set(own.map(({ type }) => type));
  const both = own.map((part): SearchPart => {
    const inside = containers.find(({ type }) => type === part.type);
    return inside ? { ...part, where: [{ kind: 'either', ways: [part.where, inside.where] }] } : part;
  });
  return [...both, ...containers.filter(({ type }) => !types.has(type))];
}

const isColumn = ({ kind }: SortKey): boolean => kind === 'id' || kind === 'updated';

/** What a container has to fulfil for what it contains at a place to match. */
export function placeClauses({ type, where }: ContainedSearch, container: string, place: number): readonly Clause[] {
  const any = [{ code: placeCode(container, place) }];
  return [{ kind: 'token', param: placesParam(type), any }, ...insideClauses(placed(place), type, where)];
}

/** Which types contain some, of those that the caller may search, and at which places. */
function placesOf({ access, lookUp }: Searcher, type: string): ReadonlyMap<string, readonly number[]> {
  if (!lookUp) throw bad('_contained', 'it is not possible here');
  const codes = lookUp<readonly string[]>(
    `contained ${type}`,
    ({ store }) => codesInUse(store.db, placesParam(type)),
    [],
  );
  const places = new Map<string, number[]>();
  for (const code of codes) {
    const [container = '', place] = code.split(' ');
    if (access.may('s', container)) places.set(container, [...(places.get(container) ?? []), Number(place)]);
  }
  return places;
}

function demandR4({ parameters }: Searcher, type: string, names: Iterable<string>): void {
  for (const name of names) {
    const [code = ''] = name.split(/[:.]/);
    const found = parameters?.parameter(type, code);
    if (found && r4Parameters.parameter(type, code)?.url !== found.url) {
      throw bad(name, 'contained resources are not indexed by posted parameters');
    }
  }
}
