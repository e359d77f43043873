/**
 * Keeps validation by the StructureDefinitions that clients have posted, in every process, as they come and go.
 * https://hl7.org/fhir/R4/structuredefinition.html
 */
import type { Logger } from '../../shared/logger.ts';
import type { OpenStore } from '../../store/open.ts';
import type { Version } from '../../store/resources/version.ts';
import type { Changed } from '../../store/watch.ts';
import type { Validation } from './validator.ts';

const type = 'StructureDefinition';
/** So many are read at once. */
const pageSize = 100;

interface Follow extends Pick<Validation, 'put'> {
  readonly store: Pick<OpenStore, 'resources' | 'search' | 'watch'>;
  readonly log: Logger;
}

/** Takes in what is there, then every change; resolves when what is there is taken in. */
export async function followDefinitions({ store, put, log }: Follow): Promise<{ close(): Promise<void> }> {
  let known = new Set<string>();

  function take({ id, body, deleted }: Version): void {
    put(id, deleted ? undefined : (JSON.parse(body) as unknown));
    if (deleted) known.delete(id);
    else known.add(id);
  }

  async function takeAll(): Promise<void> {
    const before = known;
    known = new Set();
    let after: string | undefined;
    do {
      const page = await store.search({
        type,
        where: [],
        sort: [],
        count: pageSize,
        total: 'none',
        ...(after === undefined ? {} : { after }),
      });
      for (const version of page.versions) take(version);
      after = page.next;
    } while (after !== undefined);
    for (const id of before) if (!known.has(id)) put(id, undefined);
    log.debug('posted profiles', { count: known.size });
  }

  async function takeChanged(changed: readonly Changed[]): Promise<void> {
    if (changed.length === 0) return takeAll();
    const versions = await store.resources.readMany(changed);
    for (const version of versions) if (version) take(version);
  }

  // One after the other, so that what was read earlier never comes later.
  let last: Promise<void> = Promise.resolve();
  function inTurn(changed: readonly Changed[]): Promise<void> {
    const own = last.then(() => takeChanged(changed));
    last = own.catch(() => undefined);
    return own;
  }

  const watching = await store.watch([type], inTurn);
  await inTurn([]);
  return watching;
}
