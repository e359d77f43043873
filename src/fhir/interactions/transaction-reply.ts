/**
 * The answer to a transaction: an entry for each entry, in their order.
 * https://hl7.org/fhir/R4/http.html#transaction-response
 */
import type { Version } from '../../store/resources/version.ts';
import type { Context } from '../context.ts';
import { outcome } from '../outcome.ts';
import type { Reply } from '../reply.ts';
import type { BundleEntry } from '../search/bundle.ts';
import { responseOf } from './entry-response.ts';
import type { Plan } from './transaction-plan.ts';
import { type Done, isFound } from './transaction-writes.ts';
import { mayShow } from './visible.ts';

type Returns = 'minimal' | 'representation' | 'OperationOutcome' | undefined;

/** What is there by name, after the writes. */
export type Versions = ReadonlyMap<
  string,
  Pick<Version, 'type' | 'id' | 'version' | 'updated'> & { readonly text: string }
>;

/** What the plans have written, by `Type/id`. */
export function versionsOf(done: ReadonlyMap<Plan, Done>): Versions {
  return new Map(
    [...done.values()].flatMap(({ written }) =>
      written.map(({ write, version }) => {
        const text = `${write.body[0]}${version.version}${write.body[1]}`;
        return [`${version.type}/${version.id}`, { ...version, text }] as const;
      }),
    ),
  );
}

/** The entry that answers a write. */
export async function writtenEntry(
  context: Context,
  plan: Plan,
  {
    done,
    versions,
    returns,
  }: { readonly done: Done | undefined; readonly versions: Versions; readonly returns: Returns },
): Promise<BundleEntry> {
  const reply = await replyOf(context, plan, done, versions);
  const { version, text } = reply;
  const fullUrl = version && plan.op !== 'delete' ? `${context.base}/${version.type}/${version.id}` : undefined;
  const said = returns === 'OperationOutcome' ? JSON.stringify(outcome(reply.warnings ?? [])) : undefined;
  return {
    ...(fullUrl === undefined ? {} : { fullUrl }),
    ...(returns === 'representation' && text !== undefined && plan.op !== 'delete' ? { resource: text } : {}),
    response: { ...responseOf(context.base, plan.entry, reply), ...(said === undefined ? {} : { outcome: said }) },
  };
}

async function replyOf(context: Context, plan: Plan, done: Done | undefined, versions: Versions): Promise<Reply> {
  if (isFound(plan)) return foundReply(context, plan, versions);
  const written = done?.written ?? [];
  const [only, ...others] = written;
  const warnings = written.flatMap((one) => one.warnings);
  if (plan.op === 'delete') {
    return { status: 204, warnings, ...(only && others.length === 0 ? { version: only.version } : {}) };
  }
  if (!only) return { status: 200, ...(done?.current ? { version: done.current, text: done.current.body } : {}) };
  const { version, write } = only;
  const status = version.created ? 201 : 200;
  return { status, warnings, version, text: `${write.body[0]}${version.version}${write.body[1]}` };
}

/** The answer to a conditional create that creates nothing: what is there, if the caller may see it. */
async function foundReply(
  context: Context,
  { found: [found] = [], type, id }: Plan,
  versions: Versions,
): Promise<Reply> {
  if (found)
    return { status: 200, version: found, ...((await mayShow(context, 'r', found)) ? { text: found.body } : {}) };
  const version = versions.get(`${type}/${id}`);
  return version ? { status: 200, version, text: version.text } : { status: 200 };
}
