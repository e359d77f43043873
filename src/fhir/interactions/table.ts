/**
 * The interactions that this server has: the one table by which requests and batch entries find their function, audit finds
 * its words, and the CapabilityStatement what it may claim.
 * https://hl7.org/fhir/R4/http.html#summary
 */
import { FhirError } from '../../shared/errors.ts';
import type { AuditRecord } from '../../store/audit/record.ts';
import type { Access, Permission } from '../access.ts';
import { audited } from '../audit/audited.ts';
import { projectForReader } from '../audit/project.ts';
import type { Context } from '../context.ts';
import { isResourceType } from '../definitions/types.ts';
import type { Body, Reply } from '../reply.ts';
import { batch } from './batch.ts';
import { create } from './create.ts';
import { remove } from './delete.ts';
import type { Entry } from './entries.ts';
import { parseIfMatch } from './expect.ts';
import { demand, demandWritable, isServersOwn } from './guard.ts';
import { history } from './history.ts';
import { read } from './read.ts';
import { search } from './search.ts';
import { transaction } from './transaction.ts';
import { update } from './update.ts';
import { vread } from './vread.ts';

/** A request below the FHIR base, free of HTTP. */
export interface Request {
  /** Of the path; empty or NaN where its pattern has none. */
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly params: URLSearchParams;
  /** Reads and parses the body; asked only by interactions that have one. */
  readonly body: () => Promise<Body>;
  /** The parameters of the URL and of a form body together. */
  readonly form: () => Promise<URLSearchParams>;
  readonly ifMatch: string | undefined;
  readonly ifNoneExist: string | undefined;
  /** `Prefer: handling=strict`. */
  readonly strict: boolean;
  /** `Prefer: return=`. */
  readonly returns: 'minimal' | 'representation' | 'OperationOutcome' | undefined;
}

export interface Interaction {
  /** https://hl7.org/fhir/R4/valueset-restful-interaction.html; `batch` goes by the row of `transaction`. */
  readonly code: 'read' | 'vread' | 'update' | 'delete' | 'history-instance' | 'create' | 'search-type' | 'transaction';
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the base; a word with a colon stands for one segment. */
  readonly path: string;
  /** SMART's letters, of which one is needed before anything is read; none where the entries of a Bundle bring their own. */
  readonly permissions: readonly Permission[];
  readonly body: 'none' | 'resource' | 'form';
  readonly action: AuditRecord['action'];
  readonly run: (context: Context, request: Request) => Promise<Reply>;
}

export const interactions: readonly Interaction[] = [
  { code: 'read', method: 'GET', path: ':type/:id', permissions: ['r'], body: 'none', action: 'R', run: read },
  {
    code: 'vread',
    method: 'GET',
    path: ':type/:id/_history/:version',
    permissions: ['r'],
    body: 'none',
    action: 'R',
    run: vread,
  },
  {
    code: 'history-instance',
    method: 'GET',
    path: ':type/:id/_history',
    permissions: ['r'],
    body: 'none',
    action: 'R',
    run: history,
  },
  { code: 'search-type', method: 'GET', path: ':type', permissions: ['s'], body: 'none', action: 'E', run: search },
  {
    code: 'search-type',
    method: 'POST',
    path: ':type/_search',
    permissions: ['s'],
    body: 'form',
    action: 'E',
    run: async (context, { type, form, strict }) => search(context, { type, params: await form(), strict }),
  },
  {
    code: 'create',
    method: 'POST',
    path: ':type',
    permissions: ['c'],
    body: 'resource',
    action: 'C',
    run: async (context, { type, body, ifNoneExist }) => {
      if (ifNoneExist !== undefined) throw notYet('Conditional create (If-None-Exist)');
      return create(context, { type, body: await body() });
    },
  },
  {
    code: 'update',
    method: 'PUT',
    path: ':type/:id',
    permissions: ['u', 'c'],
    body: 'resource',
    action: 'U',
    run: async (context, { type, id, body, ifMatch }) =>
      update(context, { type, id, body: await body(), ifMatch: parseIfMatch(ifMatch) }),
  },
  {
    code: 'delete',
    method: 'DELETE',
    path: ':type/:id',
    permissions: ['d'],
    body: 'none',
    action: 'D',
    run: (context, { type, id, ifMatch }) => remove(context, { type, id, ifMatch: parseIfMatch(ifMatch) }),
  },
  { code: 'transaction', method: 'POST', path: '', permissions: [], body: 'resource', action: 'E', run: bundle },
];

function notYet(what: string): FhirError {
  return new FhirError('unsupported', `${what} is not supported by this server.`);
}

const patterns = interactions.map((interaction) => ({ interaction, words: interaction.path.split('/') }));

export interface Match {
  readonly interaction: Interaction;
  readonly type: string;
  readonly id: string;
  readonly version: number;
}

/**
 * The interaction of a request by method and path below the base (no slashes at its ends). Throws `notFound` for a path
 * that no interaction has, `methodNotAllowed` for a method that its path does not have.
 */
export function match(method: string, path: string): Match {
  const segments = path.split('/');
  for (const { interaction, words } of patterns) {
    if (interaction.method === method && fits(words, segments)) {
      const [type = '', id = '', , version = ''] = segments;
      return { interaction, type, id, version: Number(version) };
    }
  }
  const [type = ''] = segments;
  if (type !== '' && !isResourceType(type)) {
    throw new FhirError('notFound', `${type} is not a resource type of FHIR R4.`);
  }
  if (methodsOf(path).length > 0)
    throw new FhirError('methodNotAllowed', `${method} is not for ${path || 'the base'}.`);
  throw new FhirError('notFound', `There is nothing at ${path}.`);
}

/** The methods that a path has. */
export function methodsOf(path: string): readonly string[] {
  const segments = path.split('/');
  const open = patterns.filter(({ words, interaction }) => {
    return fits(words, segments) && !(isWrite(interaction) && isServersOwn(segments[0] ?? ''));
  });
  return [...new Set(open.map(({ interaction }) => interaction.method))];
}

function isWrite({ action }: Interaction): boolean {
  return action === 'C' || action === 'U' || action === 'D';
}

function fits(words: readonly string[], segments: readonly string[]): boolean {
  return words.length === segments.length && words.every((word, at) => segmentFits(word, segments[at] ?? ''));
}

function segmentFits(word: string, segment: string): boolean {
  if (word === ':type') return isResourceType(segment);
  if (word === ':id') return segment !== '' && !/^[_$]/.test(segment);
  if (word === ':version') return /^[1-9]\d{0,8}$/.test(segment);
  return word === segment;
}

/** Runs a matched request, audited. */
export async function perform(
  context: Context,
  { interaction, ...target }: Match,
  request: Omit<Request, keyof Match>,
): Promise<Reply> {
  const { code, action, run } = interaction;
  const whole: Request = { ...request, ...target };
  // Whoever reads the trail sees it up to the request before.
  if (isServersOwn(target.type) && !isWrite(interaction)) await projectForReader(context);
  // Which of the two it is shows inside.
  if (code === 'transaction') return run(context, whole);
  const query = code === 'search-type' ? searchText(target.type, request.params) : undefined;
  const name = target.id === '' ? target.type : `${target.type}/${target.id}`;
  const deed = { code, action, query, target: query === undefined ? name : undefined };
  return audited(context, deed, (inner) => {
    demandOneOf(inner.access, interaction, target.type);
    return run(inner, whole);
  });
}

/** What can be refused before a body is read. */
function demandOneOf(access: Access, interaction: Interaction, type: string): void {
  if (isWrite(interaction)) demandWritable(type);
  const { permissions } = interaction;
  const [first] = permissions;
  if (first && !permissions.some((permission) => access.may(permission, type))) demand(access, first, type);
}

function searchText(type: string, params: URLSearchParams): string {
  const text = params.toString();
  return text === '' ? type : `${type}?${text}`;
}

/** A Bundle posted to the base: a transaction, or a batch whose entries are requests by themselves, audited each. */
function bundle(context: Context, { body: readBody, returns, strict }: Request): Promise<Reply> {
  return audited(context, { code: 'transaction', action: 'E' }, async (inner) => {
    const body = await readBody();
    const { resource } = body;
    const type = resource.resourceType === 'Bundle' ? resource.type : undefined;
    if (type === 'batch') {
      const performEntry = (own: Context, entry: Entry) => performUrl(own, { ...entry, strict });
      return batch(context, { body, returns, perform: performEntry });
    }
    if (type === 'transaction') {
      const get = (own: Context, url: string) => performUrl(own, { method: 'GET', url, strict });
      return transaction(inner, { body, returns, get });
    }
    const found = resource.resourceType === 'Bundle' ? `a Bundle of type ${type}` : `a ${resource.resourceType}`;
    const message = `The base takes a Bundle of type transaction or batch, not ${found}.`;
    throw new FhirError('invalid', message, { expression: ['Bundle.type'] });
  });
}

type EntryRequest = Pick<Entry, 'method' | 'url'> & Partial<Pick<Entry, 'body' | 'ifMatch' | 'ifNoneExist'>>;

/** Runs the request of an entry. */
function performUrl(context: Context, entry: EntryRequest & { readonly strict: boolean }): Promise<Reply> {
  const question = entry.url.indexOf('?');
  const path = question < 0 ? entry.url : entry.url.slice(0, question);
  const params = new URLSearchParams(question < 0 ? '' : entry.url.slice(question + 1));
  return perform(context, match(entry.method, path), {
    params,
    body: () =>
      entry.body ? Promise.resolve(entry.body) : Promise.reject(new FhirError('invalid', 'The entry has no resource.')),
    form: () => Promise.resolve(params),
    ifMatch: entry.ifMatch,
    ifNoneExist: entry.ifNoneExist,
    strict: entry.strict,
    returns: undefined,
  });
}
