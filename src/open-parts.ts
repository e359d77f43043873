/** The parts that the server and every command share: database, secret, validation, and how to close them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSecret, type Secret } from './auth/secret.ts';
import type { Config } from './config.ts';
import { type Catalogue, openCatalogue } from './fhir/catalogue/open-catalogue.ts';
import { createIntegrity } from './fhir/integrity/integrity.ts';
import { type Integrity, modesOf } from './fhir/integrity/policy.ts';
import { readPolicy } from './fhir/validation/policy.ts';
import type { Validate } from './fhir/validation/validate.ts';
import { createValidation, type Validation } from './fhir/validation/validator.ts';
import { profile } from './livedoc/canonical.ts';
import type { Logger } from './shared/logger.ts';
import { startEmbedded } from './store/embedded.ts';
import { type OpenStore, openStore } from './store/open.ts';

/** The folder that has package.json, models, profiles and migrations. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** The release, of package.json. */
export const version = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;

/** What was opened, to be closed in the opposite order; one failure does not keep the rest open. */
export class Closers {
  readonly #steps: { readonly name: string; readonly close: () => Promise<void> | void }[] = [];

  add(name: string, close: () => Promise<void> | void): void {
    this.#steps.push({ name, close });
  }

  async close(log: Logger): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step.close();
        log.debug('closed', { part: step.name });
      } catch (error) {
        log.error('a part could not be closed', { part: step.name, error });
      }
    }
  }
}

export interface Parts {
  readonly store: OpenStore;
  readonly secret: Secret;
  readonly validation: Validation;
  /** That of `validation`. */
  readonly validate: Validate;
  /** What can be searched by, kept as it is now. */
  readonly catalogue: Catalogue;
  /** Which references have to resolve. */
  readonly integrity: Integrity;
  readonly databaseUrl: string;
  /** The FHIR base. */
  readonly base: string;
}

/** PostgreSQL takes a hundred connections unless told otherwise; listeners and administration need some besides. */
const sharedConnections = 48;

/** Connections of one process: as many as keep it busy, but of all processes together no more than PostgreSQL has. */
function connectionsOf({ workers }: Config): number {
  return Math.min(10, Math.max(5, Math.floor(sharedConnections / Math.max(1, workers))));
}

/** Starts or attaches to PostgreSQL and opens what stands on it; what was opened is closed by `closers`. */
export async function openParts(config: Config, closers: Closers, log: Logger): Promise<Parts> {
  let databaseUrl = config.DATABASE_URL;
  if (!databaseUrl) {
    const embedded = await startEmbedded({ dataDir: config.LIVEDOC_DATA_DIR, log });
    closers.add('postgresql', () => embedded.stop());
    databaseUrl = embedded.url;
  }
  const store = await openStore({
    databaseUrl,
    schema: config.LIVEDOC_SCHEMA,
    queryTimeoutSeconds: config.LIVEDOC_QUERY_TIMEOUT_S,
    connections: connectionsOf(config),
    log,
  });
  closers.add('store', () => store.close());
  const catalogue = await openCatalogue({ store, log });
  closers.add('catalogue', () => catalogue.close());
  const { LIVEDOC_PROFILES: profiles } = config;
  const validation = createValidation({
    profilesFolder: join(root, 'fhir-profiles'),
    ...(profiles === undefined ? {} : { policy: readPolicy(profiles) }),
  });
  return {
    store,
    catalogue,
    databaseUrl,
    validation,
    secret: await openSecret(config.LIVEDOC_DATA_DIR),
    validate: validation.validate,
    integrity: createIntegrity({ own: profile(''), modes: modesOf(config.LIVEDOC_REFERENTIAL_INTEGRITY) }),
    base: `${config.publicUrl}/fhir`,
  };
}
