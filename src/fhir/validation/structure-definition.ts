/**
 * Whether a StructureDefinition can be worked by: its base is known or its snapshot is there, its expressions are FHIRPath.
 * https://hl7.org/fhir/R4/structuredefinition.html
 */
import type { Issue } from '../../shared/errors.ts';
import { typeDefinition } from '../definitions/types.ts';
import { isObject, type Json } from '../fhirpath/collection.ts';
import { compile } from '../fhirpath/compile.ts';
import type { Registry } from './profiles/known.ts';

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function expressionProblem(expression: unknown): string | undefined {
  if (typeof expression !== 'string') return undefined;
  try {
    compile(expression, null);
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
    throw error;
  }
}

function* constraintIssues(elements: unknown, path: string): Generator<Issue> {
  const all = isObject(elements) ? list(elements['element']) : [];
  for (const [at, element] of all.entries()) {
    if (!isObject(element)) continue;
    for (const [index, constraint] of list(element['constraint']).entries()) {
      const problem = isObject(constraint) ? expressionProblem(constraint['expression']) : undefined;
      if (problem === undefined) continue;
      const expression = [`${path}.element[${at}].constraint[${index}].expression`];
      yield { severity: 'error', code: 'invalid', diagnostics: problem, expression };
    }
  }
}

function* contextIssues({ context, contextInvariant }: Json, path: string): Generator<Issue> {
  for (const [at, one] of list(context).entries()) {
    const isPath = isObject(one) && one['type'] === 'fhirpath';
    const problem = isPath ? expressionProblem(one['expression']) : undefined;
    const expression = [`${path}.context[${at}].expression`];
    if (problem !== undefined) yield { severity: 'error', code: 'invalid', diagnostics: problem, expression };
  }
  for (const [at, one] of list(contextInvariant).entries()) {
    const problem = expressionProblem(one);
    const expression = [`${path}.contextInvariant[${at}]`];
    if (problem !== undefined) yield { severity: 'error', code: 'invalid', diagnostics: problem, expression };
  }
}

/** A profile without a snapshot needs a base that is known. */
function* baseIssues(
  { derivation, snapshot, baseDefinition, type }: Json,
  registry: Registry,
  path: string,
): Generator<Issue> {
  if (derivation !== 'constraint' || typeof baseDefinition !== 'string') return;
  const expression = [`${path}.baseDefinition`];
  const base = registry.typeOf(baseDefinition);
  const core = baseDefinition.replace(/^http:\/\/hl7\.org\/fhir\/StructureDefinition\//, '').split('|')[0] ?? '';
  const baseType = base ?? (typeDefinition(core) ? core : undefined);
  if (baseType === undefined) {
    if (snapshot !== undefined) return;
    const diagnostics = `The base ${baseDefinition} is not known and there is no snapshot: until it is known, only the differential counts.`;
    yield { severity: 'warning', code: 'not-found', diagnostics, expression };
  } else if (typeof type === 'string' && base !== undefined && base !== type) {
    const diagnostics = `The base ${baseDefinition} is about ${base}, this profile about ${type}.`;
    yield { severity: 'error', code: 'invalid', diagnostics, expression };
  }
}

/** What is wrong with a StructureDefinition besides what its own invariants say; `path` is its FHIRPath. */
export function structureDefinitionIssues(definition: Json, registry: Registry, path: string): readonly Issue[] {
  return [
    ...baseIssues(definition, registry, path),
    ...constraintIssues(definition['snapshot'], `${path}.snapshot`),
    ...constraintIssues(definition['differential'], `${path}.differential`),
    ...contextIssues(definition, path),
  ];
}
