/** What the members of a record point at: practitioners, organizations, medications, places, attached binaries. */
import type { Resource } from '@medplum/fhirtypes';
import type { Version } from '../../store/resources/version.ts';
import type { Context } from '../context.ts';
import { compartmentParameters } from '../definitions/compartments.ts';
import { isResourceType } from '../definitions/types.ts';
import { visible } from '../interactions/visible.ts';
import { extract } from '../search/extract.ts';
import type { Root } from './everything-members.ts';

const pointer =
  /"(?:reference|url)"\s*:\s*"((?:[^"\\]*\/)?)([A-Z][A-Za-z]+)\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[^"\\]*)?"/g;

/** `Type/id` of the local resources that a body points at: references, and attachments that are kept here. */
export function pointedAt({ body }: Pick<Version, 'body'>, base: string): readonly string[] {
  const found: string[] = [];
  for (const [, before = '', type = '', id = ''] of body.matchAll(pointer)) {
    if ((before === '' || before === `${base}/`) && isResourceType(type)) found.push(`${type}/${id}`);
  }
  return found;
}

/** `Patient/...` of the persons whose record this is: of an encounter its patient, and with each the records linked to it. */
export async function personsOf(context: Context, root: Version): Promise<ReadonlySet<string>> {
  const own = new Set<string>();
  const resource = JSON.parse(root.body) as Resource;
  if (resource.resourceType === 'Patient') own.add(`Patient/${root.id}`);
  if (resource.resourceType === 'Encounter' && resource.subject?.reference) own.add(resource.subject.reference);
  const targets = [...own].filter((name) => name.startsWith('Patient/')).map(targetOf);
  const patients = targets.length === 0 ? [] : await context.store.resources.readMany(targets);
  for (const patient of patients) {
    if (!patient || patient.deleted) continue;
    for (const name of linksOf(JSON.parse(patient.body) as Resource)) own.add(name);
  }
  return own;
}

function linksOf(resource: Resource): readonly string[] {
  const links = resource.resourceType === 'Patient' ? (resource.link ?? []) : [];
  return links.flatMap(({ other }) => (other?.reference ? [other.reference] : []));
}

export function targetOf(name: string): { readonly type: string; readonly id: string } {
  const [type = '', id = ''] = name.split('/');
  return { type, id };
}

export interface Limits {
  readonly root: Root;
  readonly persons: ReadonlySet<string>;
  /** Milliseconds since 1970. */
  readonly since: number | undefined;
}

/** Whether a resource that is pointed at, and that may be seen, goes along: it is nobody else's record. */
function goesAlong(context: Context, { root, persons, since }: Limits, version: Version): boolean {
  if (since !== undefined && Date.parse(version.updated) < since) return false;
  if (version.type === 'Patient') return persons.has(`Patient/${version.id}`);
  const codes = compartmentParameters('Patient', version.type).map((code) => `${version.type}.${code}`);
  if (codes.length === 0) return true;
  const owners = extract(JSON.parse(version.body), { base: context.base }).flatMap((row) =>
    row.kind === 'reference' && row.target?.type === 'Patient' && codes.includes(row.param)
      ? [`Patient/${row.target.id}`]
      : [],
  );
  // What belongs to the patient is a member, listed where it is wanted.
  return owners.length === 0 || (root.type === 'Encounter' && owners.some((owner) => persons.has(owner)));
}

/** How many are read at once. */
const batch = 200;

/** Of `names` in their order those that go along, up to `count`; `last` is where a further page goes on. */
export async function supports(
  context: Context,
  names: readonly string[],
  limits: Limits & { readonly count: number },
): Promise<{ readonly versions: readonly Version[]; readonly last?: string }> {
  const found: Version[] = [];
  const others = names.filter((name) => name !== `${limits.root.type}/${limits.root.id}`);
  for (let at = 0; at < others.length; at += batch) {
    const read = await context.store.resources.readMany(others.slice(at, at + batch).map(targetOf));
    const there = read.filter((version) => version !== undefined && !version.deleted) as readonly Version[];
    for (const version of await visible(context, 'r', there)) {
      if (!goesAlong(context, limits, version)) continue;
      if (found.length === limits.count) return withLast(found);
      found.push(version);
    }
  }
  return { versions: found };
}

function withLast(versions: readonly Version[]): { readonly versions: readonly Version[]; readonly last?: string } {
  const last = versions.at(-1);
  return last ? { versions, last: `${last.type}/${last.id}` } : { versions };
}
