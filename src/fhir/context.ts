/** What an interaction needs besides its target; built for each request, frozen. */
import type { Logger } from '../shared/logger.ts';
import type { Version } from '../store/resources/version.ts';
import type { Store } from '../store/store.ts';
import type { Access } from './access.ts';
import type { Integrity } from './integrity/policy.ts';
import type { Body } from './reply.ts';
import type { SearchParameters } from './search/parameters.ts';
import type { Terminology } from './terminology/terminology.ts';
import type { Validate, ValidateDeep } from './validation/validate.ts';

export interface Context {
  readonly store: Store;
  /** Reads what will be shown for certain (unless it has one of these texts), and audits that with it. Absent where nothing is audited. */
  readonly readShown?: (type: string, id: string, unless: readonly string[]) => Promise<Version | undefined>;
  /** Audits, with what the transaction commits, that a stored version was changed in its place. Absent where nothing is audited. */
  readonly recordChange?: (inner: Store, states: readonly Version[]) => Promise<void>;
  readonly access: Access;
  readonly validate: Validate;
  /** With what takes longer; absent: `validate` is all there is. */
  readonly validateDeep?: ValidateDeep | undefined;
  /** The profiles of resources of a type that this server stands for; absent: none but R4's own. */
  readonly profilesOf?: (type: string) => readonly string[];
  /** Whether a response that contradicts its Questionnaire is refused; absent: it is not. */
  readonly answers?: 'error' | 'ignore';
  readonly now: () => Date;
  /** The FHIR base without a trailing slash, for instance `http://localhost:8080/fhir`. */
  readonly base: string;
  readonly log: Logger;
  /** 32 bytes that seal the links to further pages; absent: answers have one page and no such links. */
  readonly pageKey?: Uint8Array;
  /**
   * What this server adds to a resource before it is validated and stored: a patient's record number. `id` is absent for a
   * resource that is new for certain. Absent: nothing is added.
   */
  readonly complete?: (store: Store, body: Body, id?: string) => Promise<Body>;
  /** What can be searched by, posted parameters included; always as it is now. Absent: R4's own. */
  readonly parameters?: SearchParameters | undefined;
  /** Absent: no value set and no code system is known. */
  readonly terminology?: Terminology;
  /** Whether a conditional delete may delete several; absent: a single one. */
  readonly conditionalDelete?: 'single' | 'multiple';
  /** Which references have to resolve; absent: none. */
  readonly integrity?: Integrity | undefined;
}
