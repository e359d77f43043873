/** The whole HTTP server in this process, joined as `main` joins it, with a user of each role and a few patients. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Encounter, Observation, Patient, Resource } from '@medplum/fhirtypes';
import { afterAll, beforeAll } from 'vitest';
import { type AddedUser, addUser } from '../../src/auth/accounts.ts';
import { addClient, type NewClient, type RegisteredClient } from '../../src/auth/clients.ts';
import { systemAccess } from '../../src/auth/system-access.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { update } from '../../src/fhir/interactions/update.ts';
import { bodyOf } from '../../src/fhir/json/body.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { openHttpPart } from '../../src/http-part.ts';
import { Closers, openParts, type Parts } from '../../src/open-parts.ts';
import { openReceive } from '../../src/open-receive.ts';
import { silent } from '../../src/shared/logger.ts';
import type { UserRole } from '../../src/store/accounts/users.ts';
import { insertLaunchContext, type LaunchContext } from '../../src/store/launch/context.ts';
import { saveArtifact } from '../../src/store/oidc/save-artifact.ts';
import { makeDatabase } from './store.ts';

export const password = 'un mot de passe assez long';
const names = { MEDECIN: 'Claire Petit', PERSONNEL: 'Paul Moreau', ADMINISTRATEUR: 'Ada Roche' } as const;
export const emailOf = (role: UserRole) => `${role.toLowerCase()}@hopital.fr`;

const dossier = 'https://livedoc.health/fhir/sid/numero-dossier';

function aPatient(id: string, given: string, family: string, birthDate: string, numero: string): Patient {
  const type = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] };
  return {
    resourceType: 'Patient',
    id,
    active: true,
    identifier: [{ type, system: dossier, value: numero }],
    name: [{ use: 'official', family, given: [given] }],
    gender: 'female',
    birthDate,
  };
}

function anEncounter(id: string, patient: string, start: string): Encounter {
  return {
    resourceType: 'Encounter',
    id,
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB', display: 'ambulatory' },
    subject: { reference: `Patient/${patient}` },
    period: { start },
  };
}

function anObservation(id: string, patient: string, value: number): Observation {
  const category = { system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' };
  return {
    resourceType: 'Observation',
    id,
    status: 'final',
    category: [{ coding: [category] }],
    code: { coding: [{ system: 'http://loinc.org', code: '8867-4', display: 'Heart rate' }] },
    subject: { reference: `Patient/${patient}` },
    effectiveDateTime: '2026-11-20T10:00:00Z',
    valueQuantity: { value, unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' },
  };
}

/** What every server of this kind begins with. */
const seeds: readonly Resource[] = [
  aPatient('awa', 'Aïssatou', "N'Diaye", '1980-02-29', '2026-000101'),
  aPatient('elodie', 'Élodie', 'Lefèvre', '1975-07-14', '2026-000102'),
  aPatient('jean', 'Jeanne', 'Dupont', '1990-01-01', '2026-000103'),
  anEncounter('awa-1', 'awa', '2026-11-20T09:30:00Z'),
  anEncounter('awa-2', 'awa', '2026-11-21T09:30:00Z'),
  anEncounter('elodie-1', 'elodie', '2026-11-19T09:30:00Z'),
  anObservation('awa-pulse', 'awa', 72),
  anObservation('elodie-pulse', 'elodie', 81),
];

interface TokenOptions {
  readonly role?: UserRole;
  readonly scope: string;
  /** Of an existing client; otherwise one is made. */
  readonly clientId?: string;
  /** What it was launched with. */
  readonly context?: Partial<LaunchContext>;
  /** Another person than the one of the role. */
  readonly user?: string;
}

export interface SmartServer {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** The FHIR base. */
  readonly base: string;
  readonly parts: Parts;
  readonly config: Config;
  /** One user of each role; they sign in with `emailOf(role)` and `password`. */
  readonly users: Readonly<Record<UserRole, AddedUser>>;
  register(client: NewClient): Promise<RegisteredClient>;
  /** Stores a resource under its id, as the server itself. */
  put(resource: Resource): Promise<void>;
  /** An access token as a sign-in would have left it, without the sign-in: bcrypt takes its time. */
  token(options: TokenOptions): Promise<string>;
  /** A request with a token (or none) to a path below the FHIR base, or of the server when it begins with `/~`. */
  request(path: string, token?: string, init?: RequestInit): Promise<Response>;
}

const noContext: LaunchContext = {
  patient: null,
  encounter: null,
  fhirContext: null,
  needPatientBanner: true,
  smartStyleUrl: null,
  intent: null,
  tenant: null,
};

async function saveToken(parts: Parts, users: SmartServer['users'], options: TokenOptions): Promise<string> {
  const { role = 'MEDECIN', scope, context, user = users[role].id } = options;
  const { db } = parts.store;
  const redirectUris = ['http://localhost:9/callback'];
  const client: NewClient = { name: 'A test', kind: 'public', redirectUris, scope };
  const clientId = options.clientId ?? (await addClient(parts.store, client)).clientId;
  const grantId = randomBytes(16).toString('base64url');
  const id = randomBytes(32).toString('base64url');
  const common = { accountId: user, clientId };
  const seconds = Math.floor(Date.now() / 1000);
  const times = { iat: seconds, exp: seconds + 300 };
  await saveArtifact(db, {
    model: 'Grant',
    id: grantId,
    payload: { ...common, ...times, kind: 'Grant', jti: grantId, resources: { [parts.base]: scope } },
    expiresIn: 300,
  });
  const kind = 'AccessToken';
  const payload = { ...common, ...times, kind, jti: id, grantId, scope, aud: parts.base, extra: {} };
  await saveArtifact(db, { model: kind, id, payload, expiresIn: 300 });
  const launch = { ...noContext, ...context, grantId, userId: user, createdBy: null, expiresInSeconds: 300 };
  if (context) await insertLaunchContext(db, launch);
  return id;
}

async function addUsers(parts: Parts): Promise<SmartServer['users']> {
  const { store, secret, validate, base } = parts;
  const accounts = { store, secret, validate, base, now: () => new Date(), log: silent };
  const add = (role: UserRole) => {
    const [prenom = '', nom = ''] = names[role].split(' ');
    return addUser(accounts, { email: emailOf(role), role, nom, prenom, password });
  };
  const [MEDECIN, PERSONNEL, ADMINISTRATEUR] = await Promise.all([
    add('MEDECIN'),
    add('PERSONNEL'),
    add('ADMINISTRATEUR'),
  ]);
  return { MEDECIN, PERSONNEL, ADMINISTRATEUR };
}

interface Opened {
  readonly server: SmartServer;
  close(): Promise<void>;
}

async function open(settings: Readonly<Record<string, string>>): Promise<Opened> {
  const closers = new Closers();
  const database = await makeDatabase();
  closers.add('database', () => database.drop());
  const dataDir = await mkdtemp(join(tmpdir(), 'livedoc-smart-'));
  closers.add('folder', () => rm(dataDir, { recursive: true }));
  let answer: RequestListener = (_request, response) => response.writeHead(503).end();
  const http = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  closers.add('http', async () => {
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const config = loadConfig({
    DATABASE_URL: database.url,
    LIVEDOC_SCHEMA: database.schema,
    LIVEDOC_DATA_DIR: dataDir,
    LIVEDOC_PUBLIC_URL: origin,
    LIVEDOC_TRUSTED_KEY_HOSTS: new URL(origin).host,
    ...settings,
  });
  const parts = await openParts(config, closers, silent);
  const receive = await openReceive(config, parts, silent);
  answer = await openHttpPart({ config, parts, receive, metrics: createMetrics(), log: silent }, closers);
  const users = await addUsers(parts);
  const server = serverOf({ origin, parts, config, users });
  for (const resource of seeds) await server.put(resource);
  return { server, close: () => closers.close(silent) };
}

function serverOf(given: Pick<SmartServer, 'origin' | 'parts' | 'config' | 'users'>): SmartServer {
  const { origin, parts, users } = given;
  const { store, validate, base } = parts;
  const context = {
    store,
    validate,
    base,
    access: systemAccess('test'),
    now: () => new Date(),
    log: silent,
    parameters: parts.catalogue.parameters,
  };
  return {
    ...given,
    base,
    register: (client) => addClient(store, client),
    async put(resource) {
      const { resourceType: type, id = '' } = resource;
      await update(context, { type, id, body: bodyOf(resource) });
    },
    token: (options) => saveToken(parts, users, options),
    request(path, token, init = {}) {
      const url = path.startsWith('/~') ? `${origin}${path.slice(2)}` : `${base}${path}`;
      const headers = { ...init.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
      return fetch(url, { ...init, redirect: 'manual', headers });
    },
  };
}

/** Called at the top of a test file. `settings` are further environment variables of the server. */
export function withSmartServer(settings: Readonly<Record<string, string>> = {}): { readonly server: SmartServer } {
  let opened: Opened | undefined;
  beforeAll(async () => {
    opened = await open(settings);
  }, 60_000);
  afterAll(async () => {
    await opened?.close();
  }, 60_000);
  return {
    get server() {
      if (!opened) throw new Error('The server is not up yet.');
      return opened.server;
    },
  };
}
