/**
 * The OperationDefinitions of `$reindex` and what goes with it. FHIR names no such operation; other servers have one of this
 * name and these levels.
 */
import type { OperationDefinition, OperationDefinitionParameter } from '@medplum/fhirtypes';

const base = 'https://livedoc.health/fhir/OperationDefinition';

function out(name: string, type: OperationDefinitionParameter['type'], max = '1'): OperationDefinitionParameter {
  return { name, use: 'out', min: 0, max, ...(type ? { type } : {}) };
}

/** What is told of one reindexing. */
const told: readonly OperationDefinitionParameter[] = [
  out('job', 'id'),
  out('status', 'code'),
  out('reason', 'string'),
  out('type', 'code', '*'),
  out('searchParameter', 'string', '*'),
  out('total', 'decimal'),
  out('done', 'decimal'),
  out('verified', 'decimal'),
  out('changed', 'decimal'),
  out('perSecond', 'decimal'),
  out('created', 'instant'),
  out('started', 'instant'),
  out('updated', 'instant'),
  out('finished', 'instant'),
  out('problem', 'string'),
];

export const reindexDefinition: OperationDefinition = {
  resourceType: 'OperationDefinition',
  url: `${base}/reindex`,
  name: 'Reindex',
  title: 'Index what is stored anew',
  status: 'active',
  kind: 'operation',
  description:
    `Makes what resources are found by anew: in the background for the whole server or a type (202, with the address of
the status in Content-Location), at once for one resource.`.replaceAll('\n', ' '),
  code: 'reindex',
  // The type's list of resource types lacks the one that stands for all.
  resource: ['Resource'] as unknown as NonNullable<OperationDefinition['resource']>,
  system: true,
  type: true,
  instance: true,
  affectsState: true,
  parameter: [
    {
      name: 'type',
      use: 'in',
      min: 0,
      max: '*',
      type: 'code',
      documentation: 'Resource types; all, when none is given.',
    },
    {
      name: 'searchParameter',
      use: 'in',
      min: 0,
      max: '*',
      type: 'string',
      documentation: 'Canonical URLs of search parameters, or Type.code; all, when none is given.',
    },
    ...told,
  ],
};

export const reindexStatusDefinition: OperationDefinition = {
  resourceType: 'OperationDefinition',
  url: `${base}/reindex-status`,
  name: 'ReindexStatus',
  title: 'How far reindexing is',
  status: 'active',
  kind: 'operation',
  description: 'One reindexing (202 while it goes on, 200 when it has ended), or the newest 50 of them.',
  code: 'reindex-status',
  system: true,
  type: false,
  instance: false,
  affectsState: false,
  parameter: [
    { name: 'job', use: 'in', min: 0, max: '1', type: 'id' },
    ...told,
    { name: 'reindex', use: 'out', min: 0, max: '*', part: [...told] },
  ],
};

export const reindexCancelDefinition: OperationDefinition = {
  resourceType: 'OperationDefinition',
  url: `${base}/reindex-cancel`,
  name: 'ReindexCancel',
  title: 'End a reindexing',
  status: 'active',
  kind: 'operation',
  description:
    'Ends a reindexing. Search parameters that it was for are not searched by until another one has completed.',
  code: 'reindex-cancel',
  system: true,
  type: false,
  instance: false,
  affectsState: true,
  parameter: [{ name: 'job', use: 'in', min: 1, max: '1', type: 'id' }, ...told],
};
