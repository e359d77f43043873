/**
 * The FHIR base over HTTP: every request below /fhir goes through here, by one table, without Express in between.
 * https://hl7.org/fhir/R4/http.html
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Access } from '../fhir/access.ts';
import { askedText, mayBeAsync } from '../fhir/async/asked.ts';
import { kickOff } from '../fhir/async/kick-off.ts';
import type { Context } from '../fhir/context.ts';
import type { CapabilityOptions } from '../fhir/interactions/capabilities.ts';
import { type Match, match, methodsOf, type PlainRequest, perform } from '../fhir/interactions/perform.ts';
import { interactions } from '../fhir/interactions/table.ts';
import { operations } from '../fhir/operations/table.ts';
import { shapedReply } from '../fhir/summary/apply.ts';
import { askedShape } from '../fhir/summary/shape.ts';
import { FhirError } from '../shared/errors.ts';
import { corsHeaders, preflight } from './cors.ts';
import { type Credentials, credentialsOf } from './credentials.ts';
import { logError, outcomeReply } from './errors.ts';
import { type AsyncAddress, answerAsync, asyncAddress, asyncMethods } from './fhir-async.ts';
import { answerBulk, type BulkAddress, bulkAddress, bulkMethods, demandBulkMethod, sendFile } from './fhir-bulk.ts';
import { type Asked, always, sendError, sendReply } from './fhir-reply.ts';
import { type Address, addressOf, type Limits, requestOf } from './fhir-request.ts';
import { type Format, formatOf, plainFormat, wantsResource } from './media-types.ts';
import { isKnown, type Statement, statements } from './metadata.ts';
import type { Metrics } from './metrics.ts';
import { parsePrefer } from './prefer.ts';
import { drain } from './read-body.ts';

export interface FhirDeps extends Omit<Context, 'access'> {
  readonly authenticate: (credentials: Credentials) => Promise<Access>;
  /** What a request that is answered later keeps instead of its token; absent: none is, and the wish is ignored. */
  readonly ticketOf?: (credentials: Credentials) => string;
  readonly limits: Limits;
  readonly metrics: Metrics;
  /** The release, for the CapabilityStatement. */
  readonly version: string;
  readonly oauth?: NonNullable<CapabilityOptions['oauth']>;
  /** Whether a browser application of another origin may call; nobody by default. */
  readonly allowsOrigin?: (origin: string) => boolean | Promise<boolean>;
}

/** One request while it is being answered. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly credentials: Credentials;
  /** For the origin that asks. */
  cors: Readonly<Record<string, string>>;
  /** For metrics and log: an interaction's code. */
  name: string;
  /** Of the answer; absent until it is known. */
  format?: Format;
}

/** Answers a request whose URL is below the base, the base taken off: `/Patient/1?x=y`. */
export function fhir(deps: FhirDeps): (request: IncomingMessage, response: ServerResponse, url: string) => void {
  const setup: Setup = { deps, statement: statements(() => capabilityOptions(deps)), context: contextOf(deps) };
  return (request, response, url) => {
    void exchange(setup, request, response, url);
  };
}

/** What is the same for all requests. */
interface Setup {
  readonly deps: FhirDeps;
  readonly statement: (mode: string | null) => Statement;
  readonly context: Omit<Context, 'access'>;
}

function contextOf({
  authenticate: _authenticate,
  ticketOf: _ticketOf,
  limits: _limits,
  metrics: _metrics,
  version: _version,
  oauth: _oauth,
  allowsOrigin: _allowsOrigin,
  ...context
}: FhirDeps): Omit<Context, 'access'> {
  return context;
}

function capabilityOptions(deps: FhirDeps): CapabilityOptions {
  const { base, version, oauth, parameters, profilesOf, conditionalDelete = 'single' } = deps;
  return {
    ...{ base, version, interactions, operations, parameters, conditionalDelete },
    ...(profilesOf ? { profilesOf } : {}),
    ...(oauth ? { oauth } : {}),
  };
}

async function exchange(setup: Setup, request: IncomingMessage, response: ServerResponse, url: string): Promise<void> {
  const { deps } = setup;
  const started = performance.now();
  const credentials = credentialsOf(request);
  const own: Exchange = { request, response, credentials, cors: {}, name: 'none' };
  let status: number;
  try {
    own.cors = await corsHeaders(request.headers.origin, url, deps.allowsOrigin);
    status = await answer(setup, own, url);
  } catch (error) {
    const milliseconds = Math.round(performance.now() - started);
    const { requestId } = credentials;
    logError(deps.log, error, { requestId, method: request.method, interaction: own.name, milliseconds });
    status = refuse(own, error, url);
  }
  deps.metrics.observe(own.name, status, (performance.now() - started) / 1000);
}

function refuse(own: Exchange, error: unknown, url: string): number {
  const { request, response, credentials } = own;
  const reply = outcomeReply(error, credentials.authorization, credentials.requestId);
  const isMethod = error instanceof FhirError && error.kind === 'methodNotAllowed';
  const headers = isMethod ? { ...reply.headers, Allow: allowed(url) } : reply.headers;
  // What is still on its way is thrown away, so that the client can read the answer and go on.
  drain(request);
  if (response.headersSent || response.destroyed) return reply.status;
  const { requestId } = credentials;
  return sendError(response, { ...reply, headers }, { cors: own.cors, requestId, format: errorFormat(own, url) });
}

/** The format of an error that came before its request was looked at, too: as it was asked for, where that can be had. */
function errorFormat({ format, request }: Exchange, url: string): Format {
  try {
    return format ?? formatOf(request.headers.accept, addressOf(url).params);
  } catch {
    return plainFormat;
  }
}

function allowed(url: string): string {
  const { path } = addressOf(url);
  const later = asyncAddress(path);
  const bulk = bulkAddress(path);
  const own = later ? asyncMethods(later) : bulk ? bulkMethods(bulk) : methodsOf(path);
  const methods = path === 'metadata' ? ['GET'] : own;
  return methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
}

async function answer(setup: Setup, own: Exchange, url: string): Promise<number> {
  const { deps } = setup;
  const { request, response, credentials, cors } = own;
  if (request.method === 'OPTIONS') return preflight(response, cors, request.headers);
  const address = addressOf(url);
  const { headers } = request;
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
  const preferences = parsePrefer(headers['prefer']);
  const asked = {
    requestId: credentials.requestId,
    acceptEncoding: headers['accept-encoding'] as string | undefined,
    ifNoneMatch: headers['if-none-match'],
    ifModifiedSince: headers['if-modified-since'],
    returns: preferences.returns,
    isWrite: method !== 'GET',
    base: deps.base,
    cors,
  };
  if (address.path === 'metadata') return answerMetadata(setup, own, { method, address, asked });
  const access = await deps.authenticate(credentials);
  const context = { ...setup.context, access };
  const later = asyncAddress(address.path);
  if (later) return answerLater(own, context, { method, address, later, asked });
  const bulk = bulkAddress(address.path);
  if (bulk) return answerExport(own, context, { method, address, bulk, asked });
  const found = match(method, address.path);
  own.name = found.interaction.code;
  const raw = isRaw(found, headers.accept, address);
  const format = raw || found.interaction.body === 'own' ? plainFormat : negotiate(own, address);
  const { ticketOf } = deps;
  const mayWait = preferences.async && ticketOf ? { later: () => ticketOf(credentials) } : {};
  const plain = { ...requestOf(request, address, found, preferences, deps.limits), ...mayWait };
  if (preferences.async && deps.ticketOf && mayBeAsync(found)) {
    const taken = await putOff(context, found, address, plain, deps.ticketOf(credentials));
    return sendReply(response, taken, { ...asked, format, extra: { 'Content-Location': taken.location } });
  }
  const reply = await perform(context, found, plain);
  // A form and a page link may say it too.
  const isElsewhere = reply.params?.has('_format') && !address.params.has('_format');
  const actual = isElsewhere && reply.params ? negotiate(own, { params: reply.params }) : format;
  return sendReply(response, reply, { ...asked, format: actual, raw });
}

/** https://hl7.org/fhir/R4/http.html#capabilities: for everybody. */
function answerMetadata(
  setup: Setup,
  own: Exchange,
  { method, address, asked }: { method: string; address: Address; asked: Omit<Asked, 'format'> },
): number | Promise<number> {
  own.name = 'capabilities';
  if (method !== 'GET') throw new FhirError('methodNotAllowed', `${method} is not for metadata.`);
  const format = negotiate(own, address);
  const statement = setup.statement(address.params.get('mode'));
  const extra = { ETag: statement.etag };
  if (isKnown(statement, asked.ifNoneMatch)) {
    return sendReply(own.response, { status: 304 }, { ...asked, format, extra });
  }
  const reply = shapedReply({ status: 200, text: statement.text }, askedShape(address.params));
  return sendReply(own.response, reply, { ...asked, format, extra });
}

async function putOff(context: Context, found: Match, { path, params }: Address, plain: PlainRequest, ticket: string) {
  const url = params.size > 0 ? `${path}?${params}` : path;
  return kickOff(context, { url, request: await askedText(context.access.caller, found, path, plain), ticket });
}

interface Bulk {
  readonly method: string;
  readonly address: Address;
  readonly bulk: BulkAddress;
  readonly asked: Omit<Asked, 'format'>;
}

/** What has become of an export, or one of its files. */
async function answerExport(own: Exchange, context: Context, { method, address, bulk, asked }: Bulk): Promise<number> {
  own.name = 'export';
  demandBulkMethod(method, bulk);
  const { id, file } = bulk;
  if (file !== undefined) {
    const headers = { ...always, ...own.cors, 'X-Request-Id': asked.requestId };
    return sendFile(own.response, context, { id, file }, headers);
  }
  const format = negotiate(own, address);
  const { reply, headers: extra, isManifest } = await answerBulk(context, method, id);
  const actual = isManifest ? { ...plainFormat, type: 'application/json' } : format;
  return sendReply(own.response, reply, { ...asked, format: actual, extra });
}

interface Later {
  readonly method: string;
  readonly address: Address;
  readonly later: AsyncAddress;
  readonly asked: Omit<Asked, 'format'>;
}

/** What has become of a request that was put off. */
async function answerLater(own: Exchange, context: Context, { method, address, later, asked }: Later): Promise<number> {
  own.name = 'async';
  const { accept } = own.request.headers;
  const asResource = negotiate(own, address);
  // Who asks for FHIR by name gets a resource; R4's manifest is none.
  const form = wantsResource(accept, address.params) ? 'bundle' : 'manifest';
  const { reply, headers: extra, isManifest } = await answerAsync(context, method, later, form);
  const format = isManifest ? { ...plainFormat, type: 'application/json' } : asResource;
  return sendReply(own.response, reply, { ...asked, format, extra });
}

/** A Binary is what it holds, unless FHIR's own types are asked for. https://hl7.org/fhir/R4/binary.html#rest */
function isRaw({ interaction: { code }, type }: Match, accept: string | undefined, { params }: Address): boolean {
  return type === 'Binary' && (code === 'read' || code === 'vread') && !wantsResource(accept, params);
}

/** Also for an error that comes after. */
function negotiate(own: Exchange, { params }: Pick<Address, 'params'>): Format {
  own.format = formatOf(own.request.headers.accept, params);
  return own.format;
}

/** What interactions get of what HTTP has. */
