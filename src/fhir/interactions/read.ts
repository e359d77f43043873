/**
 * FHIR read interaction.
 * https://hl7.org/fhir/R4/http.html#read
 */
import type { Resource } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import { isRecorded } from '../../store/resources/read-audited.ts';
import type { Version } from '../../store/resources/version.ts';
import type { Access } from '../access.ts';
import type { Context } from '../context.ts';
import type { Reply } from '../reply.ts';
import { demand, gone, isUnrestricted, notFound } from './guard.ts';
import { lastSeen } from './last-seen.ts';
import { mayShow } from './visible.ts';

/**
 * The current version. Throws `forbidden` by type, `gone` after a deletion, and `notFound` both for what never was and for
 * what the caller may not see, so that nobody learns of it.
 */
export async function read(
  context: Context,
  { type, id }: { readonly type: string; readonly id: string },
): Promise<Reply> {
  const { access, store, readShown } = context;
  demand(access, 'r', type);
  const name = `${type}/${id}`;
  const unless = readShown && certainUnless(access, type);
  // Whether a caller with limits gets to see it depends on what it says.
  if (!readShown || !unless) return show(context, await store.resources.read(type, id), name);
  const version = await readShown(type, id, unless);
  if (!version || version.deleted || !isRecorded(version.body, unless)) return show(context, version, name);
  return shown(version);
}

/** Texts without any of which a resource of the type is shown for certain; undefined: no text tells. */
function certainUnless({ veil, ...access }: Access, type: string): readonly string[] | undefined {
  if (!isUnrestricted(access, 'r', type)) return undefined;
  if (!veil?.excluded('r', type)) return [];
  // What a Provenance is about is in other resources.
  return type === 'Provenance' ? undefined : veil.suspects();
}

const shown = (version: Version): Reply => ({ status: 200, text: version.body, version, shown: [version] });

/** The answer that shows one version, or the reason why not. `name` is how the client asked for it. */
export async function show(context: Context, version: Version | undefined, name: string): Promise<Reply> {
  const last = await lastSeen(context, version);
  if (!version || !last) throw notFound(name);
  if (!(await mayShow(context, 'r', last))) throw isToldClosed(context.access, last) ? closed(last) : notFound(name);
  if (version.deleted) throw gone(name);
  return shown(version);
}

/**
 * Whether somebody is told that a Patient is closed and not that there is none: who may open the record in an emergency has
 * to learn that there is one, and learns nothing else.
 */
function isToldClosed({ veil, caller, ...access }: Access, { type, id, deleted, body }: Version): boolean {
  if (!veil?.isTold || type !== 'Patient' || deleted) return false;
  const isOpen = caller.patient === id || access.restrict('r', type).some((conditions) => conditions.length === 0);
  return isOpen && veil.hides('r', JSON.parse(body) as Resource);
}

function closed({ type, id }: Version): FhirError {
  const diagnostics = `${type}/${id} is closed by a Consent or a restriction. In an emergency: /break-the-glass?patient=${id}`;
  return new FhirError('forbidden', diagnostics, {
    issues: [{ severity: 'error', code: 'suppressed', diagnostics }],
  });
}
