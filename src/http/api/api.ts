/** The LIVEDOC JSON API: the field names of its data model over FHIR, mounted at /api. */
import express, { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Federation } from '../../auth/federation/open-federation.ts';
import type { BreakGlass } from '../../auth/glass/break-glass.ts';
import type { PersonAccess } from '../../auth/launch/person-access.ts';
import type { Access } from '../../fhir/access.ts';
import type { Context } from '../../fhir/context.ts';
import type { SigningKeys } from '../../livedoc/signing-keys.ts';
import type { Language } from '../../livedoc/terms.ts';
import { FhirError } from '../../shared/errors.ts';
import { openapi } from './openapi.ts';
import { invalid, problems } from './problem.ts';
import type { Asked, Route } from './route.ts';
import { routes } from './routes.ts';

export interface ApiDeps {
  /** Who calls; rejects with FhirError `unauthenticated`. */
  readonly authenticate: (request: Request) => Promise<Access>;
  /** What FHIR interactions of this caller need. */
  readonly contextOf: (access: Access) => Context;
  /** The server's own access, for what a physician's word changes. */
  readonly server: Access;
  readonly keys: SigningKeys;
  readonly language: Language;
  /** Absent: there are no identity providers. */
  readonly federation?: Federation;
  /** Absent: nobody breaks the glass. */
  readonly breakGlass?: BreakGlass;
  readonly personAccess: PersonAccess;
  /** Called before the answer to what may have changed what somebody may do. */
  readonly forget?: () => void;
  /** URL of the API without a trailing slash, for instance `http://localhost:8080/api`. */
  readonly base: string;
}

/** No body of this API is longer than a comment. */
const json = express.json({ limit: '64kb', type: ['application/json', 'application/*+json'] });

function bodyOf(request: Request, response: Response): Promise<unknown> {
  if (request.is(['application/json', 'application/*+json']) === false) {
    throw new FhirError('unsupportedMedia', 'Send application/json.');
  }
  return new Promise((resolve, reject) => {
    json(request, response, (error?: unknown) => (error ? reject(error) : resolve(request.body)));
  });
}

async function askedOf({ query, body }: Route, request: Request, response: Response): Promise<Asked> {
  const params = request.params as Readonly<Record<string, string>>;
  const asked = { id: params['id'] ?? '', params, ifMatch: request.get('if-match') };
  const parsedQuery = query?.safeParse(request.query);
  if (parsedQuery && !parsedQuery.success) throw invalid(parsedQuery.error, 'query');
  const parsedBody = body?.safeParse(await bodyOf(request, response));
  if (parsedBody && !parsedBody.success) throw invalid(parsedBody.error);
  return { ...asked, query: parsedQuery?.data, body: parsedBody?.data };
}

/** Who calls is asked before anything of the request is read. */
function handler(deps: ApiDeps, route: Route): RequestHandler {
  return async (request, response) => {
    const access = await deps.authenticate(request);
    const asked = await askedOf(route, request, response);
    const answer = await route.run({ ...deps, context: deps.contextOf(access) }, asked);
    if (route.method !== 'get') deps.forget?.();
    response.status(answer.status).set(answer.headers ?? {});
    if (answer.body === undefined) response.end();
    else response.type('application/json').send(JSON.stringify(answer.body));
  };
}

export function api(deps: ApiDeps & { readonly log: Context['log'] }): Router {
  const router = Router();
  // Patients' data belong in no cache.
  router.use((_, response, next) => {
    response.set('cache-control', 'no-store');
    next();
  });
  const document = openapi(deps.base);
  router.get('/openapi.json', (_, response) => {
    response.json(document);
  });
  router.get('/signing-keys', (_, response) => {
    response.type('application/jwk-set+json').send(JSON.stringify({ keys: deps.keys.published }));
  });
  for (const route of routes) router[route.method](route.path.replace(/\{(\w+)\}/g, ':$1'), handler(deps, route));
  router.use((request) => {
    throw new FhirError('notFound', `${request.method} ${request.baseUrl}${request.path} is not part of the API.`);
  });
  router.use(problems(deps.log));
  return router;
}
