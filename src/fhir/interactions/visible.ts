/**
 * Which versions a caller may see: by what they say, and by what they point at where the caller's access depends on that.
 * https://hl7.org/fhir/R4/security.html#http
 */
import type { Binary, Resource } from '@medplum/fhirtypes';
import type { Version } from '../../store/resources/version.ts';
import { membersOf } from '../../store/search/members.ts';
import { membershipPair, type Within } from '../access.ts';
import type { Context } from '../context.ts';
import { extract } from '../search/extract.ts';
import { parseReference } from '../search/extract-reference.ts';
import { allParamsOf, rootsOf } from '../search/membership.ts';
import { isUnrestricted } from './guard.ts';
import { lastSeen } from './last-seen.ts';

type Seeing = Pick<Context, 'access' | 'store' | 'base'>;
type Seen = 'r' | 's';

interface Link {
  readonly type: string;
  readonly id: string;
}

const nameOf = ({ type, id }: Link) => `${type}/${id}`;

/** Whether the caller may see this version. A body is parsed only when that depends on it. */
export async function mayShow(context: Seeing, permission: Seen, version: Version): Promise<boolean> {
  return (await visible(context, permission, [version])).length > 0;
}

/** Those of the versions that the caller may see, in their order. */
export async function visible(
  context: Seeing,
  permission: Seen,
  versions: readonly Version[],
): Promise<readonly Version[]> {
  const { access } = context;
  const judged = new Map<Version, boolean>();
  const undecided: (readonly [Version, Resource])[] = [];
  for (const version of versions) {
    if (!access.may(permission, version.type)) judged.set(version, false);
    else if (isUnrestricted(access, permission, version.type)) judged.set(version, true);
    // A deletion says nothing to judge it by.
    else if (version.deleted) judged.set(version, false);
    else {
      const resource = JSON.parse(version.body) as Resource;
      const isEnough = version.type !== 'Binary' && access.mayTouch(permission, resource);
      if (isEnough) judged.set(version, true);
      else undecided.push([version, resource]);
    }
  }
  for (const [version, isSeen] of await judgeByLinks(context, permission, undecided)) judged.set(version, isSeen);
  return unveiled(
    context,
    versions.filter((version) => judged.get(version)),
  );
}

/**
 * Without what says where a record comes from that is closed to the caller: a Provenance is of the patient whose resources
 * it is about.
 */
async function unveiled(context: Seeing, seen: readonly Version[]): Promise<readonly Version[]> {
  const { veil } = context.access;
  const origins = veil?.excluded('r', 'Provenance') ? seen.filter(({ type }) => type === 'Provenance') : [];
  if (!veil || origins.length === 0) return seen;
  const hidden = await Promise.all(
    origins.map(async (version) => {
      const rows = extract(JSON.parse(version.body), { base: context.base });
      const targets = rows.flatMap((row) =>
        row.kind === 'reference' && row.param === 'Provenance.target' && row.target ? [row.target] : [],
      );
      const about = await context.store.resources.readMany(targets);
      const isHidden = about.some((one) => one && !one.deleted && veil.hides('r', JSON.parse(one.body) as Resource));
      return isHidden ? version : undefined;
    }),
  );
  return seen.filter((version) => !hidden.includes(version));
}

/**
 * Those of versions of the past that the caller may see: of what the caller may see now. A resource that was filed under
 * another patient meanwhile is that patient's, with all that it ever said. Of deletions what was deleted is to be given.
 */
export async function visiblePast(context: Seeing, versions: readonly Version[]): Promise<readonly Version[]> {
  const seen = await visible(context, 'r', versions);
  const limited = seen.filter(({ type }) => !isUnrestricted(context.access, 'r', type));
  if (limited.length === 0) return seen;
  const names = [...new Map(limited.map((version) => [nameOf(version), version])).values()];
  const currents = await context.store.resources.readMany(names);
  const last = await Promise.all(currents.map((current) => lastSeen(context, current)));
  const shown = await visible(
    context,
    'r',
    last.filter((version) => version !== undefined),
  );
  const open = new Set(shown.map(nameOf));
  return seen.filter((version) => !limited.includes(version) || open.has(nameOf(version)));
}

/** What the access to a type depends on besides what its resources say: the reference, and the compartments' roots. */
function linkPairs({ access }: Seeing, permission: Seen, type: string) {
  return access.restrict(permission, type).flatMap((way) =>
    way.flatMap(([name, value]) => {
      const code = membershipPair.exec(name)?.[1];
      return code === undefined ? [] : [{ code, roots: rootsOf(value) }];
    }),
  );
}

async function judgeByLinks(
  context: Seeing,
  permission: Seen,
  undecided: readonly (readonly [Version, Resource])[],
): Promise<ReadonlyMap<Version, boolean>> {
  const binaries = undecided.filter(([{ type }]) => type === 'Binary');
  const others = undecided.filter(([{ type }]) => type !== 'Binary');
  const seen = new Map<Version, boolean>();
  for (const [version, resource] of binaries) seen.set(version, await showsBinary(context, permission, resource));
  const within = await withinOf(context, permission, others);
  for (const [version, resource] of others) {
    seen.set(version, within !== undefined && context.access.mayTouch(permission, resource, within));
  }
  return seen;
}

/** What the resource points at by references on which the access depends. */
function linkedBy({ base }: Seeing, resource: Resource, codes: ReadonlySet<string>): readonly Link[] {
  return extract(resource, { base }).flatMap((row) =>
    row.kind === 'reference' && row.target && codes.has(row.param) ? [row.target] : [],
  );
}

const byName = (links: readonly Link[]) => [...new Map(links.map((link) => [nameOf(link), link])).values()];

/** Asks the store once what of all that is pointed at is in which compartment; undefined when nothing depends on it. */
async function withinOf(
  context: Seeing,
  permission: Seen,
  undecided: readonly (readonly [Version, Resource])[],
): Promise<Within | undefined> {
  const found = undecided.map(([{ type }, resource]) => {
    const pairs = linkPairs(context, permission, type);
    const codes = new Set(pairs.map(({ code }) => `${type}.${code}`));
    const linked = pairs.length === 0 ? [] : linkedBy(context, resource, codes);
    return { roots: pairs.flatMap((pair) => pair.roots), linked };
  });
  const roots = byName(found.flatMap((one) => one.roots));
  if (roots.length === 0) return undefined;
  const resources = byName(found.flatMap(({ linked }) => linked));
  const params = [...new Set(roots.map(({ type }) => type))].flatMap(allParamsOf);
  const members = resources.length === 0 ? undefined : await membersOf(context.store.db, { resources, roots, params });
  return (target, root) => nameOf(target) === root || (members?.get(root)?.has(nameOf(target)) ?? false);
}

/**
 * A Binary is as sensitive as what its security context names: who may not read that may not read the Binary.
 * https://hl7.org/fhir/R4/binary-definitions.html#Binary.securityContext
 */
async function showsBinary(context: Seeing, permission: Seen, resource: Resource): Promise<boolean> {
  const { access } = context;
  const { securityContext } = resource as Binary;
  if (!securityContext) return access.mayTouch(permission, resource);
  const found = parseReference(securityContext.reference ?? '');
  const isHere = found !== undefined && (found.base === '' || found.base === context.base);
  // What is elsewhere cannot be judged: it is for who sees every record.
  const shows = isHere ? await showsContext(context, found) : isUnrestricted(access, 'r', 'Patient');
  return shows && access.mayTouch(permission, resource, () => true);
}

async function showsContext(context: Seeing, { type, id }: Link): Promise<boolean> {
  // A Binary whose context is a Binary could go round in circles.
  if (type === 'Binary' || !context.access.may('r', type)) return false;
  if (isUnrestricted(context.access, 'r', type)) return true;
  const [version] = await context.store.resources.readMany([{ type, id }]);
  return version !== undefined && !version.deleted && mayShow(context, 'r', version);
}
