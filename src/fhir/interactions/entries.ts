/**
 * The entries of a batch or transaction Bundle, each resource with its own exact text.
 * https://hl7.org/fhir/R4/http.html#transaction
 */
import { setImmediate } from 'node:timers/promises';
import type { Bundle, BundleEntry, Resource } from '@medplum/fhirtypes';
import { FhirError, type Issue } from '../../shared/errors.ts';
import type { Context } from '../context.ts';
import { eachObject, memberStart } from '../json/members.ts';
import type { Body } from '../reply.ts';

/** More entries than this would hold up everybody else for too long. */
const maxEntries = 5000;

export interface Entry {
  /** Its place in the Bundle. */
  readonly at: number;
  readonly fullUrl: string | undefined;
  readonly method: string;
  /** Relative to the base, without a leading slash. */
  readonly url: string;
  readonly ifMatch: string | undefined;
  readonly ifNoneExist: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly ifModifiedSince: string | undefined;
  /** Present for POST, PUT and PATCH. */
  readonly body: Body | undefined;
}

/** Checks the Bundle itself and reads its entries. Throws `invalid`, `unprocessable` or `tooLarge`. */
export async function readEntries(context: Context, body: Body): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for (const read of eachEntry(context, body)) {
    entries.push(read());
    if (entries.length % entriesAtOnce === 0) await setImmediate();
  }
  return entries;
}

/** After so many the event loop gets its turn. */
const entriesAtOnce = 50;

/** The same for entries that stand for themselves: what is wrong with one is thrown when that is read. */
export function* eachEntry({ validate, base }: Context, { resource, text }: Body): Generator<() => Entry, undefined> {
  const bundle = resource as Bundle;
  const listed: readonly BundleEntry[] = Array.isArray(bundle.entry) ? bundle.entry.map(addressed) : [];
  if (listed.length > maxEntries) {
    throw new FhirError(
      'tooLarge',
      `The Bundle has ${listed.length} entries; at most ${maxEntries} are taken at once.`,
    );
  }
  // The resources are checked one by one later, when what they point at is known.
  const frame = { ...bundle, entry: listed.map(withoutResource) };
  const issues = validate(listed.length > 0 ? frame : { ...bundle });
  if (issues.some(({ severity }) => severity !== 'warning' && severity !== 'information')) {
    throw new FhirError('unprocessable', 'The Bundle is not valid.', { issues });
  }
  const texts = resourceTexts(text);
  for (const [at, entry] of listed.entries()) {
    const own = texts.next().value;
    yield () => readEntry(base, entry, at, own);
  }
}

/** What is no entry at all stays what it is, for the validator to refuse. */
function withoutResource(entry: BundleEntry | null): unknown {
  if (typeof entry !== 'object' || entry === null) return entry;
  const { resource: _, ...rest } = entry;
  return rest;
}

/** HAPI's client leaves out the URL of a POST, though R4 wants it: it is the type of the resource. */
function addressed(entry: BundleEntry | null): BundleEntry {
  const type: unknown = entry?.resource?.resourceType;
  const isBare = entry?.request?.method === 'POST' && entry.request.url === undefined && typeof type === 'string';
  return (isBare ? { ...entry, request: { ...entry.request, url: type } } : entry) as BundleEntry;
}

function readEntry(
  base: string,
  { fullUrl, request, resource }: BundleEntry,
  at: number,
  text: string | undefined,
): Entry {
  if (!request?.method || request.url === undefined) throw entryError(at, 'request', 'The entry has no request.');
  const { method, url, ...conditions } = request;
  const hasBody = method === 'POST' || method === 'PUT' || method === 'PATCH';
  // Operations may need no parameters, and a search has them in its URL.
  const mayBeBare = method === 'POST' && isNamed(url);
  if (hasBody && !mayBeBare && (!resource || text === undefined)) {
    throw entryError(at, 'resource', `A ${method} needs a resource.`);
  }
  if (!hasBody && resource) throw entryError(at, 'resource', `A ${method} takes no resource.`);
  const body = resource && text !== undefined ? { resource, text } : undefined;
  const below = url.startsWith(`${base}/`) ? url.slice(base.length + 1) : url.replace(/^\/+/, '');
  const relative = below.replace(/\/+(?=$|\?)/, '');
  const { ifMatch, ifNoneExist, ifNoneMatch, ifModifiedSince } = conditions;
  return { at, fullUrl, method, url: relative, ifMatch, ifNoneExist, ifNoneMatch, ifModifiedSince, body };
}

/** Whether a URL is of an operation or a search by POST, and of no resource or type. */
export function isNamed(url: string): boolean {
  const [path = ''] = url.split('?', 1);
  return /(?:^|\/)(?:\$[^/]*|_search)$/.test(path);
}

/** The text of each entry's resource. */
function* resourceTexts(text: string): Generator<string | undefined, undefined> {
  const start = memberStart(text, text.indexOf('{'), 'entry');
  if (start === undefined || text[start] !== '[') return;
  for (const entry of eachObject(text, start)) {
    const resource = entry.find(({ name }) => name === 'resource');
    yield resource && text.slice(resource.start, resource.end);
  }
}

/** An error in an entry itself. */
export function entryError(at: number, element: string, message: string): FhirError {
  return new FhirError('invalid', message, { expression: [`Bundle.entry[${at}].${element}`] });
}

/** The same error with expressions that begin at the Bundle: `Patient.name[0]` becomes `Bundle.entry[3].resource.name[0]`. */
export function inEntry(at: number, error: unknown, resource?: Resource): unknown {
  if (!(error instanceof FhirError)) return error;
  const entry = `Bundle.entry[${at}]`;
  const relocate = (expression: string): string => {
    if (expression.startsWith('Bundle.entry[')) return expression;
    const type = resource?.resourceType;
    // A patch is about another resource than the one that it comes in.
    if ((type === 'Parameters' || type === 'Binary') && !expression.startsWith(type)) return `${entry}.resource`;
    if (type === undefined || !expression.startsWith(type)) return `${entry}.resource.${expression}`;
    return `${entry}.resource${expression.slice(type.length)}`;
  };
  const issues = error.issues.map(
    (issue): Issue => ({ ...issue, expression: issue.expression?.map(relocate) ?? [entry] }),
  );
  return new FhirError(error.kind, error.message, { ...error.detail, issues });
}
