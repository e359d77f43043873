/**
 * What a code system can be asked, whatever it is made of: a resource, rules, or tables.
 * https://hl7.org/fhir/R4/codesystem.html
 */
import type {
  CodeSystem,
  CodeSystemConceptDesignation,
  CodeSystemConceptProperty,
  CodeSystemProperty,
  ValueSetComposeIncludeFilter,
} from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';

export interface Concept {
  /** As the system writes it. */
  readonly code: string;
  readonly display?: string;
  readonly definition?: string;
  readonly designation: readonly CodeSystemConceptDesignation[];
  readonly property: readonly CodeSystemConceptProperty[];
  /** Not to be used as a value, only to group others. */
  readonly abstract: boolean;
  readonly inactive: boolean;
}

export type Filter = ValueSetComposeIncludeFilter;

export interface Selection {
  readonly filters: readonly Filter[];
  /** Folded words, each of which has to begin a word of the display or of a designation. */
  readonly words?: readonly string[];
  /** More than this is `too-costly`. */
  readonly limit: number;
}

/** What is known about the system itself; of a CodeSystem resource. */
export type About = Pick<
  CodeSystem,
  'version' | 'name' | 'title' | 'status' | 'experimental' | 'language' | 'content' | 'extension'
> & { readonly url: string; readonly property?: readonly CodeSystemProperty[] };

export interface System {
  readonly about: About;
  readonly caseSensitive: boolean;
  /** Canonicals of the supplements that are in it. */
  readonly supplements: readonly string[];
  /** Whether concepts have parents at all. */
  readonly hierarchical: boolean;
  find(code: string): Promise<Concept | undefined>;
  /** Why a code that `find` does not know is none, when there is more to say than that. */
  reason?(code: string): string | undefined;
  fulfils(concept: Concept, filter: Filter): Promise<boolean>;
  /** In the system's order. Throws `too-costly` for more than the limit, or where nobody can list them. */
  select(selection: Selection): Promise<readonly Concept[]>;
  /** One page of a selection and how many there are in all, where the system can do that better than by `select`. */
  page?(selection: Selection, offset: number, count: number): Promise<{ total: number; concepts: readonly Concept[] }>;
  parents(code: string): Promise<readonly string[]>;
  children(code: string): Promise<readonly string[]>;
  /** All codes above, without the code itself. Throws too-costly. */
  ancestors(code: string, limit: number): Promise<readonly string[]>;
  descendants(code: string, limit: number): Promise<readonly string[]>;
}

/** Code systems whose codes are all there; of the others an unknown code may exist all the same. */
export function isComplete({ content }: About): boolean {
  return content === 'complete' || content === undefined;
}

export function tooCostly(message: string): FhirError {
  return new FhirError('unprocessable', message, {
    issues: [{ severity: 'error', code: 'too-costly', diagnostics: message }],
  });
}

/** A filter that the system cannot answer; R4 wants it refused, not ignored. */
export function badFilter({ about }: Pick<System, 'about'>, { property, op, value }: Filter, why = ''): FhirError {
  const message = `The filter "${property} ${op} ${value}" is not understood in the code system ${about.url}.${why}`;
  return new FhirError('unprocessable', message, {
    issues: [{ severity: 'error', code: 'invalid', diagnostics: message }],
  });
}
