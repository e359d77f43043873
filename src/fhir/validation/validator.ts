/**
 * Validation of resources: structure and values, then what depends on several elements at once, then what only a terminology
 * service can judge.
 * https://hl7.org/fhir/R4/validation.html
 */
import type { Issue } from '../../shared/errors.ts';
import { isResourceType } from '../definitions/types.ts';
import { isObject, type Json } from '../fhirpath/collection.ts';
import { asking } from './asking.ts';
import { collectCodings } from './codings.ts';
import { boundIssues, systemIssues } from './deep.ts';
import { explain, show } from './explain.ts';
import { type Conform, conformance } from './profiles/conform.ts';
import type { OpenCode, Run } from './profiles/content.ts';
import { openRegistry } from './profiles/registry.ts';
import { questionnaireIssues } from './questionnaire/check.ts';
import { structureValidators } from './structure.ts';
import { structureDefinitionIssues } from './structure-definition.ts';
import type { DeepOptions, Validate, ValidateDeep, ValidateOptions } from './validate.ts';
import { checkTogether, type Walk } from './walk.ts';

/** Deeper than any real resource (the official examples reach 19), and far from the end of the stack. */
const maxDepth = 100;

function depthExceeds(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (limit === 0) return true;
  for (const key in value) if (depthExceeds((value as Record<string, unknown>)[key], limit - 1)) return true;
  return false;
}

function refuse(code: string, diagnostics: string, expression?: string): readonly Issue[] {
  return [{ severity: 'error', code, diagnostics, ...(expression === undefined ? {} : { expression: [expression] }) }];
}

type ResourceJson = Json & { readonly resourceType: string };

/** What keeps a value from being looked at as a resource at all. */
function unusable(resource: unknown): readonly Issue[] | undefined {
  if (!isObject(resource)) return refuse('structure', 'A resource must be a JSON object.');
  const type = resource['resourceType'];
  if (type === undefined) return refuse('required', 'A resource must have its type in resourceType.', 'resourceType');
  if (typeof type !== 'string' || !isResourceType(type)) {
    return refuse('structure', `Unknown resourceType ${show(type)}.`, 'resourceType');
  }
  return depthExceeds(resource, maxDepth)
    ? refuse('too-costly', `The resource is nested deeper than ${maxDepth} levels.`, type)
    : undefined;
}

/** Which profiles an installation asks of resources that do not name them, and what it makes of unknown ones. */
export interface ProfilePolicy {
  /** Canonical URLs by resource type. */
  readonly enforced: Readonly<Record<string, readonly string[]>>;
  readonly unknown: 'error' | 'warning' | 'ignore';
  /** Whether a response is refused for what contradicts its Questionnaire; default: it is not. */
  readonly answers?: 'error' | 'ignore';
}

export interface ValidatorOptions {
  /** A folder with StructureDefinitions and ValueSets in JSON. */
  readonly profilesFolder: string;
  /** Default: nothing is enforced but what resources name, and an unknown profile is a warning. */
  readonly policy?: ProfilePolicy;
}

export interface Validation {
  readonly validate: Validate;
  readonly validateDeep: ValidateDeep;
  /** What was posted as StructureDefinition under an id (undefined: it is no more), for profiles to come. */
  readonly put: (id: string, definition: unknown) => void;
  /** Profiles of resources of a type that this server stands for: those it was delivered with, and those that it enforces. */
  readonly profilesOf: (type: string) => readonly string[];
  /** What writes make of responses that contradict their Questionnaires. */
  readonly answers: 'error' | 'ignore';
}

/** The same problem can be found by a profile and by the definition of its extension. */
function once(issues: readonly Issue[]): readonly Issue[] {
  if (issues.length < 2) return issues;
  return [...new Map(issues.map((issue) => [`${issue.expression}\n${issue.diagnostics}`, issue])).values()];
}

const anything: ProfilePolicy = { enforced: {}, unknown: 'warning' };

/**
 * Validation of R4 resources against the base definitions and the profiles of R4, of a folder, and those that were posted.
 * Types and profiles are compiled at their first use. Throws when there is no such folder.
 */
export function createValidation(options: ValidatorOptions): Validation {
  const { profilesFolder, policy = anything } = options;
  const registry = openRegistry(profilesFolder);
  const isValid = structureValidators(false);
  const problems = structureValidators(true);
  const enforced = (type: string) =>
    Object.hasOwn(policy.enforced, type) ? (policy.enforced[type] ?? []) : (policy.enforced['*'] ?? []);

  function checkStructure(resource: ResourceJson): readonly Issue[] {
    const type = resource.resourceType;
    const valid: boolean = isValid(type)(resource);
    if (valid) return [];
    const listing = problems(type);
    listing(resource);
    return (listing.errors ?? []).map((error) => explain(resource, error));
  }

  function walkOf({ profiles }: ValidateOptions, openCodes: OpenCode[] | undefined, thorough: boolean): Walk {
    const run: Run = { registry, openCodes, done: new Map() };
    const check = conformance({ run, asked: profiles, enforced, unknownProfile: policy.unknown, thorough });
    const conform: Conform = (value, type, at) =>
      type === 'StructureDefinition'
        ? [...check(value, type, at), ...structureDefinitionIssues(value, registry, at.path())]
        : check(value, type, at);
    return { conform, asking: asking(run) };
  }

  const validate: Validate = (resource, given = {}) => {
    const refused = unusable(resource);
    if (refused) return refused;
    const known = resource as ResourceJson;
    const together = checkTogether(known, known.resourceType, walkOf(given, given.openCodes, false));
    return once([...checkStructure(known), ...together]);
  };

  async function validateDeep(resource: unknown, given: DeepOptions = {}): Promise<readonly Issue[]> {
    const { terminology, thorough = false, questionnaireOf } = given;
    const refused = unusable(resource);
    if (refused) return refused;
    const known = resource as ResourceJson;
    const open: OpenCode[] = [];
    const codings = thorough ? collectCodings(registry.codes) : undefined;
    const walk = { ...walkOf(given, open, thorough), ...(codings ? { codings } : {}) };
    const together = checkTogether(known, known.resourceType, walk);
    const found = [...checkStructure(known), ...together, ...(codings?.issues ?? [])];
    found.push(...(await questionnaireIssues(known, { questionnaireOf, terminology })));
    if (!terminology) return once(found);
    const bound = await boundIssues([...open, ...(codings?.open ?? [])], terminology);
    return once([...found, ...bound, ...(await systemIssues(codings?.codings ?? [], terminology))]);
  }

  const profilesOf = (type: string) => [...new Set([...registry.delivered(type), ...enforced(type)])];
  return { validate, validateDeep, put: registry.put, profilesOf, answers: policy.answers ?? 'ignore' };
}

/** As `createValidation`, for who needs no more than the check of a resource as it is. */
export function createValidator(options: ValidatorOptions): Validate {
  return createValidation(options).validate;
}
