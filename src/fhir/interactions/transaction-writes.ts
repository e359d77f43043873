/**
 * The writes of a transaction, in the order that the specification has: DELETE, POST, PUT and PATCH.
 * https://hl7.org/fhir/R4/http.html#trules
 */
import { setImmediate } from 'node:timers/promises';
import type { FhirError, Issue } from '../../shared/errors.ts';
import { writesAtOnce } from '../../store/resources/pieces.ts';
import type { Version } from '../../store/resources/version.ts';
import type { Write, Written } from '../../store/resources/write.ts';
import type { Context } from '../context.ts';
import type { Effects } from './commit.ts';
import { deletionOf } from './conditional-delete.ts';
import { deletion } from './delete.ts';
import { lookAndWrite, parseIfMatch, parseIfNoneMatch, replacement } from './expect.ts';
import { lastSeen } from './last-seen.ts';
import { patching } from './patch.ts';
import { writeOf } from './prepare.ts';
import { locatedLater, type Op, type Plan } from './transaction-plan.ts';

/** What became of an entry. */
export interface Done {
  readonly written: readonly {
    readonly write: Write;
    readonly version: Written;
    readonly warnings: readonly Issue[];
  }[];
  /** The version that is there, when nothing had to be written. */
  readonly current?: Version;
}

const order: readonly Op[] = ['delete', 'create', 'update', 'patch'];
const entriesAtOnce = 50;

interface Looked {
  readonly plan: Plan;
  readonly writes: readonly Write[];
  readonly current?: Version | undefined;
}

/** Writes all plans or none, `effects` with them. Throws `changed` when what criteria have found is another version now. */
export async function writeAll(
  context: Context,
  plans: readonly Plan[],
  effects: Effects,
  changed: FhirError,
): Promise<ReadonlyMap<Plan, Done>> {
  const inOrder = order.flatMap((op) => plans.filter((plan) => plan.op === op && !isFound(plan)));
  let looked: readonly Looked[] = [];
  const { writes, written, warnings } = await lookAndWrite(
    context,
    async () => {
      looked = await look(context, inOrder, changed);
      return looked.flatMap((one) => one.writes);
    },
    { effects, locate: (write, expression) => place(looked, write, expression) },
  );
  const results = new Map(writes.map((write, at) => [write, { version: written[at], warnings: warnings[at] ?? [] }]));
  return new Map(looked.map((one) => [one.plan, doneOf(one, results)]));
}

/** Where in the Bundle the write of an entry comes from. */
function place(looked: readonly Looked[], write: Write, expression: string): string {
  const plan = looked.find(({ writes }) => writes.includes(write))?.plan;
  if (!plan) return expression;
  const entry = `Bundle.entry[${plan.entry.at}]`;
  if (expression === '' || plan.op === 'delete') return entry;
  return plan.op === 'patch' ? `${entry}.resource` : `${entry}.resource${expression.slice(write.type.length)}`;
}

/** Whether the entry is a conditional create that creates nothing. */
export function isFound({ op, found, isRepeated }: Plan): boolean {
  return op === 'create' && (isRepeated === true || (found?.length ?? 0) > 0);
}

type Result = { readonly version: Written | undefined; readonly warnings: readonly Issue[] };

function doneOf({ writes, current }: Looked, results: ReadonlyMap<Write, Result>): Done {
  const written = writes.flatMap((write) => {
    const result = results.get(write);
    return result?.version ? [{ write, version: result.version, warnings: result.warnings }] : [];
  });
  return { written, ...(current ? { current } : {}) };
}

/** The writes that what is there now allows; a deletion of what is not there is none, and neither is a change of nothing. */
async function look(context: Context, plans: readonly Plan[], changed: FhirError): Promise<readonly Looked[]> {
  const existing = plans.filter(({ op, criteria }) => op !== 'create' && !(op === 'delete' && criteria));
  const found = await context.store.resources.readMany(existing.map(({ type, id }) => ({ type, id })));
  const currents = new Map(existing.map((plan, at) => [plan, found[at]]));
  const isOneOfMany = plans.length > writesAtOnce;
  const looked: Looked[] = [];
  for (const plan of plans) {
    if (looked.length % entriesAtOnce === entriesAtOnce - 1) await setImmediate();
    const current = currents.get(plan);
    const writes = await locatedLater(plan, () => writesOf(context, { ...plan, isOneOfMany }, current, changed));
    looked.push({ plan, writes, current });
  }
  return looked;
}

async function writesOf(
  context: Context,
  plan: Plan & { readonly isOneOfMany: boolean },
  current: Version | undefined,
  changed: FhirError,
): Promise<readonly Write[]> {
  const { op, type, id, body, patch, entry, criteria, isNew = false, isOneOfMany, found = [] } = plan;
  if (op === 'create' && body) return [writeOf(context, { op, id, body, isOneOfMany, expect: 'absent' })];
  const ifMatch = parseIfMatch(entry.ifMatch);
  if (op === 'delete') {
    if (criteria) return found.flatMap((one) => deletionOf(context, one, ifMatch) ?? []);
    return some(deletion(context, { type, id, ifMatch }, await lastSeen(context, current), current));
  }
  const [match] = found;
  // The criteria spoke of the version that they found; of another one they may say something else.
  if (criteria && (match ? current?.version !== match.version : current && !current.deleted)) throw changed;
  const conditions = { ifMatch, ifNoneMatch: parseIfNoneMatch(entry.ifNoneMatch) };
  if (patch) return some(await patching(context, { ...conditions, patch }, current, `${type}/${id}`));
  return body ? some(replacement(context, { ...conditions, id, body, current, isNew, isOneOfMany })) : [];
}

function some(write: Write | undefined): readonly Write[] {
  return write ? [write] : [];
}
