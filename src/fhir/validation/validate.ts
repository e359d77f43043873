/** The contract of validation: a resource in, all of its problems out. */
import type { Issue } from '../../shared/errors.ts';
import type { Terminology } from '../terminology/terminology.ts';
import type { OpenCode } from './profiles/content.ts';
import type { QuestionnaireOf } from './questionnaire/check.ts';

export interface ValidateOptions {
  /** Canonical URLs; absent: those of meta.profile, and those that this installation enforces for the type. */
  readonly profiles?: readonly string[];
  /** Takes the codes whose value sets only a terminology service can judge. */
  readonly openCodes?: OpenCode[];
}

/**
 * Lists what is wrong with a parsed JSON resource against the base definition and its profiles. Errors come with the FHIRPath
 * expression of the element. An empty list is a valid resource. Never throws for bad content.
 */
export type Validate = (resource: unknown, options?: ValidateOptions) => readonly Issue[];

export interface DeepOptions extends ValidateOptions {
  /** Asked for the codes that cannot be judged by lists at hand; absent: they are not judged. */
  readonly terminology?: Terminology | undefined;
  /**
   * Tells also what no write is refused for: unknown extensions, a missing narrative, codes that their systems do not have,
   * extensible bindings.
   */
  readonly thorough?: boolean;
  /** Finds the Questionnaires that responses name; absent: contained ones only are known. */
  readonly questionnaireOf?: QuestionnaireOf | undefined;
}

/** As `Validate`, with what takes longer: value sets that only a terminology service can judge. */
export type ValidateDeep = (resource: unknown, options?: DeepOptions) => Promise<readonly Issue[]>;
