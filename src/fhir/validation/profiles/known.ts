/** What is known of profiles and value sets, and how a profile's slices are told apart. */
import type { Codes } from '../../definitions/value-sets.ts';
import type { Environment } from '../../fhirpath/environment.ts';
import type { StructureDefinition } from './definition.ts';
import type { Node } from './tree.ts';
import type { Value } from './value.ts';

/** What classifying needs besides the definitions. */
export interface Ask {
  readonly environment: Environment;
  /** Whether a value fulfils a whole profile. */
  conforms(value: Value, profile: string): boolean;
}

/** Whether a value is a slice's. */
export type Member = (value: Value, ask: Ask) => boolean;

export interface Profile {
  readonly url: string;
  readonly name: string;
  /** The resource type or datatype that it constrains. */
  readonly type: string;
  readonly definition: StructureDefinition;
  readonly tree: Node;
  /** Whether a value is of a slice of a node; undefined when the profile does not say enough to decide. */
  readonly member: (node: Node, slice: Node) => Member | undefined;
}

export interface Registry {
  /** A profile by its canonical URL, of that version if there is one, else of any; undefined when unknown. */
  readonly profile: (url: string) => Profile | undefined;
  /** The type that a profile or base definition is about; undefined when unknown. */
  readonly typeOf: (url: string) => string | undefined;
  /** Of the profiles that this server was delivered with, those of resources of a type. */
  readonly delivered: (type: string) => readonly string[];
  /** The codes of a value set, when it can be listed. */
  readonly codes: (url: string) => Codes | undefined;
  /** What was posted under an id; undefined: it is no more. Takes effect at once. */
  readonly put: (id: string, resource: unknown) => void;
}
