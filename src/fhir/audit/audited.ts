/**
 * The one place where interactions are audited: each request leaves one record, durable before its answer, and the record
 * of a write commits with the write.
 * https://profiles.ihe.net/ITI/BALP/
 */
import { FhirError } from '../../shared/errors.ts';
import type { AuditRecord } from '../../store/audit/record.ts';
import { isRecorded } from '../../store/resources/read-audited.ts';
import type { Version } from '../../store/resources/version.ts';
import type { Write } from '../../store/resources/write.ts';
import type { Store } from '../../store/store.ts';
import type { Context } from '../context.ts';
import type { Reply } from '../reply.ts';
import { patientsIn } from './patients.ts';

/** What is done, as far as the request tells. */
export interface Deed {
  /** https://hl7.org/fhir/R4/valueset-restful-interaction.html */
  readonly code: string;
  readonly action: AuditRecord['action'];
  /** `Patient/1`; absent where the request names no resource. */
  readonly target?: string | undefined;
  /** A search as it was asked, without the base. */
  readonly query?: string | undefined;
}

/** Runs an interaction with a context whose writes carry their record, and records what was not written. */
export async function audited(context: Context, deed: Deed, run: (context: Context) => Promise<Reply>): Promise<Reply> {
  const { store } = context;
  const trail: Trail = { context, deed, seen: new Map(), wrote: false };
  try {
    const readShown: Context['readShown'] = async (type, id, unless) => {
      const version = await store.resources.readAudited(type, id, shownRecord(trail, `${type}/${id}`), unless);
      if (version && !version.deleted && isRecorded(version.body, unless)) trail.wrote = true;
      return version;
    };
    const recordChange: Context['recordChange'] = async (inner, states) => {
      await inner.audit.append(changeRecord(trail, states));
      trail.wrote = true;
    };
    // Where a request reads more than one resource, one record tells of all.
    const isRead = deed.code === 'read';
    const reply = await run({
      ...context,
      recordChange,
      ...(isRead ? { readShown } : {}),
      store: recording(store, trail),
    });
    if (!trail.wrote) await store.audit.append(readRecord(trail, reply));
    return reply;
  } catch (error) {
    await store.audit.append(failureRecord(trail, error));
    throw error;
  }
}

interface Trail {
  readonly context: Context;
  readonly deed: Deed;
  /** What was looked at by key: a write's record names the patients of what it replaces too. */
  readonly seen: Map<string, Version>;
  wrote: boolean;
}

function recording(store: Store, trail: Trail): Store {
  const { resources } = store;
  const note = <V extends Version | undefined>(version: V): V => {
    if (version) trail.seen.set(`${version.type}/${version.id}`, version);
    return version;
  };
  return {
    ...store,
    resources: {
      ...resources,
      read: async (type, id) => note(await resources.read(type, id)),
      readMany: async (targets) => (await resources.readMany(targets)).map(note),
      async write(writes, effects = {}) {
        const audit = [...(effects.audit ?? []), writeRecord(trail, writes)];
        const written = await resources.write(writes, { ...effects, audit });
        trail.wrote = true;
        return written;
      },
    },
    transaction: (work) => store.transaction((inner) => work(recording(inner, trail))),
    exclusively: (names, work) => store.exclusively(names, (inner) => work(recording(inner, trail))),
  };
}

type Outcome = Pick<AuditRecord, 'outcome' | 'outcomeText' | 'entities' | 'patients'>;

function record({ context, deed: { code, action } }: Trail, rest: Outcome): AuditRecord {
  const { user, client, address, requestId, opened } = context.access.caller;
  return {
    type: 'rest',
    subtype: code,
    action,
    recorded: context.now(),
    client,
    ...(user ? { user } : {}),
    ...(address === undefined ? {} : { address }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(opened ? { emergency: opened } : {}),
    ...rest,
  };
}

function writeRecord(trail: Trail, writes: readonly Write[]): AuditRecord {
  const entities = writes.map(({ op, type, id, body }) => {
    const reference = `${type}/${id}`;
    const before = trail.seen.get(reference);
    const all = [...(before ? patientsIn(before) : []), ...patientsIn({ type, id, body: body.join('') })];
    return { reference, detail: { op }, patients: [...new Set(all)] };
  });
  const patients = [...new Set(entities.flatMap((entity) => entity.patients))];
  // A transaction tells of each entry what was done to it and whose it is; elsewhere the record itself does.
  const plain = trail.deed.code === 'transaction' ? entities : entities.map(({ reference }) => ({ reference }));
  return record(trail, { outcome: '0', entities: plain, patients });
}

function changeRecord(trail: Trail, states: readonly Version[]): AuditRecord {
  const names = new Set(states.map(({ type, id, version }) => `${type}/${id}/_history/${version}`));
  const entities = [...names].map((reference) => ({ reference }));
  return record(trail, { outcome: '0', entities, patients: [...new Set(states.flatMap(patientsIn))] });
}

function readRecord(trail: Trail, { shown = [], query, version, code }: Reply): AuditRecord {
  const { deed } = trail;
  const [only] = shown;
  const asked = query ?? deed.query;
  const single = asked === undefined && shown.length === 1 && only && version;
  const target = single ? `${only.type}/${only.id}/_history/${only.version}` : deed.target;
  const entities = asked !== undefined ? [{ query: asked }] : target === undefined ? [] : [{ reference: target }];
  const patients = [...new Set(shown.flatMap(patientsIn))];
  return { ...record(trail, { outcome: '0', entities, patients }), ...(code ? { subtype: code } : {}) };
}

/** Of a version that is only known when it has been read. */
function shownRecord(trail: Trail, name: string): Omit<AuditRecord, 'entities'> {
  // A Patient names itself; for what else there is in it, nobody waits.
  const isPatient = name.startsWith('Patient/');
  return { ...record(trail, { outcome: '0', entities: [], patients: isPatient ? [name] : [] }), andItsPatients: true };
}

function failureRecord(trail: Trail, error: unknown): AuditRecord {
  const { target, query } = trail.deed;
  const isClients = error instanceof FhirError && error.status < 500;
  const entities = query !== undefined ? [{ query }] : target === undefined ? [] : [{ reference: target }];
  const patients = target?.startsWith('Patient/') ? [target] : [];
  return record(trail, {
    outcome: isClients ? '4' : '8',
    outcomeText: error instanceof FhirError ? error.message : 'The server failed.',
    entities,
    patients,
  });
}
