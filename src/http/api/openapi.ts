/**
 * The OpenAPI document, made of the route table and the shapes that parse requests.
 * https://spec.openapis.org/oas/v3.1.1
 */
import { z } from 'zod';
import type { Route } from './route.ts';
import { routes } from './routes.ts';

type Json = Record<string, unknown>;

const problemSchema: Json = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail', 'requestId'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    requestId: { type: 'string' },
    detail: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['field', 'detail'],
        properties: { field: { type: 'string' }, detail: { type: 'string' } },
      },
    },
  },
};

/** OpenAPI 3.1 takes JSON Schema 2020-12 as it is; only the dialect's own name has no place inside. */
function schemaOf(shape: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...schema } = z.toJSONSchema(shape, { io }) as Json;
  return schema;
}

function parametersOf({ path, query, ifMatch }: Route): Json[] {
  const { properties = {}, required = [] } = (query ? schemaOf(query, 'input') : {}) as {
    properties?: Json;
    required?: string[];
  };
  return [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...Object.entries(properties).map(([name, schema]) => ({
      name,
      in: 'query',
      required: required.includes(name),
      schema,
    })),
    ...(ifMatch ? [{ name: 'If-Match', in: 'header', description: ifMatch, schema: { type: 'string' } }] : []),
  ];
}

function operationOf(route: Route): Json {
  const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  const parameters = parametersOf(route);
  const errors = [401, ...route.errors].sort((a, b) => a - b);
  return {
    summary: route.summary,
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(route.body, 'input') } } },
    }),
    responses: {
      [route.status]: {
        description: 'Done.',
        ...(route.reply && { content: { 'application/json': { schema: schemaOf(route.reply, 'output') } } }),
      },
      ...Object.fromEntries(errors.map((status) => [status, { description: 'Refused.', content: problem }])),
    },
  };
}

/** `server` is the URL of the API, for instance `http://localhost:8080/api`. */
export function openapi(server: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route) };
  return {
    openapi: '3.1.1',
    info: {
      title: 'LIVEDOC',
      version: '1.0.0',
      description: 'The data model of LIVEDOC over FHIR. The same access tokens as for FHIR; times are UTC.',
    },
    servers: [{ url: server }],
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: problemSchema },
    },
  };
}
