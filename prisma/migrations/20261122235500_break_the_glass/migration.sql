-- Break-the-glass: who opened whose closed record, why, until when, and what was thought of it afterwards; and the news by
-- which processes keep the rules of Consents and labels in memory.

create table break_glass (
  id             uuid primary key,
  user_id        uuid not null references users (id),
  -- Id of the Patient. No foreign key: the trace outlives the record.
  patient        text not null,
  reason         text not null,
  explanation    text not null,
  client_name    text not null,
  address        text,
  opened_at      timestamptz(3) not null default now(),
  expires_at     timestamptz(3) not null check (expires_at > opened_at),
  ended_at       timestamptz(3),
  -- Who ended it before its time; null: nobody, it expired or is open.
  ended_by       uuid references users (id),
  verdict        text check (verdict in ('justified', 'not-justified', 'follow-up')),
  comment        text,
  reviewed_by    uuid references users (id),
  reviewed_at    timestamptz(3),
  check (reviewed_by is null or reviewed_by <> user_id),
  check ((verdict is null) = (reviewed_by is null))
);

create index break_glass_open on break_glass (user_id) where ended_at is null;
create index break_glass_of_user on break_glass (user_id, opened_at desc);
create index break_glass_newest on break_glass (opened_at desc, id);
create index break_glass_to_review on break_glass (opened_at) where verdict is null or verdict = 'follow-up';
-- One at a time for a person and a patient: asking again while it is open is refused, also by two requests at once.
create unique index break_glass_once on break_glass (user_id, patient) where ended_at is null;

create trigger break_glass_changed after insert or update on break_glass for each row
  execute function tell_revocation();

-- Consents, and what their actors stand for. rtype is the 32-bit hash of the type's name (src/store/keys.ts).
create trigger restriction_changed after insert or update on resource for each row
  when (new.rtype in (
     93923727, -- Consent
  -1822477028, -- PractitionerRole
   1368544686, -- Organization
   1806473285, -- CareTeam
    387581446, -- Group
  -1515763091 -- Device
  ))
  execute function tell_change();

-- Labels that close a resource, on whichever type: the channel's payload names them as `label/Type/id`.
create function tell_label() returns trigger language plpgsql as $$
begin
  perform pg_notify('livedoc_changed', tg_table_schema || ' label/' || new.ref);
  return null;
end $$;

create trigger label_given after insert on resource for each row
  when (position('v3-Confidentiality' in new.body) > 0 or position('CodeSystem/restriction' in new.body) > 0)
  execute function tell_label();

create trigger label_changed after update on resource for each row
  when (position('v3-Confidentiality' in new.body) > 0 or position('CodeSystem/restriction' in new.body) > 0
    or position('v3-Confidentiality' in old.body) > 0 or position('CodeSystem/restriction' in old.body) > 0)
  execute function tell_label();
