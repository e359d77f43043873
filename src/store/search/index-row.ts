/** What a resource can be found by: one row for each value of each search parameter, before hashing. */

interface Row {
  /** `Type.code` of the search parameter, for instance `Patient.identifier`. */
  readonly param: string;
}
interface TokenRow extends Row {
  readonly kind: 'token';
  readonly system?: string;
  readonly code: string;
}
interface ReferenceRow extends Row {
  readonly kind: 'reference';
  /** A local resource ... */
  readonly target?: { readonly type: string; readonly id: string; readonly version?: string };
  /** ... or an absolute or canonical URL. */
  readonly url?: string;
}
interface StringRow extends Row {
  readonly kind: 'string';
  readonly value: string;
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

export type IndexRow = TokenRow | ReferenceRow | StringRow | DateRow | QuantityRow | UriRow;
