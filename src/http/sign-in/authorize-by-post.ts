/**
 * SMART lets an app send its authorization request as a form; the provider takes it as a URL only (as a form it would have
 * to weaken its cookies). https://hl7.org/fhir/smart-app-launch/app-launch.html#obtain-authorization-code
 */
import type { RequestHandler } from 'express';
import { fieldsOf } from './forms.ts';

export const authorizeByPost: RequestHandler = (request, _response, next) => {
  // A name that comes twice stays twice, for the provider to refuse.
  const fields = Object.entries(fieldsOf(request)) as [string, string | readonly string[]][];
  const query = new URLSearchParams();
  for (const [name, value] of fields) for (const one of [value].flat()) query.append(name, one);
  request.method = 'GET';
  request.url = `/oidc/auth?${query}`;
  request.originalUrl = request.url;
  delete request.headers['content-type'];
  delete request.headers['content-length'];
  next();
};
