-- What an application was launched with (SMART App Launch, launch context), and the handles by which an EHR hands it over.

create table launch_context (
  -- The OAuth grant: its codes and tokens have this context, those of another launch another one.
  grant_id text primary key,
  patient text,
  encounter text,
  fhir_context jsonb,
  need_patient_banner boolean not null default true,
  -- Null: this server's own.
  smart_style_url text,
  intent text,
  tenant text,
  user_id uuid not null,
  -- The client that made the launch, or null when the person chose the context.
  created_by text,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index launch_context_expiry on launch_context (expires_at);

create table launch_handle (
  -- SHA-256 of the handle: whoever reads the table can launch nothing.
  id_hash text primary key,
  client_id text not null,
  user_id uuid not null,
  patient text not null,
  encounter text,
  fhir_context jsonb,
  need_patient_banner boolean not null,
  smart_style_url text,
  intent text,
  tenant text,
  created_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  -- First brought to the authorization endpoint: a sign-in that was begun in time may end later.
  presented_at timestamptz,
  -- The one grant that has it.
  grant_id text
);
create index launch_handle_expiry on launch_handle (expires_at);
