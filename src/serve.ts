/** Joins everything into a running server, and takes it apart again without losing what was asked of it. */
import type { IncomingMessage, RequestListener } from 'node:http';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bootstrapAdministrator } from './auth/accounts.ts';
import { type Auth, openAuth } from './auth/open-auth.ts';
import { systemAccess } from './auth/system-access.ts';
import type { Config } from './config.ts';
import { listenDimse } from './dicom/net/scp.ts';
import { startProjecting } from './fhir/audit/project.ts';
import type { Context } from './fhir/context.ts';
import { api } from './http/api/api.ts';
import { createApp } from './http/app.ts';
import { type Credentials, credentialsOf } from './http/credentials.ts';
import { dicomweb } from './http/dicomweb/stow-rs.ts';
import { listen } from './http/listen.ts';
import { oidc } from './http/oidc.ts';
import { readInstance } from './imaging/read-instance.ts';
import { Reader } from './imaging/reader.ts';
import { admitPeer, receiveDimse } from './imaging/receive-dimse.ts';
import type { ReceiveOptions } from './imaging/reception.ts';
import { sweepUnclaimed } from './imaging/sweep-unclaimed.ts';
import { numbered } from './livedoc/numbering.ts';
import { openSigningKeys, type SigningKeys } from './livedoc/signing-keys.ts';
import { Closers, openParts, type Parts, root, version } from './open-parts.ts';
import type { Logger } from './shared/logger.ts';
import { fileBlobs } from './store/blobs/file-blobs.ts';
import { runJobs } from './store/jobs/run-jobs.ts';
import { numberReserve } from './store/numbering/number-reserve.ts';

const mebibyte = 2 ** 20;

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

function objectsFolder({ LIVEDOC_OBJECT_STORE: url, LIVEDOC_DATA_DIR: dataDir }: Config): string {
  if (!url) return resolve(dataDir, 'objects');
  return url.startsWith('file://') ? fileURLToPath(url) : resolve(url.slice('file:'.length));
}

/** Listens at once, so that the port is known and probes have an answer: 503 until `use`. */
async function listenHttp(config: Config) {
  let current: RequestListener = (_request, response) => {
    response.writeHead(503, { 'retry-after': '2', 'content-type': 'text/plain' }).end('The server is starting.\n');
  };
  const http = await listen((request, response) => current(request, response), {
    host: config.LIVEDOC_HTTP_HOST,
    port: config.LIVEDOC_HTTP_PORT,
  });
  return {
    ...http,
    use(listener: RequestListener) {
      current = listener;
    },
  };
}

type Http = Awaited<ReturnType<typeof listenHttp>>;

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

interface Open {
  readonly config: Config;
  readonly parts: Parts;
  readonly auth: Auth;
  readonly receive: ReceiveOptions;
  readonly signing: SigningKeys;
  readonly log: Logger;
}

const now = () => new Date();

/** Everything that HTTP answers; each part gets only what it needs. */
function listenerOf({ config, parts, auth, receive, signing, log }: Open): RequestListener {
  const { store, validate, base, secret } = parts;
  const pageKey = secret.derive('pages');
  const next = numberReserve(store.db);
  const complete: Context['complete'] = (inner, body, id) =>
    numbered(inner.db, body, { now: now(), next, ...(id === undefined ? {} : { id }) });
  const context = { store, validate, now, base, log, pageKey, complete };
  const authenticate = (credentials: Credentials) => auth.authenticate(credentials);
  const ofRequest = (request: IncomingMessage) => authenticate(credentialsOf(request));
  return createApp({
    ...context,
    authenticate,
    version,
    limits: { body: config.LIVEDOC_MAX_BODY_MIB * mebibyte },
    oauth: { authorize: `${auth.issuer}/auth`, token: `${auth.issuer}/token` },
    async ready() {
      await store.db.query({ text: 'SELECT 1' });
      return { database: undefined };
    },
    routers: {
      oidc: oidc({ auth, log }),
      dicomweb: dicomweb({ authenticate: ofRequest, receive, base: `${config.publicUrl}/dicomweb` }),
      api: api({
        authenticate: ofRequest,
        contextOf: (access) => ({ ...context, access }),
        server: systemAccess('livedoc api'),
        keys: signing,
        language: config.LIVEDOC_LANG,
        base: `${config.publicUrl}/api`,
        log,
      }),
    },
  });
}

async function openReceive(config: Config, { store }: Parts, log: Logger): Promise<ReceiveOptions> {
  const blobs = await fileBlobs({ folder: objectsFolder(config), minFreeMib: config.LIVEDOC_MIN_FREE_MIB });
  await sweepUnclaimed({ store, blobs, log });
  return { store, blobs, log, now, maxInstanceBytes: config.LIVEDOC_MAX_INSTANCE_MIB * mebibyte };
}

async function openJobs(config: Config, parts: Parts, reader: Reader, closers: Closers, log: Logger): Promise<void> {
  const { store, validate, base, databaseUrl } = parts;
  const context: Context = { store, access: systemAccess('livedoc read-instance'), validate, now, base, log };
  const jobs = await runJobs({
    databaseUrl,
    schema: config.LIVEDOC_SCHEMA,
    handlers: { 'read-instance': readInstance({ context, reader, language: config.LIVEDOC_LANG }) },
    // The reading process takes one image at a time; a second job prepares and files beside it.
    concurrency: 2,
    log,
  });
  closers.add('jobs', () => jobs.stop());
}

async function start(given: Config, http: Http, closers: Closers, log: Logger): Promise<Omit<Running, 'close'>> {
  const config: Config = given.LIVEDOC_PUBLIC_URL
    ? given
    : Object.freeze({ ...given, publicUrl: `http://localhost:${http.port}` });
  const parts = await openParts(config, closers, log);
  const { store, secret } = parts;
  const administrator = await bootstrapAdministrator(
    { ...parts, log, now },
    { email: config.LIVEDOC_ADMIN_EMAIL, password: config.LIVEDOC_ADMIN_PASSWORD },
  );
  const auth = await openAuth({
    store,
    secret,
    publicUrl: config.publicUrl,
    trustedKeyHosts: config.LIVEDOC_TRUSTED_KEY_HOSTS,
    database: { url: parts.databaseUrl, schema: config.LIVEDOC_SCHEMA },
    log,
  });
  closers.add('auth', () => auth.close());
  const signing = await openSigningKeys(store, secret);
  const receive = await openReceive(config, parts, log);
  const reader = await openReader(config, closers, log);
  await openJobs(config, parts, reader, closers, log);
  const projecting = startProjecting({ store, base: parts.base, now, log });
  closers.add('audit projector', () => projecting.stop());
  const dimsePort = await openDimse(config, receive, closers, log);
  http.use(listenerOf({ config, parts, auth, receive, signing, log }));
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
  const http = await listenHttp(config);
  try {
    const running = await start(config, http, closers, log);
    // Last in, so first to be closed: requests under way still find all that they need.
    closers.add('http', () => http.close({ drainSeconds: config.LIVEDOC_DRAIN_TIMEOUT_S }));
    return { ...running, close: () => closers.close(log) };
  } catch (error) {
    await http.close({ drainSeconds: 0 });
    await closers.close(log);
    throw error;
  }
}
