/**
 * `$graphql`: a query over one resource or over all.
 * https://hl7.org/fhir/R4/graphql.html, https://graphql.org/learn/serving-over-http/
 */
import type { Binary, Parameters } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import type { Context } from '../context.ts';
import { type GraphqlRequest, readQuery } from '../graphql/document.ts';
import { objectText } from '../graphql/emission.ts';
import { run as execute, targetOf } from '../graphql/execute.ts';
import { planFields, planRoot } from '../graphql/plan.ts';
import { Reads } from '../graphql/reads.ts';
import { parseTree } from '../json/tree.ts';
import { toOutcome } from '../outcome.ts';
import type { Reply } from '../reply.ts';
import type { Call, Operation } from './operation.ts';

export const graphql: Operation = {
  definition: {
    resourceType: 'OperationDefinition',
    url: 'http://hl7.org/fhir/OperationDefinition/Resource-graphql',
    name: 'ResourceGraphql',
    title: 'Execute a graphql statement',
    status: 'active',
    kind: 'operation',
    code: 'graphql',
    resource: ['Resource' as 'Patient'],
    system: true,
    type: false,
    instance: true,
    affectsState: false,
    parameter: [
      { name: 'query', use: 'in', min: 1, max: '1', type: 'string' },
      { name: 'operationName', use: 'in', min: 0, max: '1', type: 'string' },
      { name: 'variables', use: 'in', min: 0, max: '1', type: 'string' },
      { name: 'result', use: 'out', min: 1, max: '1', type: 'Binary' },
    ],
  },
  permissions: ['r', 's'],
  action: 'E',
  body: 'own',
  run,
};

async function run(context: Context, call: Call): Promise<Reply> {
  const reads = new Reads(context);
  try {
    const text = await answer(reads, call, await asked(call));
    return reply(200, `{"data":${text}}`, reads);
  } catch (error) {
    if (!(error instanceof FhirError) || error.status >= 500) throw error;
    return reply(error.status, JSON.stringify({ data: null, errors: errorsOf(error) }), reads);
  }
}

async function answer(reads: Reads, { type, id }: Call, request: GraphqlRequest): Promise<string> {
  const query = readQuery(request);
  if (type === '') {
    const fields = planRoot(query);
    return objectText(await execute({ query, reads }, 'Query', fields, parseTree('{}')));
  }
  const resource = targetOf(await reads.read(type, id));
  const fields = planFields(query, { types: [type] }, [query.selectionSet]);
  return objectText(await execute({ query, reads, resource }, type, fields, resource.node));
}

/** https://hl7.org/fhir/R4/graphql.html#errors: each with an OperationOutcome of its own. */
function errorsOf(error: FhirError): readonly object[] {
  return error.issues.map((issue) => ({
    message: issue.diagnostics,
    extensions: { resource: toOutcome(new FhirError(error.kind, issue.diagnostics, { issues: [issue] })) },
  }));
}

function reply(status: number, text: string, { shown }: Reads): Reply {
  const binary: Binary = {
    resourceType: 'Binary',
    contentType: 'application/json',
    data: Buffer.from(text).toString('base64'),
  };
  return { status, text: JSON.stringify(binary), raw: true, shown: [...shown.values()] };
}

/** The query in the URL, or in a body of one of the forms that it may have. */
async function asked({ parameters, request, method }: Call): Promise<GraphqlRequest> {
  const query = parameters.one('query');
  const own = {
    operationName: parameters.one('operationName'),
    variables: variablesIn(parameters.one('variables')),
  };
  if (method === 'GET' || !request.hasBody) return { ...own, query: demanded(query) };
  const { resource } = await request.body();
  if (resource.resourceType === 'Parameters') return { ...own, query: demanded(fromParameters(resource)) };
  if (resource.resourceType !== 'Binary') throw invalid(`a ${resource.resourceType} is no query`);
  const { contentType = '', data = '' } = resource;
  const text = Buffer.from(data, 'base64').toString('utf8');
  if (/^application\/graphql\b/i.test(contentType)) return { ...own, query: text };
  if (/^application\/(fhir\+)?json\b/i.test(contentType)) return fromJson(text);
  const message = `Content-Type ${contentType} is not supported; application/json and application/graphql are.`;
  throw new FhirError('unsupportedMedia', message);
}

function fromParameters({ parameter = [] }: Parameters): string | undefined {
  return parameter.find(({ name }) => name === 'query')?.valueString;
}

function fromJson(text: string): GraphqlRequest {
  const body = parsed(text);
  if (!isObject(body)) throw invalid('the body is no JSON object');
  if (body['resourceType'] === 'Parameters') return { query: demanded(fromParameters(body as unknown as Parameters)) };
  const { query, operationName, variables } = body;
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string')
    throw invalid('operationName is a string');
  if (variables !== undefined && variables !== null && !isObject(variables)) throw invalid('variables are an object');
  return {
    query: demanded(typeof query === 'string' ? query : undefined),
    operationName: operationName ?? undefined,
    variables: variables ?? undefined,
  };
}

function variablesIn(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (text === undefined) return undefined;
  const found = parsed(text);
  if (!isObject(found)) throw invalid('variables are an object');
  return found;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('it is no JSON');
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function demanded(query: string | undefined): string {
  if (query !== undefined && query.trim() !== '') return query;
  throw invalid('there is no query');
}

function invalid(problem: string): FhirError {
  return new FhirError('invalid', `$graphql: ${problem}.`, { expression: ['query'] });
}
