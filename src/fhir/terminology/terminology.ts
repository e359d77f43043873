/**
 * The terminology service: what codes mean, over R4's own definitions, what was posted to this server, and the big code
 * systems that were imported.
 * https://hl7.org/fhir/R4/terminology-service.html
 */
import type {
  CodeableConcept,
  CodeSystem,
  Coding,
  ConceptMap,
  ConceptMapGroupElementTarget,
  ParametersParameter,
  ValueSet,
} from '@medplum/fhirtypes';
import type { Issue } from '../../shared/errors.ts';
import type { Access } from '../access.ts';
import type { Codes } from '../definitions/value-sets.ts';

type Resource = CodeSystem | ValueSet | ConceptMap;

/** What every question may bring with it. */
export interface Asked {
  /** Stored resources that this access may not read count as unknown; absent: the server itself asks. */
  readonly access?: Access;
  /** Definitions that count for this question only, before any others (`tx-resource`, contained resources). */
  readonly resources?: readonly Resource[];
  /** A FHIR dateTime: definitions as they were then; what has changed since is refused. */
  readonly date?: string;
  /** BCP 47, in the form of Accept-Language: `fr`, `fr-CA,en;q=0.5`. */
  readonly displayLanguage?: string;
  /** `system|version`: used where a value set names no version. */
  readonly systemVersion?: readonly string[];
  /** `system|version`: a value set that names another one is refused. */
  readonly checkSystemVersion?: readonly string[];
  /** `system|version`: used whatever the value set names. */
  readonly forceSystemVersion?: readonly string[];
}

export interface ExpandAsked extends Asked {
  /** One of both: canonical (`url|version`, implicit ones too) or the value set itself. */
  readonly url?: string;
  readonly valueSet?: ValueSet;
  readonly filter?: string;
  readonly offset?: number;
  readonly count?: number;
  readonly includeDesignations?: boolean;
  readonly includeDefinition?: boolean;
  /** Languages or `use` tokens of the designations wanted. */
  readonly designations?: readonly string[];
  readonly activeOnly?: boolean;
  readonly excludeNested?: boolean;
  readonly excludeNotForUI?: boolean;
  readonly excludePostCoordinated?: boolean;
  readonly excludeSystem?: readonly string[];
  readonly properties?: readonly string[];
}

export interface ValidateAsked extends Asked {
  /** The value set (canonical or itself); without one, the code's system is asked. */
  readonly url?: string;
  readonly valueSet?: ValueSet;
  /** For CodeSystem/$validate-code with a code system that came with the question. */
  readonly codeSystem?: CodeSystem;
  /** Exactly one of the three. A code without a system: the value set's systems are looked through. */
  readonly code?: {
    readonly code: string;
    readonly system?: string;
    readonly version?: string;
    readonly display?: string;
  };
  readonly coding?: Coding;
  readonly codeableConcept?: CodeableConcept;
  /** Whether abstract codes count too; default true. */
  readonly abstract?: boolean;
  /** A wrong display is a warning and no error. */
  readonly lenientDisplay?: boolean;
  /** Whether the code is in the set is all that is asked: displays are not looked at. */
  readonly membershipOnly?: boolean;
  /** Inactive codes do not count. */
  readonly activeOnly?: boolean;
}

export interface Validation {
  readonly result: boolean;
  readonly code?: string;
  readonly system?: string;
  readonly version?: string;
  readonly display?: string;
  readonly inactive?: boolean;
  /** The code as its system writes it, where that is not how it was given. */
  readonly normalizedCode?: string;
  /** A value set that is imported is not known: nothing was judged. */
  readonly unknownValueSet?: boolean;
  /** What is wrong (and, with a true result, what is doubtful), joined to one text. */
  readonly message?: string;
  readonly issues: readonly Issue[];
  /** Systems that this server does not know. */
  readonly unknownSystems: readonly string[];
}

export interface LookupAsked extends Asked {
  readonly system: string;
  readonly version?: string;
  readonly code: string;
  readonly properties?: readonly string[];
}

/** A property that codes are looked for by; without a value, that they have it at all. */
export interface Wanted {
  readonly code: string;
  readonly value?: string;
}

export interface FindAsked extends Asked {
  readonly system: string;
  readonly version?: string;
  readonly wanted: readonly Wanted[];
  /** Whether a match has all of the properties; otherwise some. */
  readonly exact: boolean;
}

export interface FoundMatch {
  readonly coding: Coding;
  readonly unmatched: readonly Wanted[];
}

export interface SubsumesAsked extends Asked {
  readonly system: string;
  readonly version?: string;
  readonly codeA: string;
  readonly codeB: string;
}

export type Subsumption = 'equivalent' | 'subsumes' | 'subsumed-by' | 'not-subsumed';

export interface TranslateAsked extends Asked {
  readonly url?: string;
  readonly version?: string;
  readonly conceptMap?: ConceptMap;
  /** Any one of them that has a match will do. */
  readonly codings: readonly Coding[];
  readonly source?: string;
  readonly target?: string;
  readonly targetSystem?: string;
  readonly reverse?: boolean;
  readonly dependencies?: readonly { readonly element: string; readonly concept: CodeableConcept }[];
}

export interface Match {
  readonly equivalence: NonNullable<ConceptMapGroupElementTarget['equivalence']>;
  readonly concept: Coding;
  readonly product?: readonly { readonly element: string; readonly concept: Coding }[];
  /** The concept map's canonical URL. */
  readonly source?: string;
}

export interface Translation {
  readonly result: boolean;
  readonly message?: string;
  readonly matches: readonly Match[];
}

export interface SystemCode {
  readonly system: string;
  readonly code: string;
}

/**
 * All of them throw FhirError: `notFound` for an unknown value set, code system or code that the question is about, `unprocessable`
 * with the issue code `too-costly` for more than may be listed, `invalid` for a question that makes no sense.
 */
export interface Terminology {
  /** ValueSet/$expand: the value set with its expansion. */
  expand(asked: ExpandAsked): Promise<ValueSet>;
  /** ValueSet/$validate-code and CodeSystem/$validate-code. */
  validateCode(asked: ValidateAsked): Promise<Validation>;
  /** CodeSystem/$lookup: its output parameters. */
  lookup(asked: LookupAsked): Promise<readonly ParametersParameter[]>;
  /** CodeSystem/$find-matches. */
  findMatches(asked: FindAsked): Promise<readonly FoundMatch[]>;
  /** CodeSystem/$subsumes. */
  subsumes(asked: SubsumesAsked): Promise<Subsumption>;
  /** ConceptMap/$translate. */
  translate(asked: TranslateAsked): Promise<Translation>;
  /**
   * The codes of a value set, for `:in` and `:not-in`. Throws `unprocessable` (too-costly) when it has more than `limit` or
   * cannot be listed (UCUM, mime types).
   */
  codesOf(url: string, limit: number, access?: Access): Promise<readonly SystemCode[]>;
  /**
   * For `:below` (the code and all that it subsumes) and `:above` (the code and all that subsume it). A code that the system
   * does not have, or an unknown system, gives the code alone. Throws too-costly as above.
   */
  related(concept: SystemCode, direction: 'above' | 'below', limit: number): Promise<readonly SystemCode[]>;
  /**
   * The selectable codes of a value set by system, for bindings; kept until something changes. undefined: it is unknown, or
   * cannot be listed (ask `validateCode` then).
   */
  members(url: string): Promise<Codes | undefined>;
  /** What `members` would give, when it is known already; undefined also when it was not asked for yet. */
  membersNow(url: string): Codes | undefined;
}
