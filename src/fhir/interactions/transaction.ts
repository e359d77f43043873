/**
 * FHIR transaction: all entries or none, in the order DELETE, POST, PUT and PATCH, GET.
 * https://hl7.org/fhir/R4/http.html#transaction
 */
import { FhirError } from '../../shared/errors.ts';
import { newId } from '../../shared/id.ts';
import type { Context } from '../context.ts';
import type { Body, Reply } from '../reply.ts';
import { type BundleEntry, bundleText } from '../search/bundle.ts';
import type { Effects } from './commit.ts';
import { demandCreatable } from './create.ts';
import { demandDeletable } from './delete.ts';
import { type Entry, readEntries } from './entries.ts';
import { isNotModified, responseOf, statusText } from './entry-response.ts';
import { demandTouch } from './guard.ts';
import type { Request } from './interaction.ts';
import { demandPatchable } from './patch.ts';
import { completed, demandValid } from './prepare.ts';
import { changedMeanwhile, demandStillNone, locksOf, matched } from './transaction-matches.ts';
import { demandDistinct, inTurns, located, locatedLater, type Plan, planOf } from './transaction-plan.ts';
import { resolved } from './transaction-references.ts';
import { versionsOf, writtenEntry } from './transaction-reply.ts';
import { isFound, writeAll } from './transaction-writes.ts';
import { demandTarget, demandUpdatable } from './update.ts';

export interface TransactionRequest {
  readonly body: Body;
  /** `Prefer: return=representation` puts the stored resources into the answer. */
  readonly returns?: 'minimal' | 'representation' | 'OperationOutcome' | undefined;
  /** Runs entries that read, and operations; without it a transaction takes none. */
  readonly others?: Pick<Request, 'perform' | 'phaseOf'>;
}

/** What criteria find may change before it is written: then everything begins anew, so often. */
const maxTries = 10;

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
  const entries = await readEntries(fixed, request.body);
  const changed = changedMeanwhile();
  for (let tries = 1; ; tries += 1) {
    const plans = await prepared(fixed, entries, request.others?.phaseOf ?? noneTaken);
    try {
      return await run(fixed, plans, request, effects, changed);
    } catch (error) {
      if (error !== changed || tries === maxTries) throw error;
    }
  }
}

function noneTaken({ url }: { readonly url: string }): never {
  throw new FhirError('invalid', `Nothing is read here, and no operation is run: ${url} is not taken.`);
}

/** The plans with targets, references and bodies settled: everything that needs no lock and may take its time. */
async function prepared(
  context: Context,
  entries: readonly Entry[],
  phaseOf: Request['phaseOf'],
): Promise<readonly Plan[]> {
  const plans: Plan[] = [];
  await inTurns(entries, async (entry) => {
    plans.push(await planOf(context, entry, phaseOf));
  });
  demandDistinct(plans.filter(({ criteria }) => !criteria));
  const settled = await matched(context, plans);
  demandDistinct(settled);
  const sent = await resolved(context, settled);
  await inTurns(sent, (plan) => located(plan, () => demandAllowed(context, plan)));
  const whole = await completePlans(context, sent);
  await inTurns(whole, (plan) => locatedLater(plan, () => demandStorable(context, plan)));
  return whole;
}

function demandAllowed(context: Context, { op, type, id, body, criteria }: Plan): void {
  if (op === 'delete') demandDeletable(context.access, type);
  if (op === 'patch') demandPatchable(context.access, type);
  if (!body) return;
  if (op === 'create') demandCreatable(context, { type, body });
  else if (criteria) demandUpdatable(context, { type, body });
  else demandTarget(context, { type, id, body });
}

async function completePlans(context: Context, plans: readonly Plan[]): Promise<readonly Plan[]> {
  if (!context.complete) return plans;
  const done: Plan[] = [];
  await inTurns(plans, async (plan) => {
    const { op, id, body } = plan;
    if (!body || isFound(plan)) done.push(plan);
    else done.push({ ...plan, body: await completed(context, body, op === 'create' ? undefined : id) });
  });
  return done;
}

async function demandStorable(context: Context, plan: Plan): Promise<void> {
  const { op, body } = plan;
  if (!body || isFound(plan)) return;
  await demandValid(context, body.resource);
  if (op === 'create') demandTouch(context.access, 'c', body.resource);
}

/** Writes and reads; in a transaction of its own where that is more than one round trip. */
async function run(
  context: Context,
  plans: readonly Plan[],
  request: TransactionRequest,
  effects: Effects,
  changed: FhirError,
): Promise<Reply> {
  const locks = locksOf(plans);
  const work = (inner: Context) => answer(inner, plans, request, effects, changed);
  if (locks.length > 0) {
    return context.store.exclusively(locks, async (store) => {
      const inner = { ...context, store };
      await demandStillNone(inner, plans, changed);
      return work(inner);
    });
  }
  if (!plans.some(({ op }) => isOther(op))) return work(context);
  return context.store.transaction((store) => work({ ...context, store }));
}

async function answer(
  context: Context,
  plans: readonly Plan[],
  { returns, others }: TransactionRequest,
  effects: Effects,
  changed: FhirError,
): Promise<Reply> {
  const done = await writeAll(context, plans, effects, changed);
  const versions = versionsOf(done);
  const perform = (plan: Plan) => performed(context, plan, others);
  const operated = new Map<Plan, BundleEntry>();
  for (const plan of operationsOf(plans)) operated.set(plan, await locatedLater(plan, () => perform(plan)));
  const entries: BundleEntry[] = [];
  for (const plan of plans) {
    const replied = operated.get(plan);
    if (replied) entries.push(replied);
    else if (plan.op === 'get') entries.push(await locatedLater(plan, () => perform(plan)));
    else entries.push(await writtenEntry(context, plan, { done: done.get(plan), versions, returns }));
  }
  const id = newId(context.now().getTime());
  return { status: 200, text: bundleText({ type: 'transaction-response', id }, entries) };
}

/** By what they are about, as writes are, so that two transactions do not wait for each other; of one resource as they come. */
function operationsOf(plans: readonly Plan[]): readonly Plan[] {
  const target = ({ entry }: Plan) => entry.url.split('/$', 1)[0] ?? '';
  const all = plans.filter(({ op }) => op === 'operation');
  return all.toSorted((a, b) => (target(a) < target(b) ? -1 : Number(target(a) > target(b))));
}

function isOther(op: Plan['op']): boolean {
  return op === 'get' || op === 'operation';
}

/** The entry that answers what is no write of a resource by its name. */
async function performed(
  context: Context,
  { entry, input }: Plan,
  others: TransactionRequest['others'],
): Promise<BundleEntry> {
  if (!others) return noneTaken(entry);
  const { method, url } = entry;
  const asked = { method: method === 'HEAD' ? 'GET' : method, url };
  const reply = await others.perform(context, input ? { ...asked, body: input } : asked);
  const response = responseOf(context.base, entry, reply);
  if (isNotModified(entry, reply)) return { response: { ...response, status: statusText(304) } };
  return { ...(method !== 'HEAD' && reply.text !== undefined ? { resource: reply.text } : {}), response };
}
