/**
 * Resource/$validate: all problems of a resource in one answer, which is 200 also when there are some.
 * https://hl7.org/fhir/R4/resource-operation-validate.html
 */
import type { OperationDefinition, Parameters, Resource } from '@medplum/fhirtypes';
import { FhirError, type Issue } from '../../shared/errors.ts';
import type { Context } from '../context.ts';
import { remove } from '../interactions/delete.ts';
import { gone, notFound } from '../interactions/guard.ts';
import { questionnaireOf } from '../interactions/questionnaire-of.ts';
import { mayShow } from '../interactions/visible.ts';
import { outcome } from '../outcome.ts';
import type { Reply } from '../reply.ts';
import type { Call, Operation } from './operation.ts';
import { resourceReply } from './parameters-out.ts';

/** Medplum's types have no abstract types among those of an operation. */
const anyType = 'Resource' as 'Basic';

const definition: OperationDefinition = {
  resourceType: 'OperationDefinition',
  id: 'Resource-validate',
  url: 'http://hl7.org/fhir/OperationDefinition/Resource-validate',
  name: 'Validate',
  title: 'Validate a resource',
  status: 'active',
  kind: 'operation',
  description:
    'Tells whether the attached resource would be acceptable as a create, an update or a delete, or against a profile.',
  affectsState: false,
  code: 'validate',
  resource: [anyType],
  system: false,
  type: true,
  instance: true,
  parameter: [
    { name: 'resource', use: 'in', min: 0, max: '1', type: anyType, documentation: 'Absent: the stored instance.' },
    { name: 'mode', use: 'in', min: 0, max: '1', type: 'code', documentation: 'create, update, delete or profile.' },
    {
      name: 'profile',
      use: 'in',
      min: 0,
      max: '1',
      type: 'uri',
      documentation: 'Canonical URL of the profile to validate against; absent: those that the resource names.',
    },
    { name: 'return', use: 'out', min: 1, max: '1', type: 'OperationOutcome', documentation: 'All that was found.' },
  ],
};

/** What the client wants to know. */
interface Asked {
  readonly mode: string | undefined;
  readonly profile: string | undefined;
  /** Absent: the stored instance. */
  readonly resource?: unknown;
  /** What kept the body from being read as JSON. */
  readonly malformed?: readonly Issue[];
}

const modes = ['create', 'update', 'delete', 'profile'];

function textOf(parameters: Parameters, name: string): string | undefined {
  const found = parameters.parameter?.find((one) => one.name === name);
  const value = found && Object.entries(found).find(([key]) => key.startsWith('value'))?.[1];
  return typeof value === 'string' ? value : undefined;
}

/** Whether a body is the operation's parameters, and not the resource to be validated. */
function isWrapper(body: Resource, type: string): body is Parameters {
  if (body.resourceType !== 'Parameters') return false;
  return (
    type !== 'Parameters' || (Array.isArray(body.parameter) && body.parameter.some(({ name }) => name === 'resource'))
  );
}

function ofParameters(wrapper: Parameters): Asked {
  const listed = Array.isArray(wrapper.parameter) ? wrapper.parameter : [];
  const known = new Set(['resource', 'mode', 'profile']);
  listed.forEach(({ name = '' }, at) => {
    if (known.has(name)) return;
    const message = `${JSON.stringify(name)} is no parameter of this operation.`;
    throw new FhirError('invalid', message, { expression: [`Parameters.parameter[${at}].name`] });
  });
  const resource: unknown = listed.find(({ name }) => name === 'resource')?.resource;
  return {
    mode: textOf(wrapper, 'mode'),
    profile: textOf(wrapper, 'profile'),
    ...(resource === undefined ? {} : { resource }),
  };
}

async function readAsked({ type, request, parameters }: Call): Promise<Asked> {
  const ofUrl = { mode: parameters.one('mode'), profile: parameters.one('profile') };
  if (!request.hasBody) return ofUrl;
  try {
    const { resource } = await request.body();
    if (!isWrapper(resource, type)) return { ...ofUrl, resource };
    const asked = ofParameters(resource);
    return { ...asked, mode: asked.mode ?? ofUrl.mode, profile: asked.profile ?? ofUrl.profile };
  } catch (error) {
    // A text that is no JSON, or no resource, is what the client wants to hear of.
    const isBody = error instanceof FhirError && error.kind === 'invalid' && !isParameterProblem(error);
    if (isBody) return { ...ofUrl, malformed: error.issues };
    throw error;
  }
}

function isParameterProblem({ detail }: FhirError): boolean {
  return detail.expression?.[0]?.startsWith('Parameters.parameter') === true;
}

function demandUsable({ mode, profile, resource, malformed }: Asked, { id }: Call): void {
  if (mode !== undefined && !modes.includes(mode)) {
    throw new FhirError('invalid', `The mode is one of ${modes.join(', ')}, not ${JSON.stringify(mode)}.`, {
      expression: ['mode'],
    });
  }
  if (mode === 'profile' && profile === undefined) {
    throw new FhirError('invalid', 'The mode profile needs a profile.', { expression: ['profile'] });
  }
  if (mode === 'delete' && id === '') {
    throw new FhirError('invalid', 'The mode delete is for an instance: Type/id/$validate.', { expression: ['mode'] });
  }
  if (id === '' && resource === undefined && !malformed) {
    throw new FhirError('invalid', 'There is no resource to validate.', { expression: ['resource'] });
  }
}

/** The stored instance. Throws as a read does. */
async function stored(context: Context, { type, id }: Call): Promise<unknown> {
  const version = await context.store.resources.read(type, id);
  const name = `${type}/${id}`;
  if (!version || !(await mayShow(context, 'r', version))) throw notFound(name);
  if (version.deleted) throw gone(name);
  return JSON.parse(version.body) as unknown;
}

function problem(code: string, diagnostics: string, expression: string, severity: Issue['severity'] = 'error'): Issue {
  return { severity, code, diagnostics, expression: [expression] };
}

/** What the place that the resource is meant for says of it. */
function placeIssues(resource: Resource, { mode }: Asked, { type, id }: Call): readonly Issue[] {
  const { resourceType, id: own } = resource;
  if (resourceType !== type) {
    return [problem('invalid', `The resource is a ${resourceType}, the URL is for ${type}.`, `${type}.resourceType`)];
  }
  const at = `${type}.id`;
  if (id !== '' && own !== undefined && own !== id) {
    return [problem('invalid', `The resource has the id ${JSON.stringify(own)}, the URL has ${id}.`, at)];
  }
  if (mode === 'update' && own === undefined)
    return [problem('required', 'An update needs the id in the resource.', at)];
  if (mode === 'create' && own !== undefined) {
    return [problem('informational', 'The id is replaced by one of the server.', at, 'information')];
  }
  return [];
}

function isResource(value: unknown): value is Resource {
  return typeof value === 'object' && value !== null && 'resourceType' in value;
}

async function contentIssues(context: Context, resource: unknown, { profile }: Asked): Promise<readonly Issue[]> {
  const { validateDeep, validate, terminology } = context;
  const profiles = profile === undefined ? {} : { profiles: [profile] };
  if (!validateDeep) return validate(resource, profiles);
  return validateDeep(resource, {
    ...profiles,
    terminology,
    thorough: true,
    questionnaireOf: questionnaireOf(context),
  });
}

/** Thrown to take a trial back. */
class Undone extends Error {}

/** Whether the stored instance could be deleted: by deleting it in a transaction that is rolled back. */
async function deleteIssues(context: Context, call: Call): Promise<readonly Issue[]> {
  await stored(context, call);
  const { type, id } = call;
  try {
    await context.store.transaction(async (store) => {
      await remove({ ...context, store }, { type, id });
      throw new Undone();
    });
    return [];
  } catch (error) {
    if (error instanceof Undone) return [];
    if (error instanceof FhirError) return error.issues;
    throw error;
  }
}

async function run(context: Context, call: Call): Promise<Reply> {
  const asked = await readAsked(call);
  demandUsable(asked, call);
  if (asked.malformed) return resourceReply({ text: JSON.stringify(outcome(asked.malformed)) });
  if (asked.mode === 'delete')
    return resourceReply({ text: JSON.stringify(outcome(await deleteIssues(context, call))) });
  const resource = asked.resource ?? (await stored(context, call));
  const place = isResource(resource) ? placeIssues(resource, asked, call) : [];
  const issues = [...place, ...(await contentIssues(context, resource, asked))];
  return resourceReply({ text: JSON.stringify(outcome(issues)) });
}

export const validateOperation: Operation = {
  definition,
  permissions: ['r', 'c', 'u'],
  action: 'E',
  body: 'resource',
  run,
};
