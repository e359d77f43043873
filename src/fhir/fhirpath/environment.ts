/**
 * What an expression can refer to besides its focus.
 * https://hl7.org/fhir/R4/fhirpath.html#vars
 */
import type { Collection, Item } from './collection.ts';
import type { Types } from './members.ts';
import type { Expression } from './parse.ts';
import type { Resolving } from './resolve.ts';

export interface Environment extends Resolving {
  /** %resource: the resource that holds the focus. */
  readonly resource: unknown;
  /** %context: the focus that the whole expression started from; set by `compile`. */
  readonly context?: Collection;
  /** Further variables by name, without `%`. */
  readonly variables?: Readonly<Record<string, Collection>>;
  /** $index: the place of the item that a function is at. */
  readonly index?: number;
  /** $total of aggregate(). */
  readonly total?: Collection;
  /** now(); absent: the clock's. */
  readonly now?: Date;
  /** Whether a resource fulfils a profile; undefined: it cannot be told. */
  readonly conformsTo?: ((item: Item, url: string) => boolean | undefined) | undefined;
  /** Whether a code, Coding or CodeableConcept is in a value set; undefined: it cannot be told. */
  readonly memberOf?: ((item: Item, url: string) => boolean | undefined) | undefined;
}

export type Run = (focus: Collection, environment: Environment) => Collection;

export interface Compiled {
  readonly run: Run;
  readonly types: Types;
}

/** What names mean inside an expression. */
export interface Scope {
  /** The types of the focus ($this). */
  readonly types: Types;
  /** The types of %context. */
  readonly outer: Types;
  /** What the whole expression turns out to ask for. */
  readonly asks: { context: boolean };
  /** Compiles a part of the same expression. */
  readonly compile: (expression: Expression, scope: Scope) => Compiled;
}

export const focusRun: Run = (focus) => focus;
