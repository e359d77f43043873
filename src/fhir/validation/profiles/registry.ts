/** The profiles and value sets that this server knows: R4's own ones and those of a folder. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keep, lazy, readGenerated } from '../../definitions/generated.ts';
import { isResourceType } from '../../definitions/types.ts';
import { type Codes, codesOf } from '../../definitions/value-sets.ts';
import { isObject } from '../../fhirpath/collection.ts';
import { type CodeSystem, expand, type ValueSet } from './expand.ts';
import { type Node, profileTree, type StructureDefinition } from './tree.ts';

export interface Profile {
  readonly url: string;
  readonly name: string;
  /** The resource type or datatype that it constrains. */
  readonly type: string;
  readonly tree: Node;
}

export interface Registry {
  /** A profile by its canonical URL, with or without version; undefined when unknown. */
  profile(url: string): Profile | undefined;
  /** The type that a profile or base definition is about; undefined when unknown. */
  typeOf(url: string): string | undefined;
  /** The codes of a value set, when it can be listed. */
  codes(url: string): Codes | undefined;
}

interface Definitions {
  readonly structures: ReadonlyMap<string, StructureDefinition>;
  readonly valueSets: ReadonlyMap<string, ValueSet>;
  readonly codeSystems: ReadonlyMap<string, CodeSystem>;
}

const coreBase = 'http://hl7.org/fhir/StructureDefinition/';
const withoutVersion = (url: string) => url.split('|')[0] as string;

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
  const read = [...readGenerated<readonly unknown[]>('core-profiles.json'), ...readFolder(folder)];
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

/** The profile and the profiles that it is derived from, the most general first. */
function chainOf(url: string, structures: Definitions['structures']): readonly StructureDefinition[] {
  const chain: StructureDefinition[] = [];
  for (
    let at = structures.get(url);
    at && !chain.includes(at);
    at = structures.get(withoutVersion(at.baseDefinition ?? ''))
  ) {
    if (at.derivation !== 'specialization') chain.unshift(at);
  }
  return chain;
}

/** Opens the registry; the folder is read when a profile is first asked for. Throws when there is no such folder. */
export function openRegistry(folder: string): Registry {
  if (!existsSync(folder)) throw new Error(`The folder of profiles ${folder} does not exist.`);
  const definitions = lazy(() => readDefinitions(folder));
  const trees = new Map<string, Profile>();

  function profile(url: string): Profile | undefined {
    const plain = withoutVersion(url);
    const before = trees.get(plain);
    if (before) return before;
    const chain = chainOf(plain, definitions().structures);
    const own = chain.at(-1);
    if (!own) return undefined;
    const made = { url: plain, name: own.name, type: own.type, tree: profileTree(chain) };
    trees.set(plain, made);
    return made;
  }

  const localCodes = keep((url: string): Codes | undefined => {
    const { valueSets, codeSystems } = definitions();
    return expand(url, { valueSets, codeSystems, coreCodes: codesOf });
  });

  return {
    profile,
    typeOf: (url) => {
      const plain = withoutVersion(url);
      const name = plain.startsWith(coreBase) ? plain.slice(coreBase.length) : '';
      return isResourceType(name) ? name : definitions().structures.get(plain)?.type;
    },
    codes: (url) =>
      definitions().valueSets.has(withoutVersion(url)) ? localCodes(withoutVersion(url)) : codesOf(withoutVersion(url)),
  };
}
