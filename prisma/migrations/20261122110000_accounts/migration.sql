-- Accounts, the state of OpenID Connect and OAuth, our keys, and the count of failed sign-ins.

create type role as enum ('MEDECIN', 'PERSONNEL', 'ADMINISTRATEUR');
create type status as enum ('ACTIVE', 'INACTIVE', 'SUSPENDED');

create table users (
  id uuid primary key,
  -- Always in lower case, so that the unique key is case-insensitive without an extension.
  email text not null unique check (email = lower(email)),
  password_hash text not null,
  nom text not null,
  prenom text not null,
  role role not null,
  status status not null default 'ACTIVE',
  practitioner_id text not null unique,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  last_login timestamptz(3)
);

create table oauth_client (
  client_id text primary key,
  name text not null,
  kind text not null check (kind in ('public', 'confidential', 'backend')),
  -- SHA-256 of a random secret of 256 bits; a confidential client has this or a key.
  secret_hash text,
  jwks jsonb,
  jwks_uri text,
  redirect_uris text[] not null default '{}',
  post_logout_redirect_uris text[] not null default '{}',
  launch_url text,
  -- What the client may be granted at most.
  scope text not null,
  created_at timestamptz(3) not null default now(),
  disabled_at timestamptz(3),
  check (not (jwks is not null and jwks_uri is not null))
);

-- Sessions, interactions, grants, codes and tokens. The id is a SHA-256, so no bearer value is in the database.
create table oidc_model (
  model text not null,
  id_hash text not null,
  payload jsonb not null,
  grant_id text,
  user_code text,
  uid text,
  account_id text,
  client_id text,
  consumed_at timestamptz,
  expires_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (model, id_hash)
);
create index oidc_model_grant on oidc_model (grant_id) where grant_id is not null;
create unique index oidc_model_session on oidc_model (uid) where model = 'Session';
create unique index oidc_model_user_code on oidc_model (user_code) where user_code is not null;
create index oidc_model_account on oidc_model (account_id) where account_id is not null;
create index oidc_model_client on oidc_model (client_id) where client_id is not null;
create index oidc_model_expiry on oidc_model (expires_at);

-- Keys that sign ID tokens; the private half is sealed with a key of the data directory.
create table oauth_key (
  kid text primary key,
  public_jwk jsonb not null,
  sealed_private_jwk bytea not null,
  -- The one that signs; the others are still published.
  current boolean not null,
  created_at timestamptz(3) not null default now()
);
create unique index oauth_key_current on oauth_key (current) where current;

-- Failed sign-ins and other forms, by a hash of what is counted (account, address, both).
create table attempt (
  key text primary key,
  failures integer not null,
  blocked_until timestamptz,
  last_at timestamptz not null default now()
);
create index attempt_last on attempt (last_at);
