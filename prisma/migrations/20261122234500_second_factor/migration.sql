-- The second factor of accounts: devices that make codes, keys, recovery codes; challenges and half-done sign-ins.

create table second_factor (
  id uuid primary key,
  user_id uuid not null references users on delete cascade,
  kind text not null check (kind in ('totp', 'webauthn')),
  -- What its owner calls it.
  name text not null check (char_length(name) between 1 and 64),
  created_at timestamptz(3) not null default now(),
  last_used_at timestamptz(3),
  -- RFC 6238: the secret, sealed with a key of the data directory, and the last time step whose code was taken.
  sealed_secret bytea,
  last_step bigint,
  -- WebAuthn: base64url; COSE; how often the key says it has signed.
  credential_id text unique,
  public_key bytea,
  counter bigint,
  transports text[] not null default '{}',
  -- Whether the key may be copied to other devices (a passkey of an account), which makes it software to RFC 8176.
  is_copied boolean not null default false,
  check (kind <> 'totp' or (sealed_secret is not null and last_step is not null)),
  check (kind <> 'webauthn' or (credential_id is not null and public_key is not null and counter is not null))
);
create index second_factor_user on second_factor (user_id);

-- Each good for one sign-in; only a keyed hash is kept.
create table recovery_code (
  user_id uuid not null references users on delete cascade,
  code_hash text not null,
  used_at timestamptz(3),
  primary key (user_id, code_hash)
);

-- What a key has been asked to sign; taken away by the first answer to it.
create table factor_challenge (
  challenge_hash text primary key,
  user_id uuid not null references users on delete cascade,
  -- What the answer is for and whose: registering or proving, in this session or this sign-in.
  purpose text not null,
  expires_at timestamptz(3) not null
);
create index factor_challenge_expiry on factor_challenge (expires_at);

-- A sign-in whose first factor was right. No session exists before the second one.
create table half_sign_in (
  -- SHA-256 of the interaction's uid.
  interaction_hash text primary key,
  user_id uuid not null references users on delete cascade,
  -- Authentication methods so far, RFC 8176.
  amr text[] not null,
  -- When the first factor was right, for auth_time.
  auth_time timestamptz(3) not null,
  -- When the second factor was right too and only the recovery codes are being read.
  is_done boolean not null default false,
  expires_at timestamptz(3) not null
);
create index half_sign_in_expiry on half_sign_in (expires_at);
