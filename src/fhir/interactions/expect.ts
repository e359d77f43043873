/**
 * What must hold when a write reaches the store: If-Match, and the version for which access was checked.
 * https://hl7.org/fhir/R4/http.html#concurrency
 */
import type { Resource } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import type { Version } from '../../store/resources/version.ts';
import type { Write, Written } from '../../store/resources/write.ts';
import type { Resources, Store } from '../../store/store.ts';
import type { Access } from '../access.ts';
import { demand, demandTouch } from './guard.ts';

/** What the store commits together with writes: audit records and jobs. */
export type Effects = NonNullable<Parameters<Resources['write']>[1]>;

/** A version number, or `present`: any version that is not deleted (`If-Match: *`). */
export type IfMatch = number | 'present' | undefined;

const tag = /^\s*(?:W\/)?"([1-9]\d{0,8})"\s*$/;

/** Reads an If-Match header. */
export function parseIfMatch(header: string | undefined): IfMatch {
  if (header === undefined) return undefined;
  if (header.trim() === '*') return 'present';
  const digits = tag.exec(header)?.[1];
  if (digits !== undefined) return Number(digits);
  throw new FhirError('invalid', `If-Match is ${JSON.stringify(header)}; a version like W/"3" is expected.`);
}

/**
 * The condition of an update. The caller has to be allowed both the version that is replaced and the one that replaces it,
 * so the version that was looked at must be the one that is replaced.
 */
export function checkedExpect(
  access: Access,
  {
    current,
    resource,
    ifMatch,
  }: { readonly current: Version | undefined; readonly resource: Resource; readonly ifMatch: IfMatch },
): Write['expect'] {
  const present = current !== undefined && !current.deleted;
  const permission = present ? 'u' : 'c';
  demand(access, permission, resource.resourceType);
  if (present) demandTouch(access, 'u', JSON.parse(current.body) as Resource);
  demandTouch(access, permission, resource);
  if (ifMatch !== undefined && (!present || (ifMatch !== 'present' && ifMatch !== current.version))) {
    throw lostUpdate(resource.resourceType, resource.id ?? '', present ? current.version : undefined);
  }
  return present ? current.version : 'absent';
}

export function lostUpdate(type: string, id: string, current: number | undefined): FhirError {
  const now = current === undefined ? 'does not exist' : `is at version ${current}`;
  return new FhirError('precondition', `${type}/${id} ${now}, which is not what If-Match asks for.`);
}

/** A resource that others keep changing while we look at it is looked at this often. */
const maxLooks = 50;

/**
 * Looks at what is there and writes; looks again when somebody else wrote in between. `look` throws when what it finds does
 * not allow the writes (any more), so that only a lost race is run again.
 */
export async function lookAndWrite(
  store: Store,
  look: () => Promise<readonly Write[]>,
  effects: Effects = {},
): Promise<{ readonly writes: readonly Write[]; readonly written: readonly Written[] }> {
  for (let looks = 1; ; looks += 1) {
    const writes = await look();
    if (writes.length === 0) return { writes, written: await onlyEffects(store, effects) };
    try {
      return { writes, written: await store.resources.write(writes, effects) };
    } catch (error) {
      if (looks === maxLooks || !isLostRace(error)) throw error;
    }
  }
}

async function onlyEffects(store: Store, { audit = [], jobs = [] }: Effects): Promise<readonly Written[]> {
  if (audit.length > 0 || jobs.length > 0) {
    await store.transaction(async (inner) => {
      for (const record of audit) await inner.audit.append(record);
      for (const job of jobs) await inner.jobs.add(job);
    });
  }
  return [];
}

/** Whether a write failed because the version that had been looked at was no longer current. */
function isLostRace(error: unknown): boolean {
  if (!(error instanceof FhirError) || error.detail.cause !== undefined) return false;
  return ['precondition', 'conflict', 'notFound', 'gone'].includes(error.kind);
}
