/** Joins everything into a running server, and takes it apart again without losing what was asked of it. */
import { resolve } from 'node:path';
import { bootstrapAdministrator } from './auth/accounts.ts';
import { systemAccess } from './auth/system-access.ts';
import { type Config, localUrl } from './config.ts';
import { listenDimse } from './dicom/net/scp.ts';
import { startProjecting } from './fhir/audit/project.ts';
import { reindexHandler } from './fhir/catalogue/run-reindex.ts';
import type { Context } from './fhir/context.ts';
import { publishDefinitions } from './fhir/operations/published.ts';
import { operations } from './fhir/operations/table.ts';
import { createMetrics } from './http/metrics.ts';
import { listenHttp, openHttpPart } from './http-part.ts';
import { HttpWorkers } from './http-workers.ts';
import { readInstance } from './imaging/read-instance.ts';
import { Reader } from './imaging/reader.ts';
import { admitPeer, receiveDimse } from './imaging/receive-dimse.ts';
import type { ReceiveOptions } from './imaging/reception.ts';
import { sweepUnclaimed } from './imaging/sweep-unclaimed.ts';
import { Closers, openParts, type Parts, root } from './open-parts.ts';
import { objectsFolder, openReceive } from './open-receive.ts';
import type { Logger } from './shared/logger.ts';
import { runJobs } from './store/jobs/run-jobs.ts';

/** Longest time of one image in the reading process, seconds; the largest film takes a few. */
const readingSeconds = 120;
/** Most memory of the reading process: the model, one decoded film of 100 megapixels and its copies. */
const readingMemoryMib = 3072;

export interface Running {
  /** By which clients reach it. */
  readonly publicUrl: string;
  readonly httpPort: number;
  readonly dimsePort: number;
  readonly aeTitle: string;
  readonly parts: Parts;
  /** The first administrator's password, when this start made the account and invented it. */
  readonly administrator?: { readonly email: string; readonly password: string };
  /** Drains requests, associations and jobs, then closes everything. */
  close(): Promise<void>;
}

async function openReader(config: Config, closers: Closers, log: Logger): Promise<Reader> {
  const reader = await Reader.start({
    settings: {
      objects: objectsFolder(config),
      minFreeMib: config.LIVEDOC_MIN_FREE_MIB,
      model: resolve(root, config.LIVEDOC_MODEL),
      threads: 2,
    },
    entry: new URL('./imaging/reader-process.js', import.meta.url),
    timeoutSeconds: readingSeconds,
    memoryMib: readingMemoryMib,
    log,
  });
  closers.add('reader', () => reader.close());
  return reader;
}

async function openDimse(config: Config, receive: ReceiveOptions, closers: Closers, log: Logger): Promise<number> {
  const dimse = await listenDimse({
    host: config.LIVEDOC_DIMSE_HOST,
    port: config.LIVEDOC_DIMSE_PORT,
    aeTitle: config.LIVEDOC_AE_TITLE,
    mayAssociate: admitPeer(receive.store),
    onStore: receiveDimse(receive),
    log,
  });
  closers.add('dimse', () => dimse.close({ drainSeconds: config.LIVEDOC_DRAIN_TIMEOUT_S }));
  return dimse.port;
}

const now = () => new Date();

async function openJobs(config: Config, parts: Parts, reader: Reader, closers: Closers, log: Logger): Promise<void> {
  const { store, validate, integrity, base, databaseUrl, catalogue } = parts;
  const { parameters } = catalogue;
  const context: Context = {
    store,
    access: systemAccess('livedoc read-instance'),
    validate,
    integrity,
    parameters,
    now,
    base,
    log,
  };
  const jobs = await runJobs({
    databaseUrl,
    schema: config.LIVEDOC_SCHEMA,
    handlers: {
      'read-instance': readInstance({ context, reader, language: config.LIVEDOC_LANG }),
      reindex: reindexHandler({ store, catalogue, base, log }),
    },
    // The reading process takes one image at a time; a second job prepares and files beside it.
    concurrency: 2,
    log,
  });
  closers.add('jobs', () => jobs.stop());
}

/** HTTP: one process, or several. `port` is known at once, `open` lets it answer. */
interface Http {
  readonly port: number;
  open(config: Config, parts: Parts, receive: ReceiveOptions, closers: Closers): Promise<void>;
  close(drainSeconds: number): Promise<void>;
}

async function openHttp(config: Config, log: Logger): Promise<Http> {
  return config.workers === 0 ? inThisProcess(config, log) : inWorkers(config, log);
}

async function inThisProcess(given: Config, log: Logger): Promise<Http> {
  const http = await listenHttp(given);
  return {
    port: http.port,
    async open(config, parts, receive, closers) {
      http.use(await openHttpPart({ config, parts, receive, metrics: createMetrics(), log }, closers));
    },
    close: (drainSeconds) => http.close({ drainSeconds }),
  };
}

async function inWorkers(given: Config, log: Logger): Promise<Http> {
  const workers = await HttpWorkers.start({
    config: given,
    entry: new URL('./http-worker.js', import.meta.url),
    log,
  });
  return {
    port: workers.port,
    open: (config, { databaseUrl }) => workers.open({ ...config, DATABASE_URL: databaseUrl }),
    close: () => workers.close(),
  };
}

/** What clients find at the canonical addresses that the CapabilityStatement names. */
function publish({ store, validate, base, catalogue: { parameters } }: Parts, log: Logger): Promise<void> {
  const access = systemAccess('livedoc definitions');
  return publishDefinitions({ store, access, validate, now, base, log, parameters }, operations);
}

async function start(given: Config, http: Http, closers: Closers, log: Logger): Promise<Omit<Running, 'close'>> {
  const config: Config = given.LIVEDOC_PUBLIC_URL
    ? given
    : Object.freeze({ ...given, publicUrl: localUrl(given, http.port) });
  const parts = await openParts(config, closers, log);
  await publish(parts, log);
  const administrator = await bootstrapAdministrator(
    { ...parts, log, now },
    { email: config.LIVEDOC_ADMIN_EMAIL, password: config.LIVEDOC_ADMIN_PASSWORD },
  );
  const receive = await openReceive(config, parts, log);
  await sweepUnclaimed(receive);
  const [reader] = await Promise.all([openReader(config, closers, log), http.open(config, parts, receive, closers)]);
  await openJobs(config, parts, reader, closers, log);
  const projecting = startProjecting({
    store: parts.store,
    base: parts.base,
    parameters: parts.catalogue.parameters,
    now,
    log,
  });
  closers.add('audit projector', () => projecting.stop());
  const dimsePort = await openDimse(config, receive, closers, log);
  return {
    publicUrl: config.publicUrl,
    httpPort: http.port,
    dimsePort,
    aeTitle: config.LIVEDOC_AE_TITLE,
    parts,
    ...(administrator?.isGenerated ? { administrator } : {}),
  };
}

/** Starts everything; when one part cannot start, those that did are closed before it throws. */
export async function serve(config: Config, log: Logger): Promise<Running> {
  const closers = new Closers();
  const http = await openHttp(config, log);
  try {
    const running = await start(config, http, closers, log);
    // Last in, so first to be closed: requests under way still find all that they need.
    closers.add('http', () => http.close(config.LIVEDOC_DRAIN_TIMEOUT_S));
    return { ...running, close: () => closers.close(log) };
  } catch (error) {
    await http.close(0);
    await closers.close(log);
    throw error;
  }
}
