-- A client that is new or has changed changes which origins may read answers in a browser: processes forget what they know
-- of them.

create trigger oauth_client_written after insert or update on oauth_client
  for each statement execute function tell_revocation();
