/** What converters of values share: where rows go, and how JSON of unknown form is looked at. */
import type { IndexRow } from '../../store/search/index-row.ts';
import type { ElementDefinition } from '../definitions/types.ts';

/** Where the rows of one parameter go. */
export interface Sink {
  /** `Type.code`. */
  readonly param: string;
  /** The server's own FHIR base: references below it are local. */
  readonly base?: string;
  readonly rows: IndexRow[];
}

export type Json = Readonly<Record<string, unknown>>;
/** Makes the emitter for values of one element. */
export type Converter = (element: ElementDefinition | undefined) => (value: unknown, sink: Sink) => void;
export type Converters = Readonly<Record<string, Converter>>;

/** A converter that does not depend on the element. */
export function plain(emit: (value: never, sink: Sink) => void): Converter {
  return () => emit as (value: unknown, sink: Sink) => void;
}

/** A text that is there. */
export const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

export const list = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
