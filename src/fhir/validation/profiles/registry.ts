/** The profiles and value sets that this server knows: R4's own ones, those of a folder, and those that were posted. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keep, lazy, readGenerated } from '../../definitions/generated.ts';
import { isResourceType, typeDefinition } from '../../definitions/types.ts';
import { type Codes, codesOf } from '../../definitions/value-sets.ts';
import { isObject } from '../../fhirpath/collection.ts';
import { leanDefinition, type StructureDefinition } from './definition.ts';
import { type CodeSystem, expand, type ValueSet } from './expand.ts';
import type { Member, Profile, Registry } from './known.ts';
import { memberTest } from './slices.ts';
import { type Node, profileTree } from './tree.ts';

interface Definitions {
  readonly structures: ReadonlyMap<string, StructureDefinition>;
  readonly valueSets: ReadonlyMap<string, ValueSet>;
  readonly codeSystems: ReadonlyMap<string, CodeSystem>;
}

const coreBase = 'http://hl7.org/fhir/StructureDefinition/';

function readFolder(folder: string): readonly unknown[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((file) => file.isFile() && file.name.endsWith('.json'))
    .map(({ name }) => {
      const path = join(folder, name);
      try {
        return JSON.parse(readFileSync(path, 'utf8')) as unknown;
      } catch (cause) {
        throw new Error(`${path} is not JSON.`, { cause });
      }
    });
}

function readDefinitions(folder: string): Definitions {
  const read = readFolder(folder);
  const ofType = <T>(type: string) =>
    new Map(
      read
        .filter((one) => isObject(one) && one['resourceType'] === type && typeof one['url'] === 'string')
        .map((one) => [(one as { url: string }).url, one as T]),
    );
  return {
    structures: ofType('StructureDefinition'),
    valueSets: ofType('ValueSet'),
    codeSystems: ofType('CodeSystem'),
  };
}

const core = lazy(
  () =>
    new Map(
      readGenerated<readonly StructureDefinition[]>('core-profiles.json').map((definition) => [
        definition.url,
        definition,
      ]),
    ),
);

/** Posted definitions; their snapshots, which are seldom needed, as text. */
interface Posted {
  readonly definition: StructureDefinition;
  readonly snapshot: string | undefined;
}

function postedOf(resource: unknown): Posted | undefined {
  const lean = leanDefinition(resource);
  if (!lean) return undefined;
  const { snapshot, ...definition } = lean;
  return { definition, snapshot: snapshot && JSON.stringify(snapshot) };
}

/** The newest first, versions compared by their numbers. */
function byVersion(a: Posted, b: Posted): number {
  return (b.definition.version ?? '').localeCompare(a.definition.version ?? '', 'en', { numeric: true });
}

/** What was posted, by id and by url. */
function postedDefinitions() {
  const byId = new Map<string, Posted>();
  const byUrl = new Map<string, readonly Posted[]>();
  function change(url: string): void {
    const own = [...byId.values()].filter(({ definition }) => definition.url === url).sort(byVersion);
    if (own.length === 0) byUrl.delete(url);
    else byUrl.set(url, own);
  }
  return {
    find: (url: string, version: string | undefined) => {
      const all = byUrl.get(url);
      return all?.find(({ definition }) => definition.version === version) ?? all?.[0];
    },
    put(id: string, resource: unknown): void {
      const before = byId.get(id);
      const now = postedOf(resource);
      if (now) byId.set(id, now);
      else byId.delete(id);
      for (const one of [before, now]) if (one) change(one.definition.url);
    },
  };
}

function isBase(url: string): boolean {
  return url.startsWith(coreBase) && typeDefinition(url.slice(coreBase.length)) !== undefined;
}

/** `url` and version of a canonical. */
function canonical(text: string): readonly [url: string, version: string | undefined] {
  const [url = '', version] = text.split('|');
  return [url, version];
}

/** The compiled profile of a chain. */
function profileOf({ definition }: Posted, chain: readonly StructureDefinition[], registry: Registry): Profile {
  const members = new Map<Node, Member | undefined>();
  return {
    url: definition.url,
    name: definition.name,
    type: definition.type,
    definition,
    tree: profileTree(chain),
    member(node, slice) {
      if (!members.has(slice)) members.set(slice, memberTest(node, slice, registry));
      return members.get(slice);
    },
  };
}

/** Opens the registry; the folder is read when a profile is first asked for. Throws when there is no such folder. */
export function openRegistry(folder: string): Registry {
  if (!existsSync(folder)) throw new Error(`The folder of profiles ${folder} does not exist.`);
  const definitions = lazy(() => readDefinitions(folder));
  const posted = postedDefinitions();
  let made = new Map<StructureDefinition, Profile>();

  /** What this installation was delivered with cannot be replaced by a post. */
  function find(text: string): Posted | undefined {
    const [url, version] = canonical(text);
    if (isBase(url)) return undefined;
    const own = definitions().structures.get(url);
    if (own) return { definition: own, snapshot: undefined };
    const other = posted.find(url, version);
    if (other) return other;
    const base = core().get(url);
    return base && { definition: base, snapshot: undefined };
  }

  /** The profile and the profiles that it is derived from, the most general first. */
  function chainOf(own: Posted): readonly StructureDefinition[] {
    const chain: StructureDefinition[] = [];
    for (let at: Posted | undefined = own; at && !chain.includes(at.definition); ) {
      const { definition } = at;
      if (definition.derivation === 'specialization') break;
      chain.unshift(definition);
      const { baseDefinition = '' } = definition;
      if (isBase(canonical(baseDefinition)[0])) break;
      const base = find(baseDefinition);
      // Of an unknown base the snapshot tells the demands.
      if (!base && at.snapshot !== undefined) chain[0] = withSnapshot(definition, at.snapshot);
      at = base;
    }
    return chain;
  }

  function profile(url: string): Profile | undefined {
    const own = find(url);
    if (!own) return undefined;
    const before = made.get(own.definition);
    if (before) return before;
    const chain = chainOf(own);
    if (chain.length === 0) return undefined;
    const now = profileOf(own, chain, registry);
    made.set(own.definition, now);
    return now;
  }

  const localCodes = keep((url: string): Codes | undefined => {
    const { valueSets, codeSystems } = definitions();
    return expand(url, { valueSets, codeSystems, coreCodes: codesOf });
  });

  const registry: Registry = {
    profile,
    typeOf(url) {
      const [plain] = canonical(url);
      const name = plain.startsWith(coreBase) ? plain.slice(coreBase.length) : '';
      return isResourceType(name) ? name : find(url)?.definition.type;
    },
    delivered: (type) =>
      [...definitions().structures.values()]
        .filter((one) => one.type === type && one.derivation === 'constraint' && isResourceType(type))
        .map(({ url }) => url),
    codes(url) {
      const [plain] = canonical(url);
      return definitions().valueSets.has(plain) ? localCodes(plain) : codesOf(plain);
    },
    put(id, resource) {
      posted.put(id, resource);
      // A profile stands on others: whatever is compiled may stand on this one.
      made = new Map();
    },
  };
  return registry;
}

function withSnapshot({ differential: _, ...definition }: StructureDefinition, text: string): StructureDefinition {
  const { type } = definition;
  const snapshot = JSON.parse(text) as NonNullable<StructureDefinition['snapshot']>;
  // The constraints of the base types are checked with the base.
  const element = snapshot.element.map((one) => ({
    ...one,
    ...(one.constraint
      ? { constraint: one.constraint.filter(({ source }) => source !== undefined && !isBase(source)) }
      : {}),
  }));
  return { ...definition, type, snapshot: { element } };
}
