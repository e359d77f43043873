/**
 * The operations that this server has, and the rows that they are in the table of interactions.
 * https://hl7.org/fhir/R4/operations.html#defined
 */
import type { Interaction, Phase } from '../interactions/interaction.ts';
import { closure } from './closure.ts';
import { diffResources, diffVersions } from './diff.ts';
import { document } from './document.ts';
import { encounterEverything, patientEverything } from './everything.ts';
import { expand } from './expand.ts';
import { exports } from './export.ts';
import { findMatches } from './find-matches.ts';
import { graphql } from './graphql.ts';
import { lastn } from './lastn.ts';
import { lookup } from './lookup.ts';
import { match } from './match.ts';
import { meta } from './meta.ts';
import { metaAdd, metaDelete } from './meta-change.ts';
import type { Operation } from './operation.ts';
import { readParameters } from './parameters-in.ts';
import { reindex } from './reindex.ts';
import { reindexCancel, reindexStatus } from './reindex-status.ts';
import { subsumes } from './subsumes.ts';
import { translate } from './translate.ts';
import { validateOperation } from './validate.ts';
import { validateCodeInCodeSystem, validateCodeInValueSet } from './validate-code.ts';

/** A new operation is one more here. */
export const operations: readonly Operation[] = [
  patientEverything,
  encounterEverything,
  lastn,
  document,
  validateOperation,
  match,
  expand,
  validateCodeInValueSet,
  validateCodeInCodeSystem,
  lookup,
  findMatches,
  subsumes,
  translate,
  closure,
  graphql,
  reindex,
  reindexStatus,
  reindexCancel,
  meta,
  metaAdd,
  metaDelete,
  diffVersions,
  diffResources,
  ...exports,
];

/** Each operation at each of its levels, by POST, and by GET where it changes nothing. */
export const operationRows: readonly Interaction[] = operations.flatMap(rowsOf);

/** The rows of one operation. */
export function rowsOf(operation: Operation): readonly Interaction[] {
  const methods = methodsOf(operation);
  return pathsOf(operation).flatMap((path) => methods.map((method) => row(operation, path, method)));
}

/** `$name`, `Type/$name` and `Type/:id/$name`; `:type` where it is for all types. */
function pathsOf({ definition, versions }: Operation): string[] {
  const { code, system, type, instance, resource = [] } = definition;
  const named: readonly string[] = resource;
  const types = named.includes('Resource') || named.includes('DomainResource') ? [':type'] : named;
  return [
    ...(system ? [`$${code}`] : []),
    ...(type ? types.map((name) => `${name}/$${code}`) : []),
    ...(instance ? types.map((name) => `${name}/:id/$${code}`) : []),
    ...(versions ? types.map((name) => `${name}/:id/_history/:version/$${code}`) : []),
  ];
}

/** https://hl7.org/fhir/R4/operations.html#executing: GET where the operation does not affect the state. */
function methodsOf({ definition }: Operation): readonly ('GET' | 'POST')[] {
  return definition.affectsState ? ['POST'] : ['POST', 'GET'];
}

/** https://hl7.org/fhir/R4/http.html#trules: what reads comes after all that writes. */
function phaseOf({ definition, alone, defers }: Operation): Phase {
  if (alone || defers) return 'alone';
  return definition.affectsState ? 'write' : 'read';
}

function row(operation: Operation, path: string, method: 'GET' | 'POST'): Interaction {
  const { permissions, action, run } = operation;
  return {
    code: 'operation',
    method,
    path,
    permissions,
    body: operation.body ?? 'parameters',
    action,
    phase: phaseOf(operation),
    ...(operation.defers ? { defers: true } : {}),
    run: async (context, request) => {
      const { type, id, strict } = request;
      const parameters = await readParameters(context, operation, request);
      return run(context, { type, id, parameters, method, strict, request });
    },
  };
}
