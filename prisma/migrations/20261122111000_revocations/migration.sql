-- Says on a channel that what somebody may do has shrunk or changed, so that processes forget what they remember of it.

create function tell_revocation() returns trigger language plpgsql as $$
begin
  perform pg_notify('livedoc_revoked', tg_table_schema);
  return null;
end $$;

-- Sweeping away what had expired is no news, and neither is the end of an interaction or a code.
create function tell_removed_tokens() returns trigger language plpgsql as $$
begin
  if exists (select 1 from removed
             where model in ('AccessToken', 'ClientCredentials', 'Session') and expires_at > now()) then
    perform pg_notify('livedoc_revoked', tg_table_schema);
  end if;
  return null;
end $$;

create trigger oidc_model_removed after delete on oidc_model
  referencing old table as removed for each statement execute function tell_removed_tokens();

create trigger users_changed after update on users for each row
  when (row(old.status, old.role, old.practitioner_id, old.nom, old.prenom)
        is distinct from row(new.status, new.role, new.practitioner_id, new.nom, new.prenom))
  execute function tell_revocation();

create trigger oauth_client_changed after update on oauth_client for each row
  when (row(old.disabled_at, old.name) is distinct from row(new.disabled_at, new.name))
  execute function tell_revocation();
