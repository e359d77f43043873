/** Who the actors of Consents stand for: the persons of an organization, a role or a team, the application of a device. */
import type { CareTeam, Device, Group, PractitionerRole, Reference, Resource } from '@medplum/fhirtypes';
import type { Clause } from '../../store/search/query.ts';
import type { Store } from '../../store/store.ts';
import { clientIdSystem, type Named } from './provision.ts';

/** Types of which a change may change who is meant. */
export const memberTypes = ['PractitionerRole', 'Organization', 'CareTeam', 'Group', 'Device'] as const;

/** What stands for an application among members. */
export const applicationMember = (clientId: string) => `client_id ${clientId}`;

type Reader = Pick<Store, 'search' | 'resources'>;

const pageSize = 500;
/** Hospitals within hospitals; more is a circle. */
const mostLevels = 10;

/** All resources of a type that fulfil the clauses. */
export async function findAll<T>(store: Reader, type: string, where: readonly Clause[]): Promise<readonly T[]> {
  const found: T[] = [];
  let after: string | undefined;
  do {
    const page = await store.search({
      type,
      where,
      sort: [],
      count: pageSize,
      total: 'none',
      ...(after === undefined ? {} : { after }),
    });
    found.push(...page.versions.map(({ body }) => JSON.parse(body) as T));
    after = page.next;
  } while (after !== undefined);
  return found;
}

async function readOne<T extends Resource>(store: Reader, { type, id }: Named): Promise<T | undefined> {
  const version = await store.resources.read(type, id);
  return version && !version.deleted ? (JSON.parse(version.body) as T) : undefined;
}

const local = /(?:^|\/)([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/[^/]+)?$/;

function namedBy(reference: Reference | undefined): Named | undefined {
  const [, type, id] = local.exec(reference?.reference ?? '') ?? [];
  return type !== undefined && id !== undefined ? { type, id } : undefined;
}

function practitionerOf({ active, practitioner }: PractitionerRole): readonly string[] {
  const named = active === false ? undefined : namedBy(practitioner);
  return named ? [`${named.type}/${named.id}`] : [];
}

/** The organization and all that are part of it. */
async function withParts(store: Reader, id: string): Promise<readonly string[]> {
  const known = new Set([id]);
  let level: readonly string[] = [id];
  for (let depth = 0; depth < mostLevels && level.length > 0; depth += 1) {
    const any = level.map((one) => ({ type: 'Organization', id: one }));
    const parts = await findAll<Resource>(store, 'Organization', [
      { kind: 'reference', param: 'Organization.partof', any },
    ]);
    level = parts.map((part) => part.id ?? '').filter((one) => one !== '' && !known.has(one));
    for (const one of level) known.add(one);
  }
  return [...known];
}

async function ofOrganization(store: Reader, id: string): Promise<readonly string[]> {
  const any = (await withParts(store, id)).map((one) => ({ type: 'Organization', id: one }));
  const where: Clause[] = [{ kind: 'reference', param: 'PractitionerRole.organization', any }];
  return (await findAll<PractitionerRole>(store, 'PractitionerRole', where)).flatMap(practitionerOf);
}

/** Persons of a team or group are named themselves, by a role or by their organization. */
async function ofAll(store: Reader, references: readonly (Reference | undefined)[]): Promise<readonly string[]> {
  const all = await Promise.all(
    references.map(async (reference) => {
      const named = namedBy(reference);
      if (!named) return [];
      const isDeeper = named.type === 'PractitionerRole' || named.type === 'Organization';
      return isDeeper ? membersOf(store, named) : [`${named.type}/${named.id}`];
    }),
  );
  return all.flat();
}

async function ofDevice(store: Reader, named: Named): Promise<readonly string[]> {
  const { identifier = [] } = (await readOne<Device>(store, named)) ?? {};
  return identifier.flatMap(({ system, value }) =>
    system === clientIdSystem && value ? [applicationMember(value)] : [],
  );
}

/** `Practitioner/...` of all that the actor stands for now, and the applications; empty when it is not there. */
export async function membersOf(store: Reader, actor: Named): Promise<readonly string[]> {
  switch (actor.type) {
    case 'PractitionerRole': {
      const role = await readOne<PractitionerRole>(store, actor);
      return role ? practitionerOf(role) : [];
    }
    case 'Organization':
      return ofOrganization(store, actor.id);
    case 'CareTeam': {
      const team = await readOne<CareTeam>(store, actor);
      return ofAll(
        store,
        (team?.participant ?? []).map(({ member }) => member),
      );
    }
    case 'Group': {
      const group = await readOne<Group>(store, actor);
      const present = (group?.member ?? []).filter(({ inactive }) => inactive !== true);
      return ofAll(
        store,
        present.map(({ entity }) => entity),
      );
    }
    case 'Device':
      return ofDevice(store, actor);
    default:
      return [];
  }
}
