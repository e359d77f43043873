/**
 * An operation of this server: its OperationDefinition, and what it does with parameters that were checked against it.
 * https://hl7.org/fhir/R4/operations.html
 */
import type { OperationDefinition } from '@medplum/fhirtypes';
import type { AuditRecord } from '../../store/audit/record.ts';
import type { Permission } from '../access.ts';
import type { Context } from '../context.ts';
import type { Request } from '../interactions/interaction.ts';
import type { Body, Reply } from '../reply.ts';

/** The input parameters, checked against the definition: known names, types and cardinalities. */
export interface In {
  /** The names of the parameters that were given, each once. */
  names(): readonly string[];
  /** The text of a primitive parameter's first value: of a date `2020-01`, of a boolean `true`. */
  one(name: string): string | undefined;
  /** The texts of all values of a primitive parameter. */
  all(name: string): readonly string[];
  /** The first value as JSON has it: a Coding, a CodeableConcept, a Period, a primitive. The caller knows its type. */
  value<T>(name: string): T | undefined;
  /** All values as JSON has them. */
  values<T>(name: string): readonly T[];
  /** The first resource under the name, with its exact text. */
  resource(name: string): Body | undefined;
  /** All resources under the name. */
  resources(name: string): readonly Body[];
  /** The parts of each parameter of the name. */
  parts(name: string): readonly In[];
}

export interface Call {
  /** Empty at the system level. */
  readonly type: string;
  /** Empty at the levels of system and type. */
  readonly id: string;
  readonly parameters: In;
  readonly method: 'GET' | 'POST';
  readonly strict: boolean;
  /** The request itself: paging links need its URL, and an operation with a `body` of its own reads it. */
  readonly request: Request;
}

export interface Operation {
  /** `code`, `system`, `type`, `instance`, `resource`, `affectsState` and `parameter` decide where it is and what it takes. */
  readonly definition: OperationDefinition;
  /** SMART's letters, of which one is needed on the type; at the system level `run` itself asks for each type it touches. */
  readonly permissions: readonly Permission[];
  readonly action: AuditRecord['action'];
  /** `own`: the body is no Parameters resource, and `run` reads it by `request`. */
  readonly body?: 'own' | 'resource';
  /** Whether it is also for one version, current or not. */
  readonly versions?: boolean;
  /** `search`: it takes the type's search parameters besides those of the definition. */
  readonly others?: 'search';
  /** Whether no transaction takes it: it is done after its answer. */
  readonly alone?: boolean;
  /** It is answered later, in a way of its own: `Request.later` has what the work is done with then. */
  readonly defers?: boolean;
  readonly run: (context: Context, call: Call) => Promise<Reply>;
}
