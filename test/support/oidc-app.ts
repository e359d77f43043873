/** The OpenID provider and its pages on a port of their own, with accounts; one resource route shows what a token gives. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { afterAll, beforeAll } from 'vitest';
import { type AccountDeps, addUser, type NewUser } from '../../src/auth/accounts.ts';
import { type Auth, openAuth } from '../../src/auth/open-auth.ts';
import { openSecret, type Secret } from '../../src/auth/secret.ts';
import { credentialsOf } from '../../src/http/credentials.ts';
import { problemReply } from '../../src/http/errors.ts';
import { oidc } from '../../src/http/oidc.ts';
import { FhirError } from '../../src/shared/errors.ts';
import { silent } from '../../src/shared/logger.ts';
import type { OpenStore } from '../../src/store/open.ts';
import { withStore } from './store.ts';

export interface OidcApp {
  readonly origin: string;
  readonly auth: Auth;
  readonly store: OpenStore;
  readonly accounts: AccountDeps;
  readonly dataDir: string;
  readonly secret: Secret;
  /** Says what the server answers at /keys (with whatever query), as a hospital's system would with its JWKS. */
  publishKeys(status: number, body: unknown, headers?: Readonly<Record<string, string>>): void;
  /** How often somebody asked for that. */
  keysAsked(): number;
}

export const password = 'un mot de passe assez long';

export const medecin: NewUser = {
  email: 'claire@hopital.fr',
  role: 'MEDECIN',
  nom: 'Petit',
  prenom: 'Claire',
  password,
};

async function listen(server: Server, hostName: string): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://${hostName}:${(server.address() as AddressInfo).port}`;
}

/** Answers what the token's owner may do with Patients, or the error's status. */
function resourceRoute(app: express.Express, auth: Auth): void {
  app.get('/fhir/Patient', async (request, response) => {
    try {
      const access = await auth.authenticate(credentialsOf(request));
      const letters = (['c', 'r', 'u', 'd', 's'] as const).filter((letter) => access.may(letter, 'Patient'));
      response.json({ letters: letters.join(''), caller: access.caller });
    } catch (error) {
      if (!(error instanceof FhirError)) throw error;
      const { headers } = problemReply(error, request.headers.authorization, '');
      response.status(error.status).set(headers).json({ message: error.message });
    }
  });
}

/** Called at the top of a test file, `hostName` being what 127.0.0.1 is called: a server on a fresh database that also trusts these hosts, with one physician (`medecin`). */
export function withOidcApp(hostName = '127.0.0.1', trusted: readonly string[] = []): { readonly app: OidcApp } {
  const database = withStore();
  const server = createServer();
  let app: OidcApp | undefined;
  beforeAll(async () => {
    const { store } = database;
    const origin = await listen(server, hostName);
    const dataDir = await mkdtemp(join(tmpdir(), 'livedoc-secret-'));
    const secret = await openSecret(dataDir);
    const host = new URL(origin).host;
    const auth = await openAuth({ store, secret, publicUrl: origin, trustedKeyHosts: [host, ...trusted], log: silent });
    const accounts = { store, secret, validate: () => [], now: () => new Date(), base: `${origin}/fhir`, log: silent };
    await addUser(accounts, medecin);
    const web = express();
    let keys: { status: number; body: unknown; headers: Readonly<Record<string, string>> };
    keys = { status: 404, body: {}, headers: {} };
    let asked = 0;
    web.disable('etag');
    web.get('/keys', (_request, response) => {
      asked += 1;
      response.status(keys.status).set(keys.headers).json(keys.body);
    });
    web.use(oidc({ auth, log: silent }));
    resourceRoute(web, auth);
    server.on('request', web);
    const publishKeys: OidcApp['publishKeys'] = (status, body, headers = {}) => {
      keys = { status, body, headers };
    };
    app = { origin, auth, store, accounts, dataDir, secret, publishKeys, keysAsked: () => asked };
  });
  afterAll(async () => {
    await app?.auth.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    if (app) await rm(app.dataDir, { recursive: true });
  });
  return {
    get app() {
      if (!app) throw new Error('The server is not up yet.');
      return app;
    },
  };
}
