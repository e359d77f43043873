/** Opens authentication and authorization: secret, keys, provider; what `http` mounts and asks. */
import type { RequestListener } from 'node:http';
import type { JWK } from 'jose';
import type { Provider } from 'oidc-provider';
import type { Access } from '../fhir/access.ts';
import type { Context } from '../fhir/context.ts';
import { extract } from '../fhir/search/extract.ts';
import type { Logger } from '../shared/logger.ts';
import type { UserRole } from '../store/accounts/users.ts';
import { watchRevocations } from '../store/oidc/watch-revocations.ts';
import type { Store } from '../store/store.ts';
import { findAccount } from './account.ts';
import type { PasswordDeps } from './accounts/new-password.ts';
import { type Authenticator, authenticator, type Credentials } from './authenticate.ts';
import { type BrandOptions, type Brands, publishBrands } from './brands.ts';
import { type BrowserSessions, browserSessionsOf } from './browser-session.ts';
import type { CertificateOf } from './certificates.ts';
import { type Registration, registrationOn } from './client-registration.ts';
import { confirmer } from './confirmation.ts';
import { type Applications, applicationsIn } from './consent/applications.ts';
import { silentGrant } from './consent/silent.ts';
import type { Veils } from './consents/follow.ts';
import type { FactorDeps } from './factors/deps.ts';
import { needsSecondFactor } from './factors/manage.ts';
import { defaultFactorRoles } from './factors/methods.ts';
import { relyingPartyOf } from './factors/webauthn.ts';
import { useFederation } from './federation/middleware.ts';
import { type Federation, openFederation } from './federation/open-federation.ts';
import { purgeExpired, renewKeys } from './housekeeping.ts';
import { type Interactions, interactionsOf } from './interaction/interactions.ts';
import { type Launcher, launcherOf } from './launch/launcher.ts';
import { launchesOf } from './launch/launches.ts';
import { type PersonAccess, personAccessOf } from './launch/person-access.ts';
import { useMiddleware } from './middleware.ts';
import { registeredOrigins } from './origins.ts';
import type { Pages } from './pages.ts';
import { createProvider } from './provider.ts';
import { rotatingProvider } from './rotating-provider.ts';
import type { Secret } from './secret.ts';
import { signingKeys } from './signing-keys.ts';
import { smartConfiguration } from './smart-configuration.ts';

export interface AuthOptions {
  readonly store: Store;
  readonly secret: Secret;
  /** URL of the server without a trailing slash; the issuer is below it. */
  readonly publicUrl: string;
  /** Hosts (host or host:port) inside the hospital from which key sets of clients may be fetched, also without TLS. */
  readonly trustedKeyHosts?: readonly string[];
  /** The TLS certificate of who sends a request; absent: nobody has one. */
  readonly certificateOf?: CertificateOf;
  /** Age in days at which the key that signs ID tokens is replaced; absent or 0: only by command. */
  readonly keyRotationDays?: number;
  /** Applications may register themselves, all of them or those with the token; absent: none may. */
  readonly registration?: { readonly initialAccessToken?: string | undefined } | undefined;
  /** Who runs this server, as apps show it; absent: LIVEDOC at its own address. */
  readonly brand?: BrandOptions;
  /** What Consents and labels close; absent: nothing. */
  readonly veils?: Veils;
  /** Roles that cannot sign in without a second factor; absent: ADMINISTRATEUR. */
  readonly secondFactorRoles?: readonly UserRole[];
  /** What the resources of accounts that a sign-in makes have to fulfil; absent: nothing more than they are made by. */
  readonly rules?: Pick<Context, 'validate' | 'integrity'>;
  readonly log: Logger;
  /**
   * Where to listen for revocations. With it, what a token may do is remembered for up to a second and forgotten at once
   * when anything is revoked in any process; without it the database is asked for each request.
   */
  readonly database?: { readonly url: string; readonly schema: string };
}

interface Served {
  readonly listener: RequestListener;
  readonly interactions: Interactions;
  readonly browser: BrowserSessions;
}

export interface Auth {
  readonly issuer: string;
  /** For the pages of second factors, and whoever asks for a proof again. */
  readonly factors: FactorDeps;
  /** What `http` mounts: the provider at /oidc (with that taken off the URL), the steps of a sign-in at /interaction. */
  serve(pages: Pages): Served;
  /** What a person may see by role, whatever application asks. */
  readonly personAccess: PersonAccess;
  readonly launcher: Launcher;
  /** Throws FhirError `unauthenticated`. */
  authenticate(credentials: Credentials): Promise<Access>;
  /** What a request that is carried out later keeps instead of its token, and the access that it gives then. */
  readonly later: Pick<Authenticator, 'ticketOf' | 'resume'>;
  /** Forgets what tokens may do: for what is to be in force here before its answer, as elsewhere within a moment. */
  forget(): void;
  /** Where applications register themselves; absent where they may not. */
  readonly registration?: Registration;
  /** http://hl7.org/fhir/smart-app-launch/conformance.html#using-well-known */
  smartConfiguration(): Readonly<Record<string, unknown>>;
  /** https://hl7.org/fhir/smart-app-launch/brands.html */
  readonly brands: Brands;
  /** Whether browser applications of this origin may read answers: those of registered clients. */
  allowsOrigin(origin: string): Promise<boolean>;
  readonly applications: Applications;
  /** What persons change their own passwords and sessions with. */
  readonly accounts: PasswordDeps;
  readonly federation: Federation;
  /** Removes what has expired; answers how many rows. */
  purge(): Promise<number>;
  close(): Promise<void>;
}

const purgeMilliseconds = 10 * 60 * 1000;

/**
 * What the provider takes for host, protocol and address comes from our configuration and from the server, so a forged
 * Host or Forwarded header changes neither its URLs nor the audience that it expects in assertions.
 */
function pinned(publicUrl: string, listener: RequestListener): RequestListener {
  const { host, protocol } = new URL(publicUrl);
  return (request, response) => {
    // Express has the address that its trusted proxies tell.
    const { ip } = request as { readonly ip?: string };
    request.headers['x-forwarded-host'] = host;
    request.headers['x-forwarded-proto'] = protocol.slice(0, -1);
    request.headers['x-forwarded-for'] = ip ?? request.socket.remoteAddress ?? '';
    return listener(request, response);
  };
}

/** What forgets when something was revoked, and remembers only as long as that would be heard of. */
type Memory = Pick<Authenticator['cache'], 'clear' | 'remember'>;

/** Tells what happens in other processes to what remembers; undefined where there is nothing to listen to. */
function hear(
  { database, log }: AuthOptions,
  memories: readonly Memory[],
  takeUpKeys: () => void,
): { close(): Promise<void> } | undefined {
  if (!database) return undefined;
  const remember = (isHearing: boolean) => {
    for (const memory of memories) memory.remember(isHearing);
  };
  return watchRevocations({
    databaseUrl: database.url,
    schema: database.schema,
    log,
    onDeaf: () => remember(false),
    onListening() {
      remember(true);
      takeUpKeys();
    },
    onRevoked() {
      for (const memory of memories) memory.clear();
    },
    onKeys: takeUpKeys,
  });
}

interface Opened {
  readonly issuer: string;
  readonly base: string;
  readonly nonceKey: Buffer;
  readonly factors: FactorDeps;
  readonly federation: Federation;
  readonly personAccess: PersonAccess;
}

/** Makes a provider that signs with the given keys: another one whenever they change. */
function providerMaker(options: AuthOptions, { factors, federation, personAccess, ...opened }: Opened, pages: Pages) {
  const { store, secret, publicUrl, log } = options;
  const { base } = opened;
  const launches = launchesOf({ store, base, publicUrl, personAccess });
  return (keys: readonly JWK[]): Provider => {
    const made = createProvider({
      ...opened,
      db: store.db,
      keys,
      cookieKey: secret.derive('cookies').toString('base64url'),
      pages,
      trustedHosts: options.trustedKeyHosts ?? [],
      certificateOf: options.certificateOf ?? (() => undefined),
      registers: options.registration !== undefined,
      launches,
      silentGrant: (ctx) => silentGrant(ctx, store, base),
      needsSecondFactor: (user) => needsSecondFactor(factors, user),
      log,
    });
    useFederation(made, federation.deps);
    useMiddleware(made, store, (id) => findAccount(store.db, base, id));
    return made;
  };
}

function registrationOf({ store, registration, trustedKeyHosts = [] }: AuthOptions, issuer: string) {
  if (!registration) return {};
  const { initialAccessToken } = registration;
  const endpoint = `${issuer}/reg`;
  return { registration: registrationOn({ store, endpoint, initialAccessToken, trustedHosts: trustedKeyHosts }) };
}

/** Makes the signing key at the first start. Throws Error when the secret is not the one of the database. */
export async function openAuth(options: AuthOptions): Promise<Auth> {
  const { store, secret, publicUrl, log } = options;
  const issuer = `${publicUrl}/oidc`;
  const base = `${publicUrl}/fhir`;
  const firstKeys = await signingKeys(store.db, secret);

  /** Takes up new keys; there is nothing that signs before `serve`. */
  let reloadKeys = () => Promise.resolve();
  const takeUpKeys = () => {
    reloadKeys().catch((error: unknown) => log.error('the keys that sign ID tokens could not be read', { error }));
  };
  const keepHouse = async () => {
    await purgeExpired(store);
    await renewKeys(store, secret, options.keyRotationDays ?? 0, log);
    takeUpKeys();
  };
  const timer = setInterval(() => {
    keepHouse().catch((error: unknown) => log.warn('expired sign-in state could not be removed', { error }));
  }, purgeMilliseconds).unref();

  const nonceKey = secret.derive('dpop nonces');
  const confirm = confirmer(store.db, new URL(publicUrl).origin, nonceKey);
  const personAccess = personAccessOf(store.db, base, options.veils);
  const judge = authenticator(store.db, base, (resource) => extract(resource, { base }), confirm, options.veils);
  const origins = registeredOrigins(store.db);
  const brands = await publishBrands(store.db, options.brand ?? { name: 'LIVEDOC' }, publicUrl);
  const watch = hear(options, [judge.cache, origins], takeUpKeys);

  const factors: FactorDeps = {
    store,
    secret,
    rp: relyingPartyOf(publicUrl),
    roles: options.secondFactorRoles ?? defaultFactorRoles,
    now: () => new Date(),
  };

  const trustedHosts = options.trustedKeyHosts ?? [];
  const federation = openFederation({ store, secret, publicUrl, trustedHosts, log });
  const { validate = () => [], integrity } = options.rules ?? {};
  const accounts = { store, secret, validate, integrity, now: () => new Date(), base, log };

  return {
    issuer,
    factors,
    federation,
    personAccess,
    launcher: launcherOf({ store, base, log, personAccess, pageKey: secret.derive('pages') }),
    serve(pages) {
      const make = providerMaker(options, { issuer, base, nonceKey, factors, federation, personAccess }, pages);
      const provider = make(firstKeys);
      const rotating = rotatingProvider(make, { provider, keys: firstKeys }, () => signingKeys(store.db, secret));
      reloadKeys = rotating.reload;
      return {
        listener: pinned(publicUrl, rotating.listener),
        interactions: interactionsOf(
          { provider, store, secret, base, factors, log, personAccess },
          { accounts, publicUrl, upstream: federation.deps.upstream },
        ),
        browser: browserSessionsOf({ provider, store, secret, issuer }),
      };
    },
    authenticate: judge.authenticate,
    later: { ticketOf: judge.ticketOf, resume: judge.resume },
    forget: () => judge.cache.clear(),
    ...registrationOf(options, issuer),
    smartConfiguration: () => smartConfiguration(publicUrl, brands, options.registration !== undefined),
    brands,
    applications: applicationsIn(store),
    accounts: { store, secret },
    allowsOrigin: (origin) => origins.allows(origin),
    purge: () => purgeExpired(store),
    async close() {
      clearInterval(timer);
      await watch?.close();
    },
  };
}
