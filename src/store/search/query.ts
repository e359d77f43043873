/** A search as a tree of plain values: `fhir/search` makes it of a URL, `compile.ts` makes SQL of it. */
import type { Version } from '../resources/version.ts';

/** `Type.code` of a search parameter. */
type Param = string;

export interface TokenValue {
  /** Absent: any system; empty: none. */
  readonly system?: string;
  /** Absent: any code of the system. */
  readonly code?: string;
}
export interface RangeValue {
  /** `ap` finds what overlaps the range, which the caller has widened; `co` what contains it. */
  readonly prefix: 'eq' | 'ne' | 'gt' | 'lt' | 'ge' | 'le' | 'sa' | 'eb' | 'ap' | 'co';
  /** The range that the searched value's precision covers (milliseconds for dates). */
  readonly low: number;
  readonly high: number;
}
export interface QuantityValue extends RangeValue {
  readonly system?: string;
  readonly code?: string;
  /** The searched range in another unit of the same system; undefined: there is none. The store asks for units it has. */
  readonly convert?: (code: string) => { readonly low: number; readonly high: number } | undefined;
}
export interface ReferenceValue {
  readonly type?: string;
  readonly id?: string;
  readonly url?: string;
}

/** What is asked of one component of a composite parameter; a string is to begin so. */
export type PartValue =
  | ({ readonly kind: 'token' } & TokenValue)
  | ({ readonly kind: 'reference' } & ReferenceValue)
  | { readonly kind: 'uri' | 'string'; readonly value: string }
  | ({ readonly kind: 'date' } & RangeValue)
  | ({ readonly kind: 'quantity' } & QuantityValue);
/** What a text is to say: words that follow each other, or several such together. */
export type TextQuery =
  | { readonly words: string }
  | { readonly all: readonly TextQuery[] }
  | { readonly any: readonly TextQuery[] }
  | { readonly not: TextQuery };
/** A circle on the earth. */
export interface Near {
  readonly latitude: number;
  readonly longitude: number;
  readonly kilometres: number;
}

/** One clause of a kind, for its compiler. */
export type ClauseOf<Kind extends Clause['kind']> = Extract<Clause, { readonly kind: Kind }>;

/** Clauses are ANDed, the values of one clause ORed. */
export type Clause =
  | { readonly kind: 'id'; readonly any: readonly string[] }
  | { readonly kind: 'updated'; readonly any: readonly RangeValue[] }
  | {
      readonly kind: 'token';
      readonly param: Param;
      readonly any: readonly TokenValue[];
      readonly not?: boolean;
      /** Whether all of the parameter's values are codes, which the dictionary has. */
      readonly coded?: boolean;
    }
  /** Tokens (or references) whose text begins so, with `codes` also those whose code does. */
  | {
      readonly kind: 'named';
      readonly param: Param;
      readonly of: 'token' | 'reference';
      readonly any: readonly string[];
      readonly codes?: boolean;
    }
  /** Identifiers of a type. */
  | {
      readonly kind: 'typed';
      readonly param: Param;
      readonly any: readonly { readonly system?: string; readonly type: string; readonly value: string }[];
    }
  /** Values that one element has together, in the order of the parameters' components. */
  | { readonly kind: 'composite'; readonly params: readonly Param[]; readonly any: readonly (readonly PartValue[])[] }
  /** Resources whose narrative, or all of whose text, says one of these. */
  | { readonly kind: 'text'; readonly part: 'narrative' | 'content'; readonly any: readonly TextQuery[] }
  | { readonly kind: 'near'; readonly param: Param; readonly any: readonly Near[] }
  | { readonly kind: 'reference'; readonly param: Param; readonly any: readonly ReferenceValue[] }
  /** Resources that point by any of `params` at one of these. */
  | { readonly kind: 'member'; readonly params: readonly Param[]; readonly any: readonly ReferenceValue[] }
  /** Resources whose reference `param` points at one of these, or at what points by any of `params` (of any type) at one. */
  | {
      readonly kind: 'link';
      readonly param: Param;
      readonly params: readonly Param[];
      readonly any: readonly ReferenceValue[];
    }
  | {
      readonly kind: 'string';
      readonly param: Param;
      readonly any: readonly string[];
      /** `equal` is exact but for case and accents; the last four are the order of characters. */
      readonly match: 'starts' | 'exact' | 'equal' | 'contains' | 'ends' | 'gt' | 'lt' | 'ge' | 'le';
    }
  | { readonly kind: 'date'; readonly param: Param; readonly any: readonly RangeValue[] }
  | { readonly kind: 'quantity'; readonly param: Param; readonly any: readonly QuantityValue[] }
  | {
      readonly kind: 'uri';
      readonly param: Param;
      readonly any: readonly string[];
      readonly match: 'exact' | 'below' | 'above';
    }
  | {
      readonly kind: 'missing';
      readonly param: Param;
      readonly missing: boolean;
      /** The parameter's type: where to look; without it everywhere is looked, which takes longer. */
      readonly of?: 'token' | 'reference' | 'string' | 'date' | 'number' | 'quantity' | 'uri' | 'composite' | 'special';
    }
  /** Resources whose reference `param` points at a resource (of one of `types`) that fulfils `where`. */
  | {
      readonly kind: 'chain';
      readonly param: Param;
      readonly targets: readonly { readonly type: string; readonly where: readonly Clause[] }[];
      /** Or that fulfil one of these lists themselves, as what they contain is indexed with them; of what has no `there`, none does. */
      readonly contained?: readonly { readonly there: Param; readonly where: readonly Clause[] }[];
    }
  /** Resources that are pointed at by `param` of resources of `type` that fulfil `where`. */
  | { readonly kind: 'has'; readonly type: string; readonly param: Param; readonly where: readonly Clause[] }
  /** Resources that have a value which none of those is: the others do not matter. */
  | {
      readonly kind: 'unequal';
      readonly to: Extract<Clause, { readonly kind: 'token' | 'string' | 'uri' | 'reference' }>;
    }
  /** Resources that fulfil every clause of at least one of the lists. */
  | { readonly kind: 'either'; readonly ways: readonly (readonly Clause[])[] }
  /** Resources of the type for which not all of `where` hold: of no clauses, none. */
  | { readonly kind: 'not'; readonly where: readonly Clause[] };

export interface SortKey {
  /** A parameter, or one of the two that every resource has. */
  readonly param: Param | '_id' | '_lastUpdated';
  readonly kind: 'token' | 'string' | 'date' | 'quantity' | 'uri' | 'reference' | 'id' | 'updated';
  readonly descending: boolean;
}

export interface SearchQuery {
  readonly type: string;
  readonly where: readonly Clause[];
  /** Empty: newest first. */
  readonly sort: readonly SortKey[];
  readonly count: number;
  /** Where the page before ended (or, backwards, the page after began): an opaque position that the store gave. */
  readonly after?: string;
  /** The page that ends before the position, and not the one that begins after it. */
  readonly backwards?: boolean;
  /** `estimate` is exact for what is found seldom. */
  readonly total: 'none' | 'estimate' | 'accurate';
  /** Further types, found together with the first in one order: their sort keys are of the same kinds. */
  readonly also?: readonly Pick<SearchQuery, 'type' | 'where' | 'sort'>[];
}

export interface SearchPage {
  readonly versions: readonly Version[];
  readonly total?: number;
  readonly next?: string;
  /** Pass it as `after`, backwards, for the page before. */
  readonly previous?: string;
}

/** Many searches of a type, each by one token of the same parameter. */
export interface TokenSearch {
  readonly type: string;
  /** `Type.code` of a token parameter. */
  readonly param: string;
  readonly values: readonly { readonly system: string; readonly code: string }[];
}
