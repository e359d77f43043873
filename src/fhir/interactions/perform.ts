/**
 * Finds the interaction of a request in the table and runs it, authorised and audited.
 * https://hl7.org/fhir/R4/http.html#summary
 */
import { FhirError } from '../../shared/errors.ts';
import type { Access } from '../access.ts';
import { audited } from '../audit/audited.ts';
import { projectForReader } from '../audit/project.ts';
import type { Context } from '../context.ts';
import { isCompartmentType } from '../definitions/compartments.ts';
import { isResourceType } from '../definitions/types.ts';
import type { Reply } from '../reply.ts';
import { shapedReply } from '../summary/apply.ts';
import { askedShape, demandKnown } from '../summary/shape.ts';
import { demand, demandWritable, isServersOwn } from './guard.ts';
import type { EntryRequest, Interaction, Phase, Request } from './interaction.ts';
import { interactions } from './table.ts';

interface Pattern {
  readonly interaction: Interaction;
  readonly words: readonly string[];
}

const patterns: readonly Pattern[] = interactions.map((interaction) => ({
  interaction,
  words: interaction.path.split('/'),
}));

const shapeOf = (method: string, segments: number): string => `${method} ${segments}`;

/** By method and number of segments, so that a request is compared with few. */
const byShape = new Map<string, Pattern[]>();
for (const pattern of patterns) {
  const shape = shapeOf(pattern.interaction.method, pattern.words.length);
  byShape.set(shape, [...(byShape.get(shape) ?? []), pattern]);
}

/** What a path says. */
type Target = Pick<Request, 'type' | 'id' | 'version' | 'member'>;

export interface Match extends Target {
  readonly interaction: Interaction;
}

/**
 * The interaction of a request by method and path below the base (no slashes at its ends). Throws `notFound` for a path
 * that no interaction has, `methodNotAllowed` for a method that its path does not have.
 */
export function match(method: string, path: string): Match {
  const segments = path.split('/');
  for (const { interaction, words } of byShape.get(shapeOf(method, segments.length)) ?? []) {
    if (fits(words, segments)) return { interaction, ...targetOf(words, segments) };
  }
  if (methodsOf(path).length > 0)
    throw new FhirError('methodNotAllowed', `${method} is not for ${path || 'the base'}.`);
  if (segments.at(-1)?.startsWith('$')) throw noOperation(path);
  const [type = ''] = segments;
  if (type !== '' && !isResourceType(type)) {
    throw new FhirError('notFound', `${type} is not a resource type of FHIR R4.`);
  }
  throw new FhirError('notFound', `There is nothing at ${path}.`);
}

/** https://hl7.org/fhir/R4/operations.html: unknown, or not for this level. */
function noOperation(path: string): FhirError {
  const diagnostics = `There is nothing at ${path}: this server has no such operation, or not at this level.`;
  return new FhirError('notFound', diagnostics, {
    issues: [{ severity: 'error', code: 'not-supported', diagnostics }],
  });
}

function targetOf(words: readonly string[], segments: readonly string[]): Target {
  const segment = (word: string) => segments[words.indexOf(word)] ?? '';
  const [first = ''] = words;
  // An operation of one type has the type itself in its path.
  const type = isResourceType(first) ? first : segment(':type') || segment(':compartment');
  return { type, id: segment(':id'), version: Number(segment(':version') || Number.NaN), member: segment(':member') };
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
  if (word === ':compartment') return isCompartmentType(segment);
  if (word === ':member') return segment === '*' || isResourceType(segment);
  if (word === ':id') return segment !== '' && !/^[_$]/.test(segment);
  if (word === ':version') return /^[1-9]\d{0,8}$/.test(segment);
  return word === segment;
}

/** A request as HTTP or an entry has it, its path aside. */
export type PlainRequest = Omit<Request, keyof Target | 'perform' | 'phaseOf'>;

/** Runs a matched request, audited. */
export async function perform(
  context: Context,
  { interaction, ...target }: Match,
  request: PlainRequest,
): Promise<Reply> {
  const { code, action, run } = interaction;
  const { strict } = request;
  const performEntry: Request['perform'] = (own, entry) => performUrl(own, { ...entry, strict });
  const whole: Request = { ...request, ...target, perform: performEntry, phaseOf };
  // Whoever reads the trail sees it up to the request before.
  if (asksForOwn(target, request.params) && !isWrite(interaction)) await projectForReader(context);
  // Which of the two it is shows inside.
  if (code === 'transaction') return run(context, whole);
  const name = [target.type, target.id, target.member].filter(Boolean).join('/');
  const query = queryOf(interaction, name, request.params);
  const deed = { code, action, query, target: query === undefined ? name : undefined };
  const reply = await audited(context, deed, (inner) => {
    demandOneOf(inner.access, interaction, target.type);
    if (!isWrite(interaction)) demandKnown(askedShape(request.params), strict ? target.type : '');
    return run(inner, whole);
  });
  return isWrite(interaction) ? reply : shapedReply(reply, askedShape(reply.params ?? request.params));
}

/** A history or search of everything does not wait for it. */
function asksForOwn({ type, member }: Target, params: URLSearchParams): boolean {
  return [type, member, ...params.getAll('_type').flatMap((value) => value.split(','))].some(isServersOwn);
}

/** What can be refused before a body is read. */
function demandOneOf(access: Access, interaction: Interaction, type: string): void {
  if (isWrite(interaction)) demandWritable(type);
  const { permissions } = interaction;
  const [first] = permissions;
  // An operation of the whole system has no type; it asks for each that it touches.
  if (type === '') return;
  if (first && !permissions.some((permission) => access.may(permission, type))) demand(access, first, type);
}

/** They concern more than one resource by its name. */
const several = new Set(['search-type', 'search-system', 'history-type', 'history-system', 'operation']);

/** What was asked, where that is more than one resource by its name. */
function queryOf({ code, path }: Interaction, name: string, params: URLSearchParams): string | undefined {
  const isConditional = path === ':type' && (code === 'update' || code === 'patch' || code === 'delete');
  if (!isConditional && !several.has(code)) return undefined;
  const special = /(?:[$]|_history).*$/.exec(path)?.[0] ?? '';
  const asked = [name, special].filter(Boolean).join('/');
  const text = params.toString();
  return text === '' ? asked : `${asked}?${text}`;
}

/** When a transaction runs the request of an entry that is no write of a resource. Throws what `match` throws. */
function phaseOf({ method, url }: Pick<EntryRequest, 'method' | 'url'>): Phase {
  const [path = ''] = url.split('?', 1);
  return match(method === 'HEAD' ? 'GET' : method, path).interaction.phase ?? 'read';
}

/** Runs the request of an entry. */
function performUrl(context: Context, entry: EntryRequest & { readonly strict: boolean }): Promise<Reply> {
  const question = entry.url.indexOf('?');
  const path = question < 0 ? entry.url : entry.url.slice(0, question);
  const params = new URLSearchParams(question < 0 ? '' : entry.url.slice(question + 1));
  const method = entry.method === 'HEAD' ? 'GET' : entry.method;
  const found = match(method, path);
  if (found.interaction.code === 'transaction') throw new FhirError('invalid', 'No Bundle is run within a Bundle.');
  return perform(context, found, {
    params,
    hasBody: entry.body !== undefined,
    body: () =>
      entry.body ? Promise.resolve(entry.body) : Promise.reject(new FhirError('invalid', 'The entry has no resource.')),
    form: () => Promise.resolve(params),
    ifMatch: entry.ifMatch,
    ifNoneExist: entry.ifNoneExist,
    ifNoneMatch: entry.ifNoneMatch,
    strict: entry.strict,
    returns: undefined,
  });
}
