-- Exact totals are counted once and then kept up by what has changed since (src/store/search/tally.ts).

-- What was superseded since a snapshot.
CREATE INDEX stale_xid ON stale (xid);

-- Transactions that gave stored versions other search rows: what was counted before they were seen is counted anew. The janitor
-- takes away what is older than anything that is kept up.
CREATE TABLE search_rewrite (
  xid xid8        NOT NULL DEFAULT pg_current_xact_id(),
  at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX search_rewrite_xid ON search_rewrite (xid);
