/** What HTTP answers, of the parts of one process: the whole server's, or a worker's. */
import type { IncomingMessage, RequestListener } from 'node:http';
import { join } from 'node:path';
import { followRestrictions } from './auth/consents/follow.ts';
import { withConsents, withConsentsDeep } from './auth/consents/validate-consent.ts';
import { type BreakGlass, breakGlassOf, noteEnds } from './auth/glass/break-glass.ts';
import { type Auth, type AuthOptions, openAuth } from './auth/open-auth.ts';
import { auditedRefusals } from './auth/refusals.ts';
import { systemAccess } from './auth/system-access.ts';
import type { Config } from './config.ts';
import { asyncJob } from './fhir/async/kick-off.ts';
import { asyncRunner } from './fhir/async/run.ts';
import { bulkJob } from './fhir/bulk/kick-off.ts';
import { bulkRunner } from './fhir/bulk/run.ts';
import type { Context } from './fhir/context.ts';
import { openTerminology } from './fhir/terminology/open-terminology.ts';
import type { Terminology } from './fhir/terminology/terminology.ts';
import { followDefinitions } from './fhir/validation/posted-definitions.ts';
import { api } from './http/api/api.ts';
import { createApp } from './http/app.ts';
import { credentialsOf } from './http/credentials.ts';
import { dicomweb } from './http/dicomweb/stow-rs.ts';
import { listen } from './http/listen.ts';
import type { Metrics } from './http/metrics.ts';
import { oidc } from './http/oidc.ts';
import { peerOf } from './http/peer.ts';
import type { ReceiveOptions } from './imaging/reception.ts';
import { numbered } from './livedoc/numbering.ts';
import { openSigningKeys, type SigningKeys } from './livedoc/signing-keys.ts';
import { type Closers, type Parts, root, version } from './open-parts.ts';
import type { Logger } from './shared/logger.ts';
import { runJobs } from './store/jobs/run-jobs.ts';
import { numberReserve } from './store/numbering/number-reserve.ts';

const mebibyte = 2 ** 20;

export interface HttpPart {
  readonly config: Config;
  readonly parts: Parts;
  readonly receive: ReceiveOptions;
  readonly metrics: Metrics;
  readonly log: Logger;
}

interface Open extends HttpPart {
  readonly terminology: Terminology;
  readonly auth: Auth;
  readonly breakGlass: BreakGlass;
  readonly signing: SigningKeys;
}

/** Who may register an application: nobody, whoever has the token, anybody. */
function registrationOf(config: Config): AuthOptions['registration'] {
  if (config.LIVEDOC_CLIENT_REGISTRATION === 'off') return undefined;
  return config.LIVEDOC_CLIENT_REGISTRATION === 'open'
    ? {}
    : { initialAccessToken: config.LIVEDOC_CLIENT_REGISTRATION_TOKEN };
}

/** Opens accounts and keys, and joins everything that HTTP answers; each part gets only what it needs. */
export async function openHttpPart(part: HttpPart, closers: Closers): Promise<RequestListener> {
  const { config, parts, log } = part;
  const { store, secret } = parts;
  const veils = await followRestrictions({
    store,
    base: parts.base,
    breakers: new Set(config.LIVEDOC_BREAK_GLASS_ROLES),
    purposes: new Map(Object.entries(config.LIVEDOC_CLIENT_PURPOSES)),
    log,
  });
  closers.add('consents', () => veils.close());
  const auth = await openAuth({
    store,
    secret,
    veils,
    publicUrl: config.publicUrl,
    trustedKeyHosts: config.LIVEDOC_TRUSTED_KEY_HOSTS,
    rules: { validate: parts.validate, integrity: parts.integrity },
    certificateOf: (request) => peerOf(request).certificate,
    keyRotationDays: config.LIVEDOC_KEY_ROTATION_DAYS,
    secondFactorRoles: config.LIVEDOC_SECOND_FACTOR,
    registration: registrationOf(config),
    database: { url: parts.databaseUrl, schema: config.LIVEDOC_SCHEMA },
    brand: {
      name: config.LIVEDOC_ORGANIZATION_NAME,
      website: config.LIVEDOC_ORGANIZATION_URL,
      logo: config.LIVEDOC_ORGANIZATION_LOGO,
      bundle: config.LIVEDOC_BRANDS,
    },
    log,
  });
  closers.add('auth', () => auth.close());
  const following = await followDefinitions({ store, put: parts.validation.put, log });
  closers.add('posted profiles', () => following.close());
  const terminology = await openTerminology({ store, folder: join(root, 'fhir-profiles') });
  closers.add('terminology', () => terminology.close());
  const breakGlass = breakGlassOf({
    store,
    factors: auth.factors,
    roles: new Set(config.LIVEDOC_BREAK_GLASS_ROLES),
    minutes: config.LIVEDOC_BREAK_GLASS_MINUTES,
    onChange: auth.forget,
    log,
  });
  closers.add('ends of emergencies', noteEnds(breakGlass, log));
  const open = { ...part, terminology, auth, breakGlass, signing: await openSigningKeys(store, secret) };
  const context = contextOf(open);
  const later = await runJobs({
    databaseUrl: parts.databaseUrl,
    schema: config.LIVEDOC_SCHEMA,
    handlers: {
      [asyncJob]: asyncRunner({ context, resume: auth.later.resume }),
      [bulkJob]: bulkRunner({ context, resume: auth.later.resume }),
    },
    // Who asked for these is ready to wait. Of exports one runs at a time, so that there is room for another request.
    concurrency: 2,
    log,
  });
  closers.add('requests put off', () => later.stop());
  return listenerOf(open, context);
}

const now = () => new Date();

function contextOf({ config, parts, terminology, log }: Open): Omit<Context, 'access'> {
  const { store, validation, integrity, base, secret } = parts;
  const validate = withConsents(parts.validate, base);
  const { parameters } = parts.catalogue;
  const pageKey = secret.derive('pages');
  const next = numberReserve(store.db);
  const complete: Context['complete'] = (inner, body, id) =>
    numbered(inner.db, body, { now: now(), next, ...(id === undefined ? {} : { id }) });
  const validateDeep = withConsentsDeep(validation.validateDeep, base);
  const conditionalDelete = config.LIVEDOC_CONDITIONAL_DELETE;
  const { answers, profilesOf } = validation;
  const how = { now, base, log, pageKey, complete, conditionalDelete, integrity, answers, profilesOf };
  return { store, validate, validateDeep, terminology, parameters, ...how };
}

function listenerOf(
  { config, parts: { store }, auth, breakGlass, receive, signing, metrics, log }: Open,
  context: Omit<Context, 'access'>,
): RequestListener {
  const authenticate = auditedRefusals(auth.authenticate, store, now);
  const ofRequest = (request: IncomingMessage) => authenticate(credentialsOf(request));
  return createApp({
    ...context,
    authenticate,
    allowsOrigin: auth.allowsOrigin,
    ticketOf: auth.later.ticketOf,
    version,
    metrics,
    proxies: { trusted: config.LIVEDOC_TRUSTED_PROXIES, certificateHeader: config.LIVEDOC_CLIENT_CERT_HEADER },
    limits: { body: config.LIVEDOC_MAX_BODY_MIB * mebibyte },
    oauth: { authorize: `${auth.issuer}/auth`, token: `${auth.issuer}/token` },
    async ready() {
      await store.db.query({ text: 'SELECT 1' });
      return { database: undefined };
    },
    routers: {
      oidc: oidc({ auth, breakGlass, log }),
      dicomweb: dicomweb({ authenticate: ofRequest, receive, base: `${config.publicUrl}/dicomweb` }),
      api: api({
        authenticate: ofRequest,
        contextOf: (access) => ({ ...context, access }),
        server: systemAccess('livedoc api'),
        keys: signing,
        personAccess: auth.personAccess,
        forget: auth.forget,
        federation: auth.federation,
        language: config.LIVEDOC_LANG,
        breakGlass,
        base: `${config.publicUrl}/api`,
        log,
      }),
    },
  });
}

/** Listens at once, so that the port is known and probes have an answer: 503 until `use`. */
export async function listenHttp(config: Config) {
  let current: RequestListener = (_request, response) => {
    response.writeHead(503, { 'retry-after': '2', 'content-type': 'text/plain' }).end('The server is starting.\n');
  };
  const { LIVEDOC_TLS_CERT: cert, LIVEDOC_TLS_KEY: key, LIVEDOC_TLS_CLIENT_CA: clientAuthorities } = config;
  const http = await listen((request, response) => current(request, response), {
    host: config.LIVEDOC_HTTP_HOST,
    port: config.LIVEDOC_HTTP_PORT,
    ...(cert !== undefined && key !== undefined && { tls: { cert, key, clientAuthorities } }),
  });
  return {
    ...http,
    use(listener: RequestListener) {
      current = listener;
    },
  };
}
