/**
 * Which browser applications of other origins may read answers below the FHIR base.
 * https://hl7.org/fhir/smart-app-launch/app-launch.html#considerations-for-cross-origin-resource-sharing-cors-support
 */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';

const exposed =
  'ETag, Location, Content-Location, Last-Modified, Link, Retry-After, X-Progress, X-Request-Id, WWW-Authenticate, DPoP-Nonce';

const everybody = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': exposed };

/** The headers for a request's origin: metadata is for everybody, the rest for origins that are allowed. */
export async function corsHeaders(
  origin: string | undefined,
  url: string,
  allows: ((origin: string) => boolean | Promise<boolean>) | undefined,
): Promise<Readonly<Record<string, string>>> {
  if (/^\/metadata\/?(\?|$)/.test(url)) return everybody;
  if (origin === undefined || !allows) return {};
  if (!(await allows(origin))) return { Vary: 'Origin' };
  return { 'Access-Control-Allow-Origin': origin, 'Access-Control-Expose-Headers': exposed, Vary: 'Origin' };
}

/** Answers OPTIONS: what may be asked across origins, to an origin that may ask at all. */
export function preflight(
  response: ServerResponse,
  cors: Readonly<Record<string, string>>,
  headers: IncomingHttpHeaders,
): number {
  const isAllowed = 'Access-Control-Allow-Origin' in cors && headers['access-control-request-method'] !== undefined;
  response.writeHead(204, {
    ...cors,
    ...(isAllowed
      ? {
          'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
          'Access-Control-Allow-Headers':
            'Authorization, Accept, Content-Encoding, Content-Type, DPoP, If-Match, If-Modified-Since, If-None-Match, If-None-Exist, Prefer, X-Request-Id, X-Security-Context',
          'Access-Control-Max-Age': '600',
        }
      : {}),
  });
  response.end();
  return 204;
}

/** Lets pages of any origin read what is public anyway; to be put before the route, for GET and OPTIONS. */
export const forEverybody: RequestHandler = (request, response, next) => {
  response.set(everybody);
  // It is public: pages of other sites may show it too.
  response.set('Cross-Origin-Resource-Policy', 'cross-origin');
  if (request.method !== 'OPTIONS') return next();
  response.set({
    'Access-Control-Allow-Methods': 'GET, HEAD',
    'Access-Control-Allow-Headers': 'Accept, If-None-Match',
    'Access-Control-Max-Age': '600',
  });
  response.status(204).end();
};
