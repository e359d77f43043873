/**
 * What the CapabilityStatement says of one resource type.
 * https://hl7.org/fhir/R4/capabilitystatement-definitions.html#CapabilityStatement.rest.resource
 */
import type {
  CapabilityStatementRestResource,
  CapabilityStatementRestResourceInteraction,
  CapabilityStatementRestResourceSearchParam,
} from '@medplum/fhirtypes';
import type { Operation } from '../operations/operation.ts';
import type { SearchParameter } from '../search/parameters.ts';
import { operationsOf } from './capability-operations.ts';
import { isServersOwn } from './guard.ts';

export interface ResourceOptions {
  readonly interactions: readonly { readonly code: string }[];
  readonly operations: readonly Operation[];
  /** Those that searches of the type take. */
  readonly parameters: readonly SearchParameter[];
  /** `Observation:subject` of each reference that may point at the type. */
  readonly revIncludes: readonly string[];
  readonly conditionalDelete: 'single' | 'multiple';
  /** Canonicals of the profiles that the server stands for. */
  readonly profiles: readonly string[];
}

export function capabilityOf(type: string, options: ResourceOptions): CapabilityStatementRestResource {
  const { parameters, revIncludes, profiles } = options;
  const open = options.interactions.filter(({ code }) => !isServersOwn(type) || !isWrite(code));
  const has = (code: string) => open.some((interaction) => interaction.code === code);
  const references = parameters.filter((one) => one.type === 'reference').map(({ code }) => `${type}:${code}`);
  const operation = operationsOf(options.operations, type);
  return {
    type: type as NonNullable<CapabilityStatementRestResource['type']>,
    profile: `http://hl7.org/fhir/StructureDefinition/${type}`,
    ...(profiles.length > 0 ? { supportedProfile: [...profiles] } : {}),
    interaction: [...new Set(open.map(({ code }) => code))].map(
      (code) => ({ code }) as CapabilityStatementRestResourceInteraction,
    ),
    versioning: has('update') ? 'versioned-update' : 'versioned',
    readHistory: has('vread'),
    updateCreate: has('update'),
    conditionalCreate: has('create'),
    conditionalRead: 'full-support',
    conditionalUpdate: has('update'),
    conditionalDelete: has('delete') ? options.conditionalDelete : 'not-supported',
    referencePolicy: ['literal', 'logical', 'local'],
    searchInclude: ['*', ...references],
    ...(revIncludes.length > 0 ? { searchRevInclude: [...revIncludes] } : {}),
    searchParam: parameters.map(searchParam),
    ...(operation.length > 0 ? { operation } : {}),
  };
}

function isWrite(code: string): boolean {
  return code === 'create' || code === 'update' || code === 'patch' || code === 'delete';
}

function searchParam({ code, type, url }: SearchParameter): CapabilityStatementRestResourceSearchParam {
  return { name: code, definition: url, type: type as CapabilityStatementRestResourceSearchParam['type'] };
}
