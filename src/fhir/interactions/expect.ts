/**
 * What must hold when a write reaches the store: If-Match, and the version for which access was checked.
 * https://hl7.org/fhir/R4/http.html#concurrency
 */
import type { Resource } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import type { Version } from '../../store/resources/version.ts';
import type { Write, Written } from '../../store/resources/write.ts';
import type { Store } from '../../store/store.ts';
import type { Access } from '../access.ts';
import { demandSameState, demandStateMatch } from '../app-state.ts';
import type { Context } from '../context.ts';
import type { Stamped } from '../json/unchanged.ts';
import { isUnchanged } from '../json/unchanged.ts';
import type { Body } from '../reply.ts';
import { type CommitOptions, type Committed, commit, type Effects } from './commit.ts';
import { demand, demandName, demandTouch } from './guard.ts';
import { stampOf, writeOf } from './prepare.ts';

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

/** Version numbers, or `any`: with If-None-Match a write wants none of these to be current. */
export type IfNoneMatch = readonly number[] | 'any' | undefined;

/** Reads the If-None-Match header of a write. https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2 */
export function parseIfNoneMatch(header: string | undefined): IfNoneMatch {
  if (header === undefined) return undefined;
  if (header.trim() === '*') return 'any';
  return header.split(',').map((one) => {
    const digits = tag.exec(one)?.[1];
    if (digits !== undefined) return Number(digits);
    throw new FhirError(
      'invalid',
      `If-None-Match is ${JSON.stringify(header)}; * or versions like W/"3" are expected.`,
    );
  });
}

export interface Replacement {
  readonly id: string;
  readonly body: Body;
  readonly current: Version | undefined;
  /** Whether the id is a new one of this server's, and not the client's. */
  readonly isNew?: boolean;
  /** See `writeOf`. */
  readonly isOneOfMany?: boolean;
  readonly ifMatch?: IfMatch;
  readonly ifNoneMatch?: IfNoneMatch;
}

/**
 * The write of a valid body in the place of the current version; undefined when it says nothing new, as that makes no
 * version. The caller has to be allowed both the version that is replaced and the one that replaces it, so the version that
 * was looked at must be the one that is replaced. Throws `forbidden` and, by the conditions, `precondition`.
 */
export function replacement(context: Context, asked: Replacement): Write | undefined {
  const { id, body, current, isOneOfMany } = asked;
  const before = demandReplaceable(context.access, asked);
  const stamped: Stamped = stampOf(context, id, body);
  if (before === undefined || !current) {
    return writeOf(context, { op: 'update', id, body, stamped, isOneOfMany, expect: 'absent' });
  }
  if (isUnchanged(current, before, stamped, body)) return undefined;
  return writeOf(context, { op: 'update', id, body, stamped, isOneOfMany, expect: current.version });
}

/** The resource that is replaced, if there is one. */
function demandReplaceable(access: Access, asked: Replacement): Resource | undefined {
  const { current, body, isNew = false } = asked;
  const { resource } = body;
  const before = current && !current.deleted ? (JSON.parse(current.body) as Resource) : undefined;
  const { resourceType } = resource;
  // An update may create, too: http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
  const permission = before === undefined && access.may('c', resourceType) ? 'c' : 'u';
  demand(access, permission, resourceType);
  if (before) demandTouch(access, 'u', before);
  else if (!isNew) demandName(access, resourceType);
  demandTouch(access, permission, resource);
  demandStateMatch(access, resourceType, asked.ifMatch);
  if (before) demandSameState(access, before, resource);
  demandMatch(asked, before === undefined ? undefined : current?.version);
  return before;
}

function demandMatch({ id, body, ifMatch, ifNoneMatch }: Replacement, version: number | undefined): void {
  const { resourceType } = body.resource;
  if (ifMatch !== undefined && (version === undefined || (ifMatch !== 'present' && ifMatch !== version))) {
    throw lostUpdate(resourceType, id, version);
  }
  if (version === undefined || ifNoneMatch === undefined) return;
  if (ifNoneMatch === 'any' || ifNoneMatch.includes(version)) {
    const message = `${resourceType}/${id} is at version ${version}, which is not what If-None-Match asks for.`;
    throw new FhirError('precondition', message);
  }
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
  context: Context,
  look: () => Promise<readonly Write[]>,
  options: CommitOptions = {},
): Promise<Committed> {
  for (let looks = 1; ; looks += 1) {
    const writes = await look();
    if (writes.length === 0) {
      return { writes, written: await onlyEffects(context.store, options.effects ?? {}), warnings: [] };
    }
    try {
      return await commit(context, writes, options);
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
