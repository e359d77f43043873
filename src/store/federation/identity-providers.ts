/** The hospital identity providers that people may sign in with. */
import type { Database } from '../store.ts';

export interface StoredIdentityProvider {
  readonly id: string;
  readonly issuer: string;
  /** As `auth` keeps them; nothing in them is secret. */
  readonly settings: unknown;
  readonly enabled: boolean;
  /** Encrypted by `auth`: the client secret, or our private key there as JSON. */
  readonly sealedSecret: Uint8Array | null;
  /** Public JWKs, the one that signs first. */
  readonly publicKeys: readonly Readonly<Record<string, unknown>>[];
  readonly updatedAt: Date;
}

const columns = `id, issuer, settings, enabled, sealed_secret as "sealedSecret", public_keys as "publicKeys",
  updated_at as "updatedAt"`;

export async function findIdentityProvider(db: Database, id: string): Promise<StoredIdentityProvider | undefined> {
  const [row] = await db.query<StoredIdentityProvider>({
    name: 'identity-provider',
    text: `select ${columns} from identity_provider where id = $1`,
    values: [id],
  });
  return row;
}

/** All of them by id, the disabled ones too. */
export async function listIdentityProviders(db: Database): Promise<readonly StoredIdentityProvider[]> {
  return db.query<StoredIdentityProvider>({
    name: 'identity-providers',
    text: `select ${columns} from identity_provider order by id`,
  });
}

/** Adds it or takes the place of the one with its id; answers whether it is new. */
export async function saveIdentityProvider(
  db: Database,
  provider: Omit<StoredIdentityProvider, 'updatedAt'>,
): Promise<boolean> {
  const [row] = await db.query<{ isNew: boolean }>({
    text: `insert into identity_provider (id, issuer, settings, enabled, sealed_secret, public_keys)
      values ($1, $2, $3::jsonb, $4, $5, $6::jsonb)
      on conflict (id) do update set issuer = excluded.issuer, settings = excluded.settings,
        enabled = excluded.enabled, sealed_secret = excluded.sealed_secret, public_keys = excluded.public_keys,
        updated_at = greatest(now(), identity_provider.updated_at + interval '1 millisecond')
      returning xmax = 0 as "isNew"`,
    values: [
      provider.id,
      provider.issuer,
      JSON.stringify(provider.settings),
      provider.enabled,
      provider.sealedSecret,
      JSON.stringify(provider.publicKeys),
    ],
  });
  return row?.isNew ?? false;
}

/** Answers whether there was one. */
export async function removeIdentityProvider(db: Database, id: string): Promise<boolean> {
  const rows = await db.query({ text: 'delete from identity_provider where id = $1 returning 1', values: [id] });
  return rows.length === 1;
}
