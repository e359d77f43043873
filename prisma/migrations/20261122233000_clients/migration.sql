-- Clients that wait for an administrator, how a client proves itself and holds its tokens, key sets by URL, keys of ours that follow one another.

alter table oauth_client
  -- Absent: what follows from the kind, the secret and the keys.
  add column auth_method text check (auth_method in ('none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt',
    'tls_client_auth', 'self_signed_tls_client_auth')),
  add column signing_alg text,
  -- The one member tls_client_auth_* by which the subject of its certificate is known (RFC 8705, 2.1.2).
  add column tls_subject jsonb,
  -- Its tokens are bound to a key (RFC 9449) or to its certificate (RFC 8705).
  add column dpop boolean not null default false,
  add column mtls boolean not null default false,
  -- Its authorization requests are pushed (RFC 9126); all of FAPI 2.0.
  add column par boolean not null default false,
  add column fapi boolean not null default false,
  -- What RFC 7591 lets a client say of itself for people to read: client_uri, contacts, ...
  add column about jsonb not null default '{}',
  -- Absent while a client that registered itself waits for an administrator.
  add column approved_at timestamptz(3) default now(),
  -- SHA-256 of the token by which it may read and change its own registration (RFC 7592).
  add column registration_hash text,
  add column updated_at timestamptz(3) not null default now(),
  add check (not (dpop and mtls));
create index oauth_client_waiting on oauth_client (created_at) where approved_at is null;

-- The last good copy of each key set that a client has by URL, for all processes and for when the URL is down.
create table client_jwks (
  url text primary key,
  jwks jsonb,
  -- How long the answer may be used without asking again, as its own cache-control said.
  fresh_until timestamptz(3) not null default '-infinity',
  -- How long it may be used while the URL is down.
  stale_until timestamptz(3) not null default '-infinity',
  tried_at timestamptz(3) not null default '-infinity',
  -- What was wrong at the last try, for the administrator.
  problem text
);

-- When a key stopped signing; it stays published until what it has signed has expired.
alter table oauth_key add column retired_at timestamptz(3);

create function tell_keys() returns trigger language plpgsql as $$
begin
  perform pg_notify('livedoc_revoked', tg_table_schema || ' keys');
  return null;
end $$;
create trigger oauth_key_changed after insert or update or delete on oauth_key
  for each row execute function tell_keys();
