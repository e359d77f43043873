/**
 * Bulk Data Access: `$export` of the whole server, of all patients' records, of those of a Group.
 * https://hl7.org/fhir/uv/bulkdata/STU2/export.html
 */
import type { OperationDefinition, OperationDefinitionParameter } from '@medplum/fhirtypes';
import { kickOffExport } from '../bulk/kick-off.ts';
import type { Operation } from './operation.ts';

const base = 'http://hl7.org/fhir/uv/bulkdata/OperationDefinition';

const parameters: readonly OperationDefinitionParameter[] = [
  {
    name: '_outputFormat',
    use: 'in',
    min: 0,
    max: '1',
    type: 'string',
    documentation: 'application/fhir+ndjson (the default), application/ndjson or ndjson.',
  },
  {
    name: '_since',
    use: 'in',
    min: 0,
    max: '1',
    type: 'instant',
    documentation: 'Only what has changed after this instant.',
  },
  {
    name: '_type',
    use: 'in',
    min: 0,
    max: '*',
    type: 'string',
    documentation: 'Resource types, with commas between them; all that the client may read, when none is given.',
  },
];

const patient: OperationDefinitionParameter = {
  name: 'patient',
  use: 'in',
  min: 0,
  max: '*',
  type: 'Reference',
  documentation: 'Only the records of these; by POST.',
};

const common = {
  resourceType: 'OperationDefinition',
  status: 'active',
  kind: 'operation',
  code: 'export',
  affectsState: false,
} as const;

const definitions: readonly OperationDefinition[] = [
  {
    ...common,
    url: `${base}/export`,
    name: 'Export',
    title: 'Export what the server has',
    system: true,
    type: false,
    instance: false,
    parameter: [...parameters],
  },
  {
    ...common,
    url: `${base}/patient-export`,
    name: 'PatientExport',
    title: 'Export the records of all patients',
    resource: ['Patient'],
    system: false,
    type: true,
    instance: false,
    parameter: [...parameters, patient],
  },
  {
    ...common,
    url: `${base}/group-export`,
    name: 'GroupExport',
    title: 'Export the records of the patients of a Group',
    resource: ['Group'],
    system: false,
    type: false,
    instance: true,
    parameter: [...parameters, patient],
  },
];

export const exports: readonly Operation[] = definitions.map((definition) => ({
  definition,
  permissions: [],
  action: 'E',
  defers: true,
  run: kickOffExport,
}));
