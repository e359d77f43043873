/** The whole HTTP application on a free port with a store of its own, for one test file. */
import { resolve } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { systemAccess } from '../../src/auth/system-access.ts';
import { type Catalogue, openCatalogue } from '../../src/fhir/catalogue/open-catalogue.ts';
import { createIntegrity } from '../../src/fhir/integrity/integrity.ts';
import type { Policy } from '../../src/fhir/integrity/policy.ts';
import { type OpenTerminology, openTerminology } from '../../src/fhir/terminology/open-terminology.ts';
import { followDefinitions } from '../../src/fhir/validation/posted-definitions.ts';
import { createValidation } from '../../src/fhir/validation/validator.ts';
import { type AppDeps, createApp } from '../../src/http/app.ts';
import { type Listening, listen } from '../../src/http/listen.ts';
import { profile } from '../../src/livedoc/canonical.ts';
import { FhirError } from '../../src/shared/errors.ts';
import { silent } from '../../src/shared/logger.ts';
import type { OpenStore } from '../../src/store/open.ts';
import { withStore } from './store.ts';

/** What a test may want otherwise. Without `authenticate`, any token is the server's own access, and none is refused. */
export type ServerOptions = Partial<
  Pick<
    AppDeps,
    | 'authenticate'
    | 'limits'
    | 'now'
    | 'log'
    | 'ready'
    | 'routers'
    | 'allowsOrigin'
    | 'validate'
    | 'answers'
    | 'conditionalDelete'
    | 'integrity'
    | 'ticketOf'
  >
> & { readonly queryTimeoutSeconds?: number };

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text as JSON, which the test says to be a T. */
  as<T>(): T;
}

export interface TestServer {
  readonly store: OpenStore;
  /** What can be searched by; new parameters are not, until a test reindexes. */
  readonly catalogue: Catalogue;
  readonly databaseUrl: string;
  readonly schema: string;
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  /** The FHIR base. */
  readonly base: string;
  /** A request below the FHIR base (or to a whole URL) with a token; an object as body is sent as FHIR JSON. */
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
}

interface RequestOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What an installation has unless it sets something else. */
const defaultPolicy: Policy = { own: profile(''), modes: { livedoc: 'enforce', '*': 'warn' } };

const token: AppDeps['authenticate'] = ({ authorization, address, requestId }) => {
  if (authorization === undefined) {
    return Promise.reject(new FhirError('unauthenticated', 'This needs an access token.'));
  }
  const access = systemAccess('test');
  const caller = { ...access.caller, requestId, ...(address === undefined ? {} : { address }) };
  return Promise.resolve({ ...access, caller });
};

const profilesFolder = resolve('fhir-profiles');

/** Called at the top of a test file. */
export function withServer({ queryTimeoutSeconds, ...options }: ServerOptions = {}): TestServer {
  const opened = withStore(silent, queryTimeoutSeconds);
  let listening: Listening;
  let following: { close(): Promise<void> };
  let terminology: OpenTerminology;
  let catalogue: Catalogue;
  let origin = '';
  beforeAll(async () => {
    // The base is part of the deps, and the port of the base: the listener comes after the port is known.
    let answer: ReturnType<typeof createApp> | undefined;
    listening = await listen((request, response) => answer?.(request, response), { host: '127.0.0.1', port: 0 });
    origin = `http://127.0.0.1:${listening.port}`;
    const validation = createValidation({ profilesFolder });
    following = await followDefinitions({ store: opened.store, put: validation.put, log: silent });
    catalogue = await openCatalogue({ store: opened.store, log: silent });
    terminology = await openTerminology({ store: opened.store, folder: profilesFolder });
    answer = createApp({
      store: opened.store,
      terminology,
      parameters: catalogue.parameters,
      validate: validation.validate,
      validateDeep: validation.validateDeep,
      profilesOf: validation.profilesOf,
      authenticate: token,
      base: `${origin}/fhir`,
      now: () => new Date(),
      log: silent,
      limits: { body: 16 * 1024 * 1024 },
      pageKey: new Uint8Array(32).fill(7),
      integrity: createIntegrity(defaultPolicy),
      version: 'test',
      ready: () => Promise.resolve({ database: undefined }),
      routers: {},
      ...options,
    });
  });
  afterAll(async () => {
    await listening?.close({ drainSeconds: 5 });
    await following?.close();
    await terminology?.close();
    await catalogue?.close();
  });
  return {
    get store() {
      return opened.store;
    },
    get databaseUrl() {
      return opened.databaseUrl;
    },
    get schema() {
      return opened.schema;
    },
    get catalogue() {
      return catalogue;
    },
    get origin() {
      return origin;
    },
    get base() {
      return `${origin}/fhir`;
    },
    request: (method, path, given) => send(method, path.startsWith('http') ? path : `${origin}/fhir${path}`, given),
  };
}

async function send(method: string, url: string, { body, headers = {} }: RequestOptions = {}): Promise<Answer> {
  const isForm = body instanceof URLSearchParams;
  const isRaw = isForm || typeof body === 'string' || body instanceof Uint8Array;
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    headers: {
      authorization: 'Bearer test',
      ...(body === undefined || isForm ? {} : { 'content-type': 'application/fhir+json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isRaw ? (body as string) : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, as: <T>() => JSON.parse(text) as T };
}
