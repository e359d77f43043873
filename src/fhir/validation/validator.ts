/**
 * Validation of resources: structure and values, then what depends on several elements at once.
 * https://hl7.org/fhir/R4/validation.html
 */
import type { Issue } from '../../shared/errors.ts';
import { isResourceType } from '../definitions/types.ts';
import { isObject, type Json } from '../fhirpath/collection.ts';
import { explain, show } from './explain.ts';
import { conformance } from './profiles/conform.ts';
import { openRegistry } from './profiles/registry.ts';
import { structureValidators } from './structure.ts';
import type { Validate } from './validate.ts';
import { checkTogether } from './walk.ts';

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

export interface ValidatorOptions {
  /** A folder with StructureDefinitions and ValueSets in JSON. */
  readonly profilesFolder: string;
}

/** The same problem can be found by a profile and by the definition of its extension. */
function once(issues: readonly Issue[]): readonly Issue[] {
  if (issues.length < 2) return issues;
  return [...new Map(issues.map((issue) => [`${issue.expression}\n${issue.diagnostics}`, issue])).values()];
}

/**
 * A validator of R4 resources against the base definitions and the profiles of R4 and of a folder. Types and profiles
 * are compiled at their first use. Throws when there is no such folder.
 */
export function createValidator({ profilesFolder }: ValidatorOptions): Validate {
  const registry = openRegistry(profilesFolder);
  const isValid = structureValidators(false);
  const problems = structureValidators(true);
  const checkStructure = (resource: ResourceJson): readonly Issue[] => {
    const type = resource.resourceType;
    const valid: boolean = isValid(type)(resource);
    if (valid) return [];
    const listing = problems(type);
    listing(resource);
    return (listing.errors ?? []).map((error) => explain(resource, error));
  };
  return (resource, { profiles } = {}) => {
    const refused = unusable(resource);
    if (refused) return refused;
    const known = resource as ResourceJson;
    const together = checkTogether(known, known.resourceType, conformance(registry, profiles));
    return once([...checkStructure(known), ...together]);
  };
}
