/** The imported code systems that there are now: a new one is found within seconds of its import. */
import type { Store } from '../../store/store.ts';
import { type ImportedSystem, listSystems } from '../../store/terminology/concepts.ts';
import type { Tables } from './scope.ts';
import { compareVersions } from './source.ts';
import type { System } from './system.ts';
import { tableSystem } from './table-system.ts';

/** An import happens a few times a year; a question asks many times a second. */
const freshMilliseconds = 2000;

export function importedSystems({ db }: Pick<Store, 'db'>, now: () => number = Date.now): Tables {
  let listed: { readonly at: number; readonly systems: Promise<readonly ImportedSystem[]> } | undefined;
  const opened = new Map<number, System>();

  async function list(): Promise<readonly ImportedSystem[]> {
    if (!listed || now() - listed.at > freshMilliseconds) {
      const mine = { at: now(), systems: listSystems(db) };
      listed = mine;
      mine.systems.catch(() => {
        if (listed === mine) listed = undefined;
      });
    }
    const systems = await listed.systems;
    const ids = new Set(systems.map(({ id }) => id));
    for (const id of opened.keys()) if (!ids.has(id)) opened.delete(id);
    return systems;
  }

  return {
    async find(url, version) {
      const fitting = (await list())
        .filter((one) => one.url === url && (version === undefined || one.version === version))
        .sort((a, b) => compareVersions(b.version, a.version));
      const [imported] = fitting;
      if (!imported) return undefined;
      const before = opened.get(imported.id);
      if (before) return before;
      const system = tableSystem(db, imported);
      opened.set(imported.id, system);
      return system;
    },
    versions: async (url) => (await list()).filter((one) => one.url === url).map(({ version }) => version),
  };
}
