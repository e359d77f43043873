/**
 * Which operations the CapabilityStatement names at which level, by their canonical definitions.
 * https://hl7.org/fhir/R4/capabilitystatement-definitions.html#CapabilityStatement.rest.resource.operation
 */
import type { CapabilityStatementRestResourceOperation, OperationDefinition } from '@medplum/fhirtypes';
import type { Operation } from '../operations/operation.ts';
import { isServersOwn } from './guard.ts';

function named({ code = '', url = '' }: OperationDefinition): CapabilityStatementRestResourceOperation {
  return { name: code, definition: url };
}

/** Those of the whole system. */
export function systemOperations(operations: readonly Operation[]): CapabilityStatementRestResourceOperation[] {
  return operations.filter(({ definition }) => definition.system).map(({ definition }) => named(definition));
}

/** Those of a type or of its resources, wherever they are defined. */
export function operationsOf(
  operations: readonly Operation[],
  type: string,
): CapabilityStatementRestResourceOperation[] {
  return operations
    .filter(({ definition, action }) => {
      const named: readonly string[] = definition.resource ?? [];
      const isHere = definition.type || definition.instance;
      const isOpen = !isServersOwn(type) || !['C', 'U', 'D'].includes(action);
      return (
        isHere && isOpen && (named.includes(type) || named.includes('Resource') || named.includes('DomainResource'))
      );
    })
    .map(({ definition }) => named(definition));
}
