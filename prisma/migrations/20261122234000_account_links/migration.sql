-- How a person comes to a password of their own: by a link of one use; which ones they had; where they are signed in.

-- Without one: invited and not come yet, or signed in by the hospital's identity provider.
alter table users alter column password_hash drop not null;
-- When the person asked for a new password and no administrator has answered yet.
alter table users add column reset_asked_at timestamptz(3);

-- The passwords that a person had before, so that none comes back.
create table former_password (
  user_id uuid not null references users (id) on delete cascade,
  set_at timestamptz not null default now(),
  password_hash text not null,
  primary key (user_id, set_at)
);

create table account_link (
  -- SHA-256, base64url, of 256 random bits.
  token_hash text primary key,
  user_id uuid not null references users (id) on delete cascade,
  purpose text not null check (purpose in ('invitation', 'reset')),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);
create index account_link_user on account_link (user_id);
create index account_link_expiry on account_link (expires_at);

-- What a browser's session looked like when it was seen; the session itself is the provider's.
create table browser_session (
  uid text primary key,
  user_id uuid not null references users (id) on delete cascade,
  user_agent text not null,
  address text not null,
  first_seen timestamptz not null default now(),
  last_seen timestamptz not null default now()
);
create index browser_session_user on browser_session (user_id);
