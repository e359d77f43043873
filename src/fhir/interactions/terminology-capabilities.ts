/**
 * What the terminology service of this server does: `GET metadata?mode=terminology`.
 * https://hl7.org/fhir/R4/terminologycapabilities.html
 */
import type { TerminologyCapabilities } from '@medplum/fhirtypes';
import type { Operation } from '../operations/operation.ts';

export interface TerminologyOptions {
  readonly base: string;
  readonly version: string;
  readonly operations: readonly Operation[];
}

/** The parameters that an operation of this name takes. */
function parametersOf(operations: readonly Operation[], code: string): readonly string[] {
  const all = operations.filter(({ definition }) => definition.code === code);
  const names = all.flatMap(({ definition: { parameter = [] } }) =>
    parameter.filter(({ use }) => use === 'in').map(({ name = '' }) => name),
  );
  return [...new Set(names)];
}

/** Only of operations that are there. */
export function terminologyCapabilities({ base, version, operations }: TerminologyOptions): TerminologyCapabilities {
  const has = (code: string) => operations.some(({ definition }) => definition.code === code);
  const expansion = parametersOf(operations, 'expand');
  return {
    resourceType: 'TerminologyCapabilities',
    url: `${base}/metadata?mode=terminology`,
    version,
    name: 'LIVEDOCTerminology',
    title: 'LIVEDOC terminology service',
    status: 'active',
    date: '2026-11-22',
    kind: 'instance',
    software: { name: 'LIVEDOC', version },
    implementation: { description: 'LIVEDOC: tuberculosis screening', url: base },
    lockedDate: false,
    ...(has('expand')
      ? {
          expansion: {
            paging: expansion.includes('offset'),
            incomplete: false,
            parameter: expansion.map((name) => ({ name })),
          },
        }
      : {}),
    codeSearch: 'all',
    ...(has('validate-code') ? { validateCode: { translations: false } } : {}),
    ...(has('translate') ? { translation: { needsMap: false } } : {}),
    ...(has('closure') ? { closure: { translation: false } } : {}),
  };
}
