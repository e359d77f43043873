-- What persons have decided about applications, so that they are not asked the same twice and can take it back; and when
-- the published brands last changed.

create table app_consent (
  user_id uuid not null references users (id) on delete cascade,
  client_id text not null references oauth_client (client_id) on delete cascade,
  -- Scopes, with spaces between them: what the decision was about, and what was given of it (or narrower).
  asked text not null,
  given text not null,
  decided_at timestamptz(3) not null default now(),
  -- When the application last got a token by it.
  last_used_at timestamptz(3),
  primary key (user_id, client_id)
);
create index app_consent_client on app_consent (client_id);

-- One row: the hash of what is published, and since when.
create table published_brands (
  id boolean primary key default true check (id),
  hash text not null,
  changed_at timestamptz(3) not null
);
