/**
 * References to what the caller may not see: they are answered like references to nothing, or else who writes them would
 * learn what is there.
 */
import type { Context } from '../context.ts';
import { compartmentParameters } from '../definitions/compartments.ts';
import { isUnrestricted } from '../interactions/guard.ts';
import { visible } from '../interactions/visible.ts';

interface Target {
  readonly type: string;
  readonly id: string;
}

type Seeing = Pick<Context, 'access' | 'store' | 'base'>;

const nameOf = ({ type, id }: Target) => `${type}/${id}`;

function permissionOn({ access }: Seeing, type: string): 'r' | 's' | undefined {
  return (['r', 's'] as const).find((permission) => access.may(permission, type));
}

/** Whether the caller sees some resources of the type and not others, or none of them at all. */
export function isLimited(context: Seeing, type: string): boolean {
  const permission = permissionOn(context, type);
  return permission === undefined || !isUnrestricted(context.access, permission, type);
}

/** Names of those that are not there or not to be seen, of types that `isLimited` says. */
export async function unseen(context: Seeing, targets: readonly Target[]): Promise<ReadonlySet<string>> {
  const hidden = new Set(targets.map(nameOf));
  const readable = targets.filter(({ type }) => permissionOn(context, type) !== undefined);
  const found = readable.length === 0 ? [] : await context.store.resources.readMany(readable);
  for (const permission of ['r', 's'] as const) {
    const asked = found.filter((version) => version && permissionOn(context, version.type) === permission);
    for (const version of await visible(context, permission, asked.filter(isThere))) hidden.delete(nameOf(version));
  }
  return hidden;
}

function isThere<T extends { readonly deleted: boolean }>(version: T | undefined): version is T {
  return version !== undefined && !version.deleted;
}

/**
 * Whether a reference that has to resolve is refused to the caller without a look at what is there: it is to patients' data of
 * which the caller sees a part. Who sees nothing of a type, and has no patient in context, sends data of others: a device,
 * an interface engine; for that the store decides.
 */
export function mustBeSeen(context: Seeing, target: Target): boolean {
  const { patient } = context.access.caller;
  if (nameOf(target) === `Patient/${patient}` || !isLimited(context, target.type)) return false;
  if (permissionOn(context, target.type) !== undefined) return true;
  const isPatients = target.type === 'Patient' || compartmentParameters('Patient', target.type).length > 0;
  return patient !== undefined && isPatients;
}
