/**
 * Makes AuditEvent resources of audit records, after the fact: the records are what is durable before an answer, the events
 * are how they are read and searched.
 */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import {
  countAppended,
  type LoggedRecord,
  markProjected,
  PROJECTION,
  unprojected,
} from '../../store/audit/unprojected.ts';
import type { Write } from '../../store/resources/write.ts';
import type { Store } from '../../store/store.ts';
import type { Context } from '../context.ts';
import { writeOf } from '../interactions/prepare.ts';
import { bodyOf } from '../json/body.ts';
import { auditEvents } from './audit-event.ts';
import { patientsIn } from './patients.ts';

export type Projection = Pick<Context, 'store' | 'base' | 'now' | 'log' | 'parameters'>;

/** Records of one transaction: few, as other requests wait meanwhile; each may be an event for every patient of a large search. */
const recordsAtOnce = 40;
/** Events that are made without a turn for anybody else, some milliseconds of work. */
const eventsAtOnce = 25;
/** A reader of the trail waits for so many transactions at most; the rest comes in the background. */
const mostForReader = 125;

/** Projects one batch; returns how many records it had. Two processes never project the same record. */
async function projectBatch({ store, base, now, parameters }: Projection): Promise<number> {
  return store.transaction(async (inner) => {
    await inner.lock([PROJECTION]);
    const logged = await unprojected(inner.db, recordsAtOnce);
    if (logged.length === 0) return 0;
    let writes: Write[] = [];
    for (const { chain, seq, record } of await withPatients(inner, logged)) {
      let at = 0;
      for (const event of auditEvents(record, base)) {
        // The id leads back to the record, and is the same however often a projection is begun.
        const id = `${chain}-${seq}-${at++}`;
        const body = bodyOf({ ...event, id });
        writes.push(writeOf({ now, base, parameters }, { op: 'create', id, body, expect: 'absent' }));
        if (writes.length < eventsAtOnce) continue;
        await inner.resources.write(writes);
        writes = [];
        await setImmediate();
      }
    }
    if (writes.length > 0) await inner.resources.write(writes);
    await markProjected(inner.db, logged);
    return logged.length;
  });
}

/** The records, each with the patients of the version that it names, where it says so. */
async function withPatients({ resources }: Store, logged: readonly LoggedRecord[]): Promise<readonly LoggedRecord[]> {
  const done: LoggedRecord[] = [];
  for (const one of logged) {
    const { andItsPatients, entities, patients } = one.record;
    const [type = '', id = '', , version] = (andItsPatients && entities[0]?.reference?.split('/')) || [];
    const shown = version === undefined ? undefined : await resources.readVersion(type, id, Number(version));
    const all = shown ? [...new Set([...patients, ...patientsIn(shown)])] : patients;
    done.push({ ...one, record: { ...one.record, patients: all } });
  }
  return done;
}

/** Brings the AuditEvents up to date for who is about to read them. */
export async function projectForReader(projection: Projection): Promise<void> {
  for (let batch = 0; batch < mostForReader; batch += 1) {
    if ((await projectBatch(projection)) < recordsAtOnce) return;
  }
}

/** How long the background waits when there is nothing left to do, milliseconds. */
const rest = 30_000;
/** Between two batches, in times of the last one: requests come first, and while many come the trail may lag behind its records. */
const restsWhenBusy = 19;
const restsWhenQuiet = 3;
/** Records a second, of which every request makes one. */
const busy = 50;

/** How long to rest after a batch, in times of it, when so many records came in so many milliseconds. */
export function restsAfter(records: number, milliseconds: number): number {
  return records > (busy * milliseconds) / 1000 ? restsWhenBusy : restsWhenQuiet;
}

/** Tells after each batch how long to rest, by what came since the one before. */
function pacer({ store }: Projection): () => Promise<number> {
  let last = { count: 0, at: 0 };
  return async () => {
    const before = last;
    last = { count: await countAppended(store.db), at: performance.now() };
    return restsAfter(last.count - before.count, last.at - before.at);
  };
}

/** Projects in the background until stopped; `stop` waits for the batch under way. */
export function startProjecting(projection: Projection): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const restsNow = pacer(projection);
  /** The pause after a batch, milliseconds. */
  const batch = async () => {
    const began = performance.now();
    if ((await projectBatch(projection)) < recordsAtOnce) return rest;
    return (performance.now() - began) * (await restsNow());
  };
  const loop = async () => {
    while (!signal.aborted) {
      const pause = await batch().catch((error: unknown) => {
        projection.log.error('Audit records could not be made AuditEvents.', { error });
        return rest;
      });
      // Aborting ends the wait early; that is no failure.
      await sleep(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  };
  const running = loop();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
