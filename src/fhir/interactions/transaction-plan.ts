/**
 * What each entry of a transaction asks for, and that no two of them write the same resource.
 * https://hl7.org/fhir/R4/http.html#trules
 */
import { setImmediate } from 'node:timers/promises';
import { FhirError } from '../../shared/errors.ts';
import { isId, newId } from '../../shared/id.ts';
import type { Version } from '../../store/resources/version.ts';
import type { Context } from '../context.ts';
import { isResourceType } from '../definitions/types.ts';
import { type Patch, patchOf } from '../patch/patch-document.ts';
import type { Body } from '../reply.ts';
import { type Criteria, criteriaOf } from './conditional-match.ts';
import { type Entry, entryError, inEntry, isNamed } from './entries.ts';
import type { Request } from './interaction.ts';

/** `get` is whatever reads, `operation` an operation that writes. */
export type Op = 'delete' | 'create' | 'update' | 'patch' | 'operation' | 'get';

export interface Plan {
  readonly entry: Entry;
  readonly op: Op;
  readonly type: string;
  /** Empty for reads and operations, and for what criteria are still to find. */
  readonly id: string;
  /** Of create and update. */
  readonly body?: Body;
  readonly patch?: Patch;
  /** What an operation is given. */
  readonly input?: Body;
  readonly criteria?: Criteria;
  /** What the criteria found; of a conditional create nothing is written then. */
  readonly found?: readonly Version[];
  /** Whether a conditional update that finds nothing creates under an id of this server's. */
  readonly isNew?: boolean;
  /** A conditional create with the criteria of another entry, which creates it. */
  readonly isRepeated?: boolean;
}

type PhaseOf = Request['phaseOf'];

const ops: Readonly<Record<string, Op>> = {
  DELETE: 'delete',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  GET: 'get',
  HEAD: 'get',
};

/** The plan of an entry. Throws `invalid` and what `criteriaOf` throws, with expressions that begin at the Bundle. */
export async function planOf(context: Context, entry: Entry, phaseOf: PhaseOf): Promise<Plan> {
  const { at, method } = entry;
  const op = ops[method];
  if (!op) throw entryError(at, 'request.method', `${method} is not supported in a transaction.`);
  if (op === 'get' || (op === 'create' && isNamed(entry.url))) return otherPlan(entry, phaseOf);
  return locatedLater({ entry }, async () => ({ ...(await targetOf(context, entry, op)), ...contentOf(entry, op) }));
}

/** Of what writes no resource by its name: reads and operations. */
function otherPlan(entry: Entry, phaseOf: PhaseOf): Plan {
  const { at, method, url, body: input } = entry;
  const phase = located({ entry }, () => phaseOf({ method, url }));
  if (phase !== 'alone') {
    return { entry, op: phase === 'read' ? 'get' : 'operation', type: '', id: '', ...(input ? { input } : {}) };
  }
  const diagnostics = `${url} goes on after its answer, and cannot be undone: no transaction takes it.`;
  const expression = [`Bundle.entry[${at}].request.url`];
  throw new FhirError('invalid', diagnostics, {
    issues: [{ severity: 'error', code: 'not-supported', diagnostics, expression }],
  });
}

/** What the URL says: a type, and an id or criteria. */
async function targetOf(context: Context, entry: Entry, op: Op): Promise<Plan> {
  const { at, url, method } = entry;
  const question = url.indexOf('?');
  const [type = '', id = '', ...more] = (question < 0 ? url : url.slice(0, question)).split('/');
  const isConditional = question >= 0 && op !== 'create';
  const isOfType = op === 'create' ? question < 0 : isConditional;
  const fits = isOfType ? id === '' : isId(id);
  if (!isResourceType(type) || !fits || more.length > 0) throw entryError(at, 'request.url', wrongUrl(url, method));
  const asked = isConditional ? url.slice(question) : undefined;
  const text = op === 'create' ? entry.ifNoneExist : asked;
  const criteria = text === undefined ? {} : { criteria: await criteriaOf(context, type, text) };
  return { entry, op, type, id: op === 'create' ? newId(context.now().getTime()) : id, ...criteria };
}

function contentOf({ body }: Entry, op: Op): Pick<Plan, 'body' | 'patch'> {
  if (!body) return {};
  return op === 'patch' ? { patch: patchOf(body) } : { body };
}

function wrongUrl(url: string, method: string): string {
  const form = method === 'POST' ? 'Type' : 'Type/id or Type?criteria';
  return `${JSON.stringify(url)} is not the ${form} that a ${method} needs.`;
}

/** The resources that a plan writes, as `Type/id`. */
function targetsOf({ op, type, id, criteria, found = [], isRepeated }: Plan): readonly string[] {
  if (op === 'get' || op === 'operation' || isRepeated || (op === 'create' && found.length > 0)) return [];
  if (op === 'delete' && criteria) return found.map((one) => `${type}/${one.id}`);
  return [`${type}/${id}`];
}

/** Throws `invalid` when two entries write the same resource, or one deletes what another one was to be created as. */
export function demandDistinct(plans: readonly Plan[]): void {
  const writers = new Map<string, number>();
  for (const plan of plans) {
    for (const name of targetsOf(plan)) {
      const other = writers.get(name);
      if (other !== undefined) throw entryError(plan.entry.at, 'request.url', `Entry ${other} writes ${name} too.`);
      writers.set(name, plan.entry.at);
    }
  }
  const deleted = new Set(plans.flatMap((plan) => (plan.op === 'delete' ? targetsOf(plan) : [])));
  for (const { op, type, id, found, entry } of plans) {
    if (op !== 'create' || !found?.length || !deleted.has(`${type}/${id}`)) continue;
    const message = `If-None-Exist finds ${type}/${id}, which entry ${writers.get(`${type}/${id}`)} deletes.`;
    throw entryError(entry.at, 'request.ifNoneExist', message);
  }
}

/** Runs work for one entry; what it throws says which. */
export function located<T>({ entry }: Pick<Plan, 'entry'>, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw inEntry(entry.at, error, entry.body?.resource);
  }
}

/** The same for work that takes its time. */
export async function locatedLater<T>({ entry }: Pick<Plan, 'entry'>, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw inEntry(entry.at, error, entry.body?.resource);
  }
}

/** After so many entries the event loop gets its turn, so that a large Bundle holds up nobody. */
const entriesAtOnce = 50;

export async function inTurns<T>(all: readonly T[], work: (one: T) => void | Promise<void>): Promise<void> {
  for (const [at, one] of all.entries()) {
    if (at % entriesAtOnce === entriesAtOnce - 1) await setImmediate();
    await work(one);
  }
}
