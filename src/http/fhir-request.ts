/** From a Node request below the FHIR base to the plain request of an interaction. */
import type { IncomingMessage } from 'node:http';
import type { Interaction } from '../fhir/interactions/interaction.ts';
import type { PlainRequest } from '../fhir/interactions/perform.ts';
import { parseBody } from '../fhir/json/body.ts';
import { FhirError } from '../shared/errors.ts';
import { demandContentType } from './media-types.ts';
import type { Preferences } from './prefer.ts';
import { readBody } from './read-body.ts';

export interface Limits {
  /** Largest body, bytes. */
  readonly body: number;
}

/** Longer URLs belong into a POST `_search`; links to further pages of such a search may grow up to this. */
export const maxUrl = 65_536;
/** A form of parameters, bytes: what fits into a page link again. */
const maxForm = 32_768;

export interface Address {
  /** Below the base, without slashes at its ends. */
  readonly path: string;
  readonly params: URLSearchParams;
}

/** Path and parameters of `/Patient/1?x=y` (the base already taken off). Throws `tooLarge` and `invalid`. */
export function addressOf(url: string): Address {
  if (url.length > maxUrl) throw new FhirError('tooLarge', `The URL is longer than ${maxUrl} characters.`);
  const question = url.indexOf('?');
  const path = (question < 0 ? url : url.slice(0, question)).replace(/^\/+|\/+$/g, '');
  return {
    path: path.includes('%') ? decoded(path) : path,
    params: new URLSearchParams(question < 0 ? '' : url.slice(question + 1)),
  };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new FhirError('invalid', 'The URL has a percent sign that escapes nothing.');
  }
}

/** The interaction's request; bodies are read when the interaction asks. */
export function requestOf(
  request: IncomingMessage,
  { params }: Address,
  { body }: Interaction,
  { strict, returns }: Preferences,
  limits: Limits,
): PlainRequest {
  const { headers } = request;
  const bytes = async (kind: 'resource' | 'form', limit: number) => {
    demandContentType(headers, kind);
    return readBody(request, limit);
  };
  return {
    params,
    hasBody: headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0,
    body: async () => parseBody(await bytes('resource', limits.body)),
    form: async () => (body === 'form' ? merged(params, (await bytes('form', maxForm)).toString('utf8')) : params),
    ifMatch: headers['if-match'],
    ifNoneExist: headers['if-none-exist'] === undefined ? undefined : String(headers['if-none-exist']),
    strict,
    returns,
  };
}

function merged(params: URLSearchParams, form: string): URLSearchParams {
  return new URLSearchParams([...params, ...new URLSearchParams(form)]);
}
