/**
 * `$diff`: what is different between two versions or two resources, as the FHIRPath Patch that makes one of the other.
 * https://hl7.org/fhir/R4/fhirpatch.html
 */
import type { OperationDefinitionParameter } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import type { Context } from '../context.ts';
import { isResourceType } from '../definitions/types.ts';
import { demand } from '../interactions/guard.ts';
import { read } from '../interactions/read.ts';
import { vread } from '../interactions/vread.ts';
import { parseTree } from '../json/tree.ts';
import { diffParts } from '../patch/diff.ts';
import type { Reply } from '../reply.ts';
import { parseReference } from '../search/extract-reference.ts';
import type { Call, Operation } from './operation.ts';

const includeMeta: OperationDefinitionParameter = { name: 'includeMeta', use: 'in', min: 0, max: '1', type: 'boolean' };
const output: OperationDefinitionParameter = {
  name: 'operation',
  use: 'out',
  min: 0,
  max: '*',
  part: [
    { name: 'type', use: 'out', min: 1, max: '1', type: 'code' },
    { name: 'path', use: 'out', min: 1, max: '1', type: 'string' },
    { name: 'name', use: 'out', min: 0, max: '1', type: 'string' },
    { name: 'index', use: 'out', min: 0, max: '1', type: 'integer' },
    { name: 'value', use: 'out', min: 0, max: '1', type: 'Element' as 'string' },
  ],
};

const common = {
  resourceType: 'OperationDefinition',
  status: 'active',
  kind: 'operation',
  code: 'diff',
  affectsState: false,
} as const;

export const diffVersions: Operation = {
  definition: {
    ...common,
    url: 'https://livedoc.health/fhir/OperationDefinition/diff-versions',
    name: 'ResourceDiff',
    title: 'Differences between two versions of a resource',
    resource: ['Resource' as 'Basic'],
    system: false,
    type: false,
    instance: true,
    parameter: [{ name: 'fromVersion', use: 'in', min: 0, max: '1', type: 'string' }, includeMeta, output],
  },
  permissions: ['r'],
  action: 'R',
  versions: true,
  run: ofVersions,
};

export const diffResources: Operation = {
  definition: {
    ...common,
    url: 'https://livedoc.health/fhir/OperationDefinition/diff-resources',
    name: 'SystemDiff',
    title: 'Differences between two resources of one type',
    resource: ['Resource' as 'Basic'],
    system: true,
    type: false,
    instance: false,
    parameter: [
      { name: 'from', use: 'in', min: 1, max: '1', type: 'uri' },
      { name: 'to', use: 'in', min: 1, max: '1', type: 'uri' },
      includeMeta,
      output,
    ],
  },
  permissions: [],
  action: 'R',
  run: ofResources,
};

interface Named {
  readonly type: string;
  readonly id: string;
  readonly version?: number | undefined;
}

/** A version and the one before it, or the one that is named. */
async function ofVersions(context: Context, { type, id, parameters, request }: Call): Promise<Reply> {
  demand(context.access, 'r', type);
  const to = await shown(context, { type, id, ...(Number.isNaN(request.version) ? {} : { version: request.version }) });
  const given = parameters.one('fromVersion');
  if (given !== undefined && !/^[1-9]\d{0,8}$/.test(given))
    throw invalid('fromVersion', `${JSON.stringify(given)} is no version`);
  const from =
    given === undefined
      ? await before(context, { type, id, version: to.version?.version ?? 1 })
      : await shown(context, { type, id, version: Number(given) });
  return replyOf(from, to, type, parameters.one('includeMeta') === 'true');
}

/** The last version before this one that is not a deletion; of the first one nothing but its type and id. */
async function before(context: Context, { type, id, version }: Required<Named>): Promise<Reply> {
  for (let number = Number(version) - 1; number >= 1; number -= 1) {
    const found = await context.store.resources.readVersion(type, id, number);
    if (found && !found.deleted) return shown(context, { type, id, version: number });
  }
  return { status: 200, text: JSON.stringify({ resourceType: type, id }) };
}

/** Two resources of the same type. */
async function ofResources(context: Context, { parameters }: Call): Promise<Reply> {
  const from = namedBy(context, 'from', parameters.one('from') ?? '');
  const to = namedBy(context, 'to', parameters.one('to') ?? '');
  if (from.type !== to.type) throw invalid('to', `a ${to.type} is not compared with a ${from.type}`);
  return replyOf(
    await shown(context, from),
    await shown(context, to),
    to.type,
    parameters.one('includeMeta') === 'true',
  );
}

function namedBy({ base }: Context, name: string, text: string): Named {
  const found = parseReference(text);
  if (!found || (found.base !== '' && found.base !== base) || !isResourceType(found.type)) {
    throw invalid(name, `${JSON.stringify(text)} is no resource of this server`);
  }
  const { type, id, version } = found;
  return { type, id, ...(version === undefined ? {} : { version: Number(version) }) };
}

function shown(context: Context, { type, id, version }: Named): Promise<Reply> {
  return version === undefined ? read(context, { type, id }) : vread(context, { type, id, version });
}

function invalid(name: string, problem: string): FhirError {
  return new FhirError('invalid', `Parameter ${name}: ${problem}.`, { expression: [name] });
}

function replyOf(from: Reply, to: Reply, type: string, withMeta: boolean): Reply {
  const operations = diffParts(parseTree(from.text ?? '{}'), parseTree(to.text ?? '{}'), type, { withMeta });
  const listed = operations.map((parts) => `{"name":"operation","part":[${parts.join(',')}]}`);
  const parameter = listed.length === 0 ? '' : `,"parameter":[${listed.join(',')}]`;
  return {
    status: 200,
    text: `{"resourceType":"Parameters"${parameter}}`,
    shown: [...(from.shown ?? []), ...(to.shown ?? [])],
  };
}
