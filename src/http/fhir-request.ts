/** From a Node request below the FHIR base to the plain request of an interaction. */
import type { IncomingMessage } from 'node:http';
import type { Match, PlainRequest } from '../fhir/interactions/perform.ts';
import { decodeLongText, parseLongText } from '../fhir/json/body.ts';
import type { Body } from '../fhir/reply.ts';
import { fromXml } from '../fhir/xml/read.ts';
import { FhirError } from '../shared/errors.ts';
import { binaryOf, isContent } from './binary.ts';
import { bodyKind, demandForm, demandResourceType } from './media-types.ts';
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

/** Path and parameters of `/Patient/1?x=y` (the base already taken off). Throws `uriTooLong` and `invalid`. */
export function addressOf(url: string): Address {
  if (url.length > maxUrl) {
    throw new FhirError('uriTooLong', `The URL is longer than ${maxUrl} characters; POST _search takes more.`);
  }
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

/** The interaction's request; bodies are read when the interaction asks, and once. */
export function requestOf(
  request: IncomingMessage,
  { params }: Address,
  found: Match,
  { strict, returns }: Preferences,
  limits: Limits,
): PlainRequest {
  const { headers } = request;
  let form: Promise<URLSearchParams> | undefined;
  return {
    params,
    hasBody: headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0,
    body: () => resourceOf(request, found, limits),
    form: () => {
      form ??= found.interaction.body === 'form' ? formOf(request, params) : Promise.resolve(params);
      return form;
    },
    ifMatch: headers['if-match'],
    ifNoneExist: headers['if-none-exist'] === undefined ? undefined : String(headers['if-none-exist']),
    ifNoneMatch: headers['if-none-match'],
    strict,
    returns,
  };
}

/** The resource that a body is, in JSON or XML; what is put into a Binary as it is becomes one. */
async function resourceOf(request: IncomingMessage, { interaction, type, id }: Match, limits: Limits): Promise<Body> {
  const { headers } = request;
  if (type === 'Binary' && (interaction.code === 'create' || interaction.code === 'update')) {
    const bytes = await readBody(request, limits.body);
    return isContent(bytes, headers) ? binaryOf(bytes, headers, id) : parsed(bytes, demandResourceType(headers));
  }
  if (interaction.body === 'own') return binaryOf(await readBody(request, limits.body), headers, '');
  // A patch that is no resource comes as what it would be in a Bundle.
  if (interaction.code === 'patch' && bodyKind(headers) === undefined) {
    return binaryOf(await readBody(request, limits.body), headers, '');
  }
  const kind = demandResourceType(headers);
  return parsed(await readBody(request, limits.body), kind);
}

async function parsed(bytes: Buffer, kind: 'json' | 'xml'): Promise<Body> {
  const text = await decodeLongText(bytes);
  return parseLongText(kind === 'json' ? text : await fromXml(text));
}

async function formOf(request: IncomingMessage, params: URLSearchParams): Promise<URLSearchParams> {
  demandForm(request.headers);
  const form = (await readBody(request, maxForm)).toString('utf8');
  return new URLSearchParams([...params, ...new URLSearchParams(form)]);
}
