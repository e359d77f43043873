-- Hospital identity providers, who of theirs is whom of ours, sign-ins with them under way, and the sessions these led to.

create table identity_provider (
  id text primary key check (id ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
  -- What discovery must say, and with the subject what names a person for good.
  issuer text not null,
  settings jsonb not null,
  enabled boolean not null default true,
  -- The client secret or our private key there, sealed with a key of the data directory.
  sealed_secret bytea,
  -- The public halves of our keys there, the one that signs first.
  public_keys jsonb not null default '[]',
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);

-- Who a subject of an issuer is. It outlives the provider's row, so that setting a provider up anew gives nobody another account.
create table federated_identity (
  issuer text not null,
  subject text not null,
  user_id uuid not null references users (id) on delete cascade,
  linked_by text not null,
  linked_at timestamptz(3) not null default now(),
  last_used_at timestamptz(3),
  primary key (issuer, subject),
  -- A second subject for one account would be another person who was given the address of the first.
  unique (user_id, issuer)
);

-- Whom an administrator expects: the first to come with this identifier is linked to the account.
create table federated_expectation (
  provider_id text not null references identity_provider (id) on delete cascade,
  kind text not null check (kind in ('email', 'rpps', 'adeli')),
  value text not null,
  user_id uuid not null references users (id) on delete cascade,
  created_at timestamptz(3) not null default now(),
  primary key (provider_id, kind, value)
);

-- A sign-in that is away at the provider: the state's SHA-256, and sealed what is needed when it comes back.
create table federated_sign_in (
  state_hash text primary key,
  provider_id text not null references identity_provider (id) on delete cascade,
  sealed bytea not null,
  expires_at timestamptz(3) not null,
  used_at timestamptz(3)
);
create index federated_sign_in_expiry on federated_sign_in (expires_at);

-- A session of ours that began at a provider; the sign-in's hash until the session is there.
create table federated_session (
  sign_in_hash text primary key,
  session_uid text,
  provider_id text not null references identity_provider (id) on delete cascade,
  user_id uuid not null references users (id) on delete cascade,
  issuer text not null,
  subject text not null,
  sid text,
  sealed_id_token bytea,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null
);
create index federated_session_uid on federated_session (session_uid) where session_uid is not null;
create index federated_session_subject on federated_session (issuer, subject);
create index federated_session_expiry on federated_session (expires_at);
create index federated_session_user on federated_session (user_id);

-- Logout tokens that were used.
create table federated_logout (
  issuer text not null,
  jti text not null,
  expires_at timestamptz(3) not null,
  primary key (issuer, jti)
);
create index federated_logout_expiry on federated_logout (expires_at);
