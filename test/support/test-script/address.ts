/**
 * The URL and the method of an operation.
 * https://hl7.org/fhir/R4/testscript-definitions.html#TestScript.setup.action.operation
 */
import { messageOf, type Place, type Run } from './engine.ts';
import { type Message, resourceIn } from './message.ts';
import type { Operation } from './script.ts';
import { substitute } from './variables.ts';

const interactions: Readonly<Record<string, string>> = {
  read: 'GET',
  vread: 'GET',
  update: 'PUT',
  updateCreate: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deleteCondSingle: 'DELETE',
  deleteCondMultiple: 'DELETE',
  history: 'GET',
  create: 'POST',
  search: 'GET',
  batch: 'POST',
  transaction: 'POST',
  capabilities: 'GET',
};

/** http://terminology.hl7.org/CodeSystem/testscript-operation-codes: operations that have a name of their own in the URL. */
const named = new Set(
  `apply closure find-matches conforms data-requirements document evaluate evaluate-measure everything expand find graphql
   implements lastn lookup match meta meta-add meta-delete populate populatehtml populatelink process-message questionnaire
   stats subset subsumes transform translate validate validate-code`.split(/\s+/),
);

const codeOf = ({ type }: Operation) => type?.code;
const operationOf = (code: string | undefined) =>
  code?.startsWith('$') ? code.slice(1) : code !== undefined && named.has(code) ? code : undefined;

/** The method that an operation has by its type, or by what it says itself. */
function methodOf(operation: Operation): string {
  const code = codeOf(operation);
  if (operation.method !== undefined) return operation.method.toUpperCase();
  if (operationOf(code) !== undefined) return operation.sourceId === undefined ? 'GET' : 'POST';
  const method = code === undefined ? undefined : interactions[code];
  if (method === undefined) throw new Error(`This engine does not know the operation ${JSON.stringify(code)}.`);
  return method;
}

export interface Address {
  readonly method: string;
  readonly url: string;
  /** The parameters of a search by POST. */
  readonly form?: string;
}

/** `url` as it is; otherwise from resource and params, or from the fixture that is the target or the body. */
export async function addressOf(run: Run, operation: Operation): Promise<Address> {
  const method = methodOf(operation);
  const base = baseOf(run, operation);
  if (operation.url !== undefined) {
    const url = await substitute(run, operation.url);
    return { method, url: /^https?:/.test(url) ? url : `${base}/${url.replace(/^\//, '')}` };
  }
  const below = await pathOf(run, operation);
  const isForm = codeOf(operation) === 'search' && method === 'POST' && operation.sourceId === undefined;
  if (!isForm) return { method, url: base + below };
  const [path = '', form = ''] = below.split(/\?(.*)/s);
  return { method, url: base + (path.endsWith('/_search') ? path : `${path}/_search`), form };
}

function baseOf({ engine, script }: Run, { destination, origin }: Operation): string {
  if (origin !== undefined && !engine.playsOrigins) {
    throw new Error(`Origin ${origin} is another client, which this engine does not wait for.`);
  }
  if (destination === undefined && (script.destination?.length ?? 0) > 1) {
    throw new Error('There are several destinations, and the operation names none.');
  }
  const base = engine.bases[(destination ?? 1) - 1];
  if (base === undefined) throw new Error(`There is no destination ${destination}.`);
  return base;
}

async function pathOf(run: Run, operation: Operation): Promise<string> {
  const { resource, params, targetId } = operation;
  const code = codeOf(operation);
  if (code === 'capabilities') return `/metadata${await substitute(run, params ?? '')}`;
  const type = resource === undefined ? '' : `/${resource}`;
  if (params !== undefined) return completed(type + spaced(await substitute(run, params)), code);
  if (targetId !== undefined) return completed(pathOfPlace(await placeOf(run, targetId), code), code);
  return completed(await implied(run, operation, type), code);
}

/** Parameters begin with `/` or `?`; what begins otherwise is below the type. */
const spaced = (params: string) => (/^[/?]/.test(params) ? params : `/${params}`);

/** Without params and target: what the body says, or the type alone. */
async function implied(run: Run, operation: Operation, type: string): Promise<string> {
  const { sourceId } = operation;
  const code = codeOf(operation) ?? '';
  if (sourceId === undefined || code === 'transaction' || code === 'batch') return type;
  const body = await resourceIn(messageOf(run, sourceId));
  const own = type === '' && body && operationOf(code) === undefined ? `/${String(body['resourceType'])}` : type;
  return /^update/.test(code) ? `${own}/${String(body?.['id'])}` : own;
}

/** With `/$name` or `/_history`, where they are not there already. */
function completed(path: string, code: string | undefined): string {
  const tail =
    operationOf(code) === undefined ? (code === 'history' ? '_history' : undefined) : `$${operationOf(code)}`;
  const [before = '', query] = path.split(/\?(.*)/s);
  if (tail === undefined || before.split('/').includes(tail)) return path;
  return `${before}/${tail}${query === undefined ? '' : `?${query}`}`;
}

function pathOfPlace({ type, id, version }: Place, code: string | undefined): string {
  if (code !== 'vread') return `/${type}/${id}`;
  if (version === undefined) throw new Error(`Nothing says which version of ${type}/${id} is meant.`);
  return `/${type}/${id}/_history/${version}`;
}

/** Where the fixture is on the server: where it was created, or what it or the answer under this id says itself. */
async function placeOf(run: Run, id: string): Promise<Place> {
  const message = messageOf(run, id);
  const found = run.places.get(id)?.at(-1) ?? (await placeIn(message));
  if (!found) throw new Error(`${id} does not say its type and id.`);
  return found;
}

/** What a message says about where its resource is: by Location, or by the resource itself. */
export async function placeIn(message: Message): Promise<Place | undefined> {
  const said = /([A-Za-z]+)\/([A-Za-z0-9.-]+)(?:\/_history\/([A-Za-z0-9.-]+))?\/?$/.exec(
    message.headers['location'] ?? '',
  );
  if (said?.[1] && said[2]) return { type: said[1], id: said[2], ...(said[3] ? { version: said[3] } : {}) };
  const resource = await resourceIn(message);
  if (typeof resource?.['id'] !== 'string') return undefined;
  const version = (resource['meta'] as { readonly versionId?: string } | undefined)?.versionId;
  return { type: String(resource['resourceType']), id: resource['id'], ...(version ? { version } : {}) };
}
