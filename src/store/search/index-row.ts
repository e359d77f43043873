/** What a resource can be found by: one row for each value of each search parameter, before hashing. */

interface TokenPart {
  readonly system?: string;
  readonly code: string;
}
interface Row {
  /** `Type.code` of the search parameter, for instance `Patient.identifier`. */
  readonly param: string;
}
interface TokenRow extends Row {
  readonly kind: 'token';
  readonly system?: string;
  /** Empty when there is only a text. */
  readonly code: string;
  /** What the value is called: Coding.display, CodeableConcept.text, Identifier.type.text. */
  readonly names?: readonly string[];
  /** Of an identifier: the codings of its type. */
  readonly types?: readonly TokenPart[];
  /** Whether it is a code, of which there are few, and not an identifier. */
  readonly coded?: true;
}
export interface ReferencePart {
  /** A local resource ... */
  readonly target?: { readonly type: string; readonly id: string; readonly version?: string };
  /** ... or an absolute or canonical URL; empty when there is only a display. */
  readonly url?: string;
}
interface ReferenceRow extends Row, ReferencePart {
  readonly kind: 'reference';
  /** Reference.display. */
  readonly name?: string;
}
interface StringRow extends Row {
  readonly kind: 'string';
  readonly value: string;
  /** One word of another value: not found by `:exact`, and not what is sorted by. */
  readonly part?: true;
}
interface DateRow extends Row {
  readonly kind: 'date';
  /** Milliseconds since 1970: first and last instant that the value covers; -Infinity and Infinity are open ends. */
  readonly low: number;
  readonly high: number;
}
interface QuantityRow extends Row {
  readonly kind: 'quantity';
  readonly low: number;
  readonly high: number;
  readonly system?: string;
  /** The unit's code; absent for a plain number. */
  readonly code?: string;
}
interface UriRow extends Row {
  readonly kind: 'uri';
  readonly value: string;
}
interface PositionRow extends Row {
  readonly kind: 'position';
  /** Degrees north and east (WGS 84). */
  readonly latitude: number;
  readonly longitude: number;
}

/** One value of a composite parameter. */
export type Part =
  | ({ readonly kind: 'token' } & TokenPart)
  | ({ readonly kind: 'reference' } & ReferencePart)
  | { readonly kind: 'uri' | 'string'; readonly value: string }
  | { readonly kind: 'date'; readonly low: number; readonly high: number }
  | {
      readonly kind: 'quantity';
      readonly low: number;
      readonly high: number;
      readonly system?: string;
      readonly code?: string;
      /** The printed unit. */
      readonly spoken?: string;
    };
/** Values of one element, in the order in which the parameter names its components. */
interface CompositeRow extends Row {
  readonly kind: 'composite';
  readonly parts: readonly Part[];
}

export type IndexRow =
  | TokenRow
  | ReferenceRow
  | StringRow
  | DateRow
  | QuantityRow
  | UriRow
  | PositionRow
  | CompositeRow;
