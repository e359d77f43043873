/** The devices and keys that accounts have as second factor. */
import type { Database } from '../store.ts';

interface Common {
  readonly id: string;
  readonly userId: string;
  /** What its owner calls it. */
  readonly name: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

interface TotpFactor extends Common {
  readonly kind: 'totp';
  readonly sealedSecret: Uint8Array;
  /** The last time step whose code was taken. */
  readonly lastStep: number;
}

export interface WebauthnFactor extends Common {
  readonly kind: 'webauthn';
  /** base64url */
  readonly credentialId: string;
  /** COSE */
  readonly publicKey: Uint8Array;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly isCopied: boolean;
}

export type Factor = TotpFactor | WebauthnFactor;

type Without<T> = T extends unknown ? Omit<T, 'createdAt' | 'lastUsedAt'> : never;
export type NewFactor = Without<Factor>;

// A bigint would arrive as text.
const columns = `id, user_id as "userId", kind, name, created_at as "createdAt", last_used_at as "lastUsedAt",
  sealed_secret as "sealedSecret", last_step::float8 as "lastStep", credential_id as "credentialId",
  public_key as "publicKey", counter::float8 as "counter", transports, is_copied as "isCopied"`;

/** Oldest first. */
export async function listFactors(db: Database, userId: string): Promise<readonly Factor[]> {
  return db.query<Factor>({
    name: 'factor-list',
    text: `select ${columns} from second_factor where user_id::text = $1 order by created_at, id`,
    values: [userId],
  });
}

export async function hasFactors(db: Database, userId: string): Promise<boolean> {
  const rows = await db.query({
    name: 'factor-has',
    text: 'select 1 from second_factor where user_id::text = $1 limit 1',
    values: [userId],
  });
  return rows.length > 0;
}

/** Answers whether it was added: not when it is there already, or `most` of the account are. */
export async function insertFactor(db: Database, factor: NewFactor, most: number): Promise<boolean> {
  const { id, userId, kind, name } = factor;
  const totp = kind === 'totp' ? [factor.sealedSecret, factor.lastStep] : [null, null];
  const webauthn =
    kind === 'webauthn'
      ? [factor.credentialId, factor.publicKey, factor.counter, factor.transports, factor.isCopied]
      : [null, null, null, [], false];
  const rows = await db.query({
    text: `insert into second_factor
        (id, user_id, kind, name, last_used_at, sealed_secret, last_step, credential_id, public_key, counter, transports, is_copied)
      select $1, $2, $3, $4, case when $3 = 'totp' then now() end, $5, $6, $7, $8, $9, $10, $11
      where (select count(*) from second_factor where user_id = $2::uuid) < $12::int
      on conflict do nothing returning 1`,
    values: [id, userId, kind, name, ...totp, ...webauthn, most],
  });
  return rows.length === 1;
}

/** Answers whether the account had it. */
export async function removeFactor(db: Database, userId: string, id: string): Promise<boolean> {
  const rows = await db.query({
    text: 'delete from second_factor where user_id::text = $1 and id::text = $2 returning 1',
    values: [userId, id],
  });
  return rows.length === 1;
}

/** Takes every factor and recovery code of the account away; answers how many factors there were. */
export async function removeAllFactors(db: Database, userId: string): Promise<number> {
  await db.query({ text: 'delete from recovery_code where user_id::text = $1', values: [userId] });
  const rows = await db.query({
    text: 'delete from second_factor where user_id::text = $1 returning 1',
    values: [userId],
  });
  return rows.length;
}

/** Answers whether this call took the code of that time step: of many at once, in any number of processes, one does. */
export async function takeStep(db: Database, id: string, step: number): Promise<boolean> {
  const rows = await db.query({
    name: 'factor-take-step',
    text: `update second_factor set last_step = $2::float8::bigint, last_used_at = now()
      where id::text = $1 and last_step < $2::float8::bigint returning 1`,
    values: [id, step],
  });
  return rows.length === 1;
}

/**
 * Answers whether the key's counter has moved on, or is one that never does (WebAuthn 7.2, step 22): a counter that goes
 * back is the sign of a copied key.
 */
export async function takeCounter(db: Database, id: string, counter: number): Promise<boolean> {
  const rows = await db.query({
    name: 'factor-take-counter',
    text: `update second_factor set counter = $2::float8::bigint, last_used_at = now()
      where id::text = $1 and (counter < $2::float8::bigint or (counter = 0 and $2::float8 = 0)) returning 1`,
    values: [id, counter],
  });
  return rows.length === 1;
}
