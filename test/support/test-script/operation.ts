/**
 * One operation of a TestScript: its request sent, the answer kept.
 * https://hl7.org/fhir/R4/testscript-definitions.html#TestScript.setup.action.operation
 */
import { addressOf, placeIn } from './address.ts';
import { messageOf, type Run } from './engine.ts';
import { isXmlType, jsonIn, type Message, mediaTypeOf, resourceIn, xmlIn } from './message.ts';
import type { Operation } from './script.ts';
import type { Request } from './send.ts';
import { substitute } from './variables.ts';

const shortTypes: Readonly<Record<string, string>> = {
  json: 'application/fhir+json',
  xml: 'application/fhir+xml',
  ttl: 'text/turtle',
  turtle: 'text/turtle',
};

/** `json` and `xml` stand for FHIR's own media types, `none` for no header; any other is taken as it is. */
function headerOf(name: string, code: string | undefined): Record<string, string> {
  return code === undefined || code === 'none' ? {} : { [name]: shortTypes[code] ?? code };
}

/** Sends it; the answer is a message whatever its status is. Gives a sentence of what was done. */
export async function operate(run: Run, operation: Operation): Promise<string> {
  const request = await requestOf(run, operation);
  const response = await run.engine.send(request);
  const { method, url, headers, body = '' } = request;
  const sent: Message = { method, url, headers, text: body };
  run.last = { request: sent, response };
  if (operation.requestId !== undefined) run.messages.set(operation.requestId, sent);
  if (operation.responseId !== undefined) run.messages.set(operation.responseId, response);
  await remember(run, operation, response);
  return `${method} ${url}: ${response.status}`;
}

/** A fixture that was created is from now on where the server put it. */
async function remember(run: Run, { sourceId, type }: Operation, response: Message): Promise<void> {
  if (sourceId === undefined || !/^(create|update)/.test(type?.code ?? '') || response.status !== 201) return;
  const place = await placeIn(response);
  if (place) run.places.set(sourceId, [...(run.places.get(sourceId) ?? []), place]);
}

async function requestOf(run: Run, operation: Operation): Promise<Request> {
  const { method, url, form } = await addressOf(run, operation);
  const headers: Record<string, string> = {
    accept: 'application/fhir+json',
    ...headerOf('accept', operation.accept),
    ...headerOf('content-type', operation.contentType),
    ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
  };
  if (operation.accept === 'none') delete headers['accept'];
  for (const { field = '', value = '' } of operation.requestHeader ?? []) {
    headers[field.toLowerCase()] = await substitute(run, value);
  }
  const raw = operation.encodeRequestUrl === false;
  const request = { method, url, headers, raw };
  if (form !== undefined) return { ...request, body: encodeURI(form).replace(/%25([0-9A-Fa-f]{2})/g, '%$1') };
  if (operation.sourceId === undefined) return request;
  const source = await fitted(run, messageOf(run, operation.sourceId), request);
  return { ...request, ...(await bodyOf(source, headers)) };
}

/** https://hl7.org/fhir/R4/http.html#update: the id in the body is that of the URL. */
async function fitted({ engine }: Run, source: Message, { method, url }: Request): Promise<Message> {
  const id = /\/([A-Za-z0-9.-]+)$/.exec(url)?.[1];
  const resource = engine.fitsIds && method === 'PUT' ? await resourceIn(source) : undefined;
  return resource && id !== undefined ? { ...source, text: JSON.stringify({ ...resource, id }) } : source;
}

/** In the format of the Content-Type; a Binary that says that it has this very type is sent as what it holds. */
async function bodyOf(source: Message, headers: Record<string, string>): Promise<Pick<Request, 'body' | 'headers'>> {
  const type = mediaTypeOf(headers['content-type']);
  const resource = await resourceIn(source);
  if (resource?.['resourceType'] === 'Binary' && mediaTypeOf(String(resource['contentType'])) === type) {
    return { headers, body: Buffer.from(String(resource['data'] ?? ''), 'base64').toString('utf8') };
  }
  if (type === '')
    return { headers: { ...headers, 'content-type': 'application/fhir+json' }, body: await jsonIn(source) };
  return { headers, body: isXmlType(type) ? xmlIn(source) : await jsonIn(source) };
}
