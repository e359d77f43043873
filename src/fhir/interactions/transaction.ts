/**
 * FHIR transaction: all entries or none, in the order DELETE, POST, PUT, GET.
 * https://hl7.org/fhir/R4/http.html#transaction
 */
import { setImmediate } from 'node:timers/promises';
import { FhirError } from '../../shared/errors.ts';
import { isId, newId } from '../../shared/id.ts';
import type { Write, Written } from '../../store/resources/write.ts';
import type { Context } from '../context.ts';
import { isResourceType } from '../definitions/types.ts';
import type { Body, Reply } from '../reply.ts';
import { type BundleEntry, bundleText } from '../search/bundle.ts';
import { resolveReferences, rootOf } from './bundle-references.ts';
import { resolveConditional } from './conditional-references.ts';
import { deletion, demandDeletable, lastSeen } from './delete.ts';
import { type Entry, entryError, inEntry, readEntries } from './entries.ts';
import { checkedExpect, type Effects, lookAndWrite, parseIfMatch } from './expect.ts';
import { demand, demandTouch, demandWritable } from './guard.ts';
import { completed, demandSameType, demandValid, writeOf } from './prepare.ts';
import { demandTarget } from './update.ts';

export interface TransactionRequest {
  readonly body: Body;
  /** `Prefer: return=representation` puts the stored resources into the answer. */
  readonly returns?: 'minimal' | 'representation' | 'OperationOutcome' | undefined;
  /** Runs the GET of an entry; without it a transaction takes none. */
  readonly get?: (context: Context, url: string) => Promise<Reply>;
}

/** What an entry asks for, once its target is known. */
interface Plan {
  readonly entry: Entry;
  readonly op: 'delete' | 'create' | 'update' | 'get';
  readonly type: string;
  readonly id: string;
  /** With references resolved; for create and update. */
  readonly body: Body | undefined;
}

interface Done {
  readonly write: Write;
  readonly written: Written;
}

const order: readonly Plan['op'][] = ['delete', 'create', 'update', 'get'];
const ops: Readonly<Record<string, Plan['op']>> = { DELETE: 'delete', POST: 'create', PUT: 'update', GET: 'get' };

/** After so many entries the event loop gets its turn, so that a large Bundle holds up nobody. */
const entriesAtOnce = 50;

/**
 * Runs a Bundle of type transaction. `effects` commit with it. Throws what the entries' own interactions throw, with
 * expressions that begin with `Bundle.entry[n]`; then nothing has changed.
 */
export async function transaction(
  context: Context,
  request: TransactionRequest,
  effects: Effects = {},
): Promise<Reply> {
  const at = context.now();
  const fixed = { ...context, now: () => at };
  const sent = await resolved(fixed, planned(readEntries(fixed, request.body), at));
  await inTurns(sent, (plan) => demandAllowed(fixed, plan));
  const plans = await completePlans(fixed, sent);
  await inTurns(plans, (plan) => demandStorable(fixed, plan));
  if (!plans.some(({ op }) => op === 'get')) return run(fixed, plans, request, effects);
  return context.store.transaction((store) => run({ ...fixed, store }, plans, request, effects));
}

async function run(
  context: Context,
  plans: readonly Plan[],
  { returns, get }: TransactionRequest,
  effects: Effects,
): Promise<Reply> {
  const done = await writeAll(context, plans, effects);
  const entries: BundleEntry[] = [];
  for (const plan of plans) {
    const own = done.get(plan);
    if (plan.op !== 'get') {
      entries.push(writtenEntry(context, plan, own, returns === 'representation'));
      continue;
    }
    const reply = await runGet(context, plan.entry, get);
    entries.push({ ...(reply.text === undefined ? {} : { resource: reply.text }), response: responseOf(reply) });
  }
  const id = newId(context.now().getTime());
  return { status: 200, text: bundleText({ type: 'transaction-response', id }, entries) };
}

async function runGet(context: Context, { at, url }: Entry, get: TransactionRequest['get']): Promise<Reply> {
  if (!get) throw entryError(at, 'request.method', 'No GET is taken here.');
  try {
    return await get(context, url);
  } catch (error) {
    throw inEntry(at, error);
  }
}

async function inTurns<T>(all: readonly T[], work: (one: T) => void): Promise<void> {
  for (const [at, one] of all.entries()) {
    if (at % entriesAtOnce === entriesAtOnce - 1) await setImmediate();
    work(one);
  }
}

function planned(entries: readonly Entry[], now: Date): readonly Plan[] {
  const targets = new Map<string, number>();
  const plans = entries.map((entry) => plan(entry, now));
  for (const { op, type, id, entry } of plans) {
    const name = `${type}/${id}`;
    const other = op === 'get' ? undefined : targets.get(name);
    if (other !== undefined) throw entryError(entry.at, 'request.url', `Entry ${other} writes ${name} too.`);
    if (op !== 'get') targets.set(name, entry.at);
  }
  return plans;
}

function plan(entry: Entry, now: Date): Plan {
  const { at, method, url, body } = entry;
  const op = ops[method];
  if (!op) throw entryError(at, 'request.method', `${method} is not supported in a transaction.`);
  if (op === 'get') return { entry, op, type: '', id: '', body: undefined };
  if (url.includes('?') || entry.ifNoneExist !== undefined) {
    const message = 'Conditional create, update and delete are not supported by this server.';
    throw inEntry(at, new FhirError('unsupported', message));
  }
  const [type = '', id = '', ...more] = url.split('/');
  const fits = op === 'create' ? id === '' : isId(id);
  if (!isResourceType(type) || !fits || more.length > 0) {
    const form = op === 'create' ? 'Type' : 'Type/id';
    throw entryError(at, 'request.url', `${JSON.stringify(url)} is not the ${form} that a ${method} needs.`);
  }
  return { entry, op, type, id: op === 'create' ? newId(now.getTime()) : id, body };
}

/** The plans with every reference between entries, and every conditional one, replaced. */
async function resolved(context: Context, plans: readonly Plan[]): Promise<readonly Plan[]> {
  const addresses = new Map<string, string>();
  for (const { entry, op, type, id } of plans) {
    if (entry.fullUrl === undefined || op === 'get' || op === 'delete') continue;
    if (addresses.has(entry.fullUrl)) throw entryError(entry.at, 'fullUrl', `${entry.fullUrl} is another entry's too.`);
    addresses.set(entry.fullUrl, `${type}/${id}`);
  }
  await resolveConditional(context, plans, addresses);
  const done: Plan[] = [];
  await inTurns(plans, (one) => {
    const { entry, body } = one;
    if (!body) done.push(one);
    else
      done.push({
        ...one,
        body: located(one, () => resolveReferences(body, addresses, rootOf(entry.fullUrl, context.base))),
      });
  });
  return done;
}

/** Runs work for one entry; what it throws says which. */
function located<T>({ entry }: Plan, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw inEntry(entry.at, error, entry.body?.resource);
  }
}

function demandAllowed(context: Context, plan: Plan): void {
  const { op, type, id, body } = plan;
  located(plan, () => {
    if (op === 'delete') demandDeletable(context.access, type);
    if (op === 'update' && body) demandTarget(context, { type, id, body });
    if (op !== 'create' || !body) return;
    demandWritable(type);
    demand(context.access, 'c', type);
    demandSameType(type, body.resource);
  });
}

function demandStorable(context: Context, plan: Plan): void {
  const { op, body } = plan;
  if (!body) return;
  located(plan, () => {
    demandValid(context, body.resource);
    if (op === 'create') demandTouch(context.access, 'c', body.resource);
  });
}

async function completePlans(context: Context, plans: readonly Plan[]): Promise<readonly Plan[]> {
  if (!context.complete) return plans;
  const done: Plan[] = [];
  for (const plan of plans) {
    const body = plan.body && (await completed(context, plan.body, plan.op === 'create' ? undefined : plan.id));
    done.push({ ...plan, body });
  }
  return done;
}

async function writeAll(context: Context, plans: readonly Plan[], effects: Effects): Promise<ReadonlyMap<Plan, Done>> {
  const inOrder = order.flatMap((op) => plans.filter((one) => one.op === op && op !== 'get'));
  let written: readonly Plan[] = [];
  const { writes, written: results } = await lookAndWrite(
    context.store,
    async () => {
      const looked = await look(context, inOrder);
      written = looked.map(([one]) => one);
      return looked.map(([, write]) => write);
    },
    effects,
  );
  const done = new Map<Plan, Done>();
  written.forEach((one, index) => {
    const [write, result] = [writes[index], results[index]];
    if (write && result) done.set(one, { write, written: result });
  });
  return done;
}

/** The writes that what is there now allows; a deletion of what is not there is none. */
async function look(context: Context, plans: readonly Plan[]): Promise<readonly (readonly [Plan, Write])[]> {
  const existing = plans.filter(({ op }) => op !== 'create');
  const found = await context.store.resources.readMany(existing.map(({ type, id }) => ({ type, id })));
  const currents = new Map(existing.map((one, index) => [one, found[index]]));
  const writes: (readonly [Plan, Write])[] = [];
  for (const one of plans) {
    const current = currents.get(one);
    const last = one.op === 'delete' ? await lastSeen(context, current) : undefined;
    const write = located(one, () => writeFor(context, one, current, last));
    if (write) writes.push([one, write]);
    if (writes.length % entriesAtOnce === entriesAtOnce - 1) await setImmediate();
  }
  return writes;
}

type Current = Awaited<ReturnType<typeof lastSeen>>;

function writeFor(
  context: Context,
  { op, type, id, body, entry }: Plan,
  current: Current,
  last: Current,
): Write | undefined {
  const ifMatch = parseIfMatch(entry.ifMatch);
  if (op === 'delete') return deletion(context, { type, id, ifMatch }, last, current);
  if (!body) return undefined;
  if (op === 'create') return writeOf(context, { op, id, body, expect: 'absent' });
  const expect = checkedExpect(context.access, { current, resource: body.resource, ifMatch });
  return writeOf(context, { op: 'update', id, body, expect });
}

function writtenEntry(
  { base }: Context,
  { op, type, id }: Plan,
  done: Done | undefined,
  withResource: boolean,
): BundleEntry {
  if (!done) return { response: { status: '204 No Content' } };
  const { write, written } = done;
  const etag = `W/"${written.version}"`;
  const response = { etag, lastModified: written.updated };
  if (op === 'delete') return { response: { status: '204 No Content', ...response } };
  const location = `${base}/${type}/${id}/_history/${written.version}`;
  return {
    fullUrl: `${base}/${type}/${id}`,
    ...(withResource ? { resource: `${write.body[0]}${written.version}${write.body[1]}` } : {}),
    response: { status: written.created ? '201 Created' : '200 OK', location, ...response },
  };
}

function responseOf({ status, version }: Reply): NonNullable<BundleEntry['response']> {
  return {
    status: `${status} OK`,
    ...(version ? { etag: `W/"${version.version}"`, lastModified: version.updated } : {}),
  };
}
