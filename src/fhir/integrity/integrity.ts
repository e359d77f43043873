/**
 * Referential integrity: references that have to resolve, and those that are only remarked upon.
 * https://hl7.org/fhir/R4/capabilitystatement-definitions.html#CapabilityStatement.rest.resource.referencePolicy
 */
import type { Resource } from '@medplum/fhirtypes';
import type { Issue } from '../../shared/errors.ts';
import type { Write } from '../../store/resources/write.ts';
import type { Context } from '../context.ts';
import { isLimited, unseen } from './hidden.ts';
import { type Mention, mentionsOf } from './mentions.ts';
import { enforcesAny, type Integrity, modeOf, type Policy } from './policy.ts';

/** A write that knows what it refers to. */
export type CheckedWrite = Write & { readonly mentions?: readonly Mention[] };

/** More names than this are forgotten at once; they are found again. */
const maxSeen = 20_000;

export function createIntegrity(policy: Policy): Integrity {
  return { policy, seen: new Set() };
}

/** What a write of the resource under `id` says about its references. */
export function referencesOf(
  integrity: Integrity | undefined,
  { base, id }: { readonly base: string; readonly id: string },
  resource: Resource,
): Pick<CheckedWrite, 'mentions' | 'needs'> {
  const mode = integrity ? modeOf(integrity.policy, resource) : 'off';
  if (mode === 'off') return {};
  const mentions = mentionsOf(resource, { base, id });
  if (mentions.length === 0) return {};
  return mode === 'enforce' ? { mentions, needs: distinct(mentions) } : { mentions };
}

/** What a deletion says about references to what it deletes. */
export function guardOfDeletion(integrity: Integrity | undefined): Pick<Write, 'isGuarded'> {
  return integrity && enforcesAny(integrity.policy) ? { isGuarded: true } : {};
}

const nameOf = ({ type, id }: { readonly type: string; readonly id: string }) => `${type}/${id}`;

function distinct(mentions: readonly Mention[]): readonly Mention[] {
  return [...new Map(mentions.map((mention) => [nameOf(mention), mention])).values()];
}

type Looking = Pick<Context, 'access' | 'base' | 'integrity' | 'store' | 'log'>;

/**
 * The references that are not enforced and point at nothing (or at nothing that the caller may see), of each write; what is
 * written now is there.
 */
export async function unresolved(
  context: Looking,
  writes: readonly CheckedWrite[],
): Promise<ReadonlyMap<Write, readonly Issue[]>> {
  const found = new Map<Write, readonly Issue[]>();
  const { integrity } = context;
  if (!integrity) return found;
  const own = new Set(writes.filter(({ op }) => op !== 'delete').map(nameOf));
  const asked = distinct(writes.flatMap(remarkable)).filter((one) => !own.has(nameOf(one)));
  const missing = await missingOf(context, integrity, asked);
  if (missing.size === 0) return found;
  for (const write of writes) {
    const issues = remarkable(write)
      .filter((one) => missing.has(nameOf(one)))
      .map(remark);
    if (issues.length > 0) found.set(write, issues);
  }
  const names = [...found.keys()].map(nameOf);
  context.log.info('References point at nothing.', {
    resources: names.slice(0, 10),
    targets: [...missing].slice(0, 10),
  });
  return found;
}

async function missingOf(
  context: Looking,
  { seen }: Integrity,
  asked: readonly Mention[],
): Promise<ReadonlySet<string>> {
  const limited = asked.filter(({ type }) => isLimited(context, type));
  const unknown = asked.filter((one) => !limited.includes(one) && !seen.has(nameOf(one)));
  const missing = new Set(limited.length === 0 ? [] : await unseen(context, limited));
  if (unknown.length === 0) return missing;
  const there = await context.store.resources.present(unknown);
  if (seen.size > maxSeen) seen.clear();
  for (const [at, one] of unknown.entries()) (there[at] ? seen : missing).add(nameOf(one));
  return missing;
}

function remarkable({ mentions = [], needs }: CheckedWrite): readonly Mention[] {
  return needs ? [] : mentions;
}

function remark(mention: Mention): Issue {
  const diagnostics = `The reference ${nameOf(mention)} points at nothing on this server.`;
  return { severity: 'warning', code: 'not-found', diagnostics, expression: [mention.expression] };
}

/** Keeps in mind what was written and deleted. */
export function noteWritten({ integrity }: Pick<Context, 'integrity'>, writes: readonly Write[]): void {
  if (!integrity) return;
  for (const write of writes) {
    if (write.op === 'delete') integrity.seen.delete(nameOf(write));
    else integrity.seen.add(nameOf(write));
  }
}
