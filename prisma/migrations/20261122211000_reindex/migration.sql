-- What resources are indexed by can change while the server runs: posted search parameters, or another release.

-- generation: the number of the state of all SearchParameter resources; whoever writes one takes the next, so that seeing a
-- number is seeing exactly the resources that made it. extractor: the release's way of reading resources that all current
-- versions were indexed by.
CREATE TABLE search_catalogue (
  one        boolean PRIMARY KEY DEFAULT true CHECK (one),
  generation bigint  NOT NULL,
  extractor  integer NOT NULL
);
INSERT INTO search_catalogue (generation, extractor)
  SELECT 1 + count(*), 0 FROM resource WHERE rtype = -265963894;

CREATE FUNCTION next_generation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE search_catalogue SET generation = generation + 1;
  RETURN NULL;
END
$$;
CREATE TRIGGER search_parameter_changed AFTER INSERT OR UPDATE ON resource FOR EACH ROW
  WHEN (new.rtype = -265963894) EXECUTE FUNCTION next_generation(); -- SearchParameter

-- Posted parameters (Type.code) by which every current version is indexed, and the fingerprint of the definition it was.
CREATE TABLE indexed_parameter (
  param       text PRIMARY KEY,
  fingerprint text NOT NULL
);

-- Versions that were indexed by another generation than the one they were committed under.
CREATE TABLE unindexed (
  rkey bigint NOT NULL,
  v    bigint NOT NULL,
  PRIMARY KEY (rkey, v)
);

CREATE TABLE reindex_job (
  seq         bigserial   NOT NULL UNIQUE,
  id          text        PRIMARY KEY,
  state       text        NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'cancelled', 'failed')),
  reason      text        NOT NULL,            -- who or what asked for it
  types       text[]      NOT NULL,
  params      text[],                          -- Type.code; null is all
  fingerprints jsonb      NOT NULL DEFAULT '{}', -- of the posted parameters among them, as they are indexed
  extractor   integer,                         -- set when the job makes all of the index anew
  generation  bigint,                          -- under which it began
  horizon     xid8,                            -- what is older has to end before anything is looked at
  watermark   bigint,                          -- versions up to this one are looked at; later ones index themselves
  at_type     text,                            -- how far it is
  at_v        bigint,
  total       bigint,
  done        bigint      NOT NULL DEFAULT 0,
  verified    bigint      NOT NULL DEFAULT 0,  -- current versions that were counted as done at the end
  changed     bigint      NOT NULL DEFAULT 0,  -- search rows put in or taken away
  problem     text,
  created     timestamptz NOT NULL DEFAULT now(),
  started     timestamptz,
  updated     timestamptz NOT NULL DEFAULT now(),
  finished    timestamptz
);
CREATE INDEX reindex_job_open ON reindex_job (seq) WHERE state IN ('queued', 'running');

-- Which versions a job has indexed; what it has missed is counted by it before it may say that it is done.
CREATE TABLE reindexed (
  job bigint NOT NULL,
  v   bigint NOT NULL,
  PRIMARY KEY (job, v)
);

-- Hands on the results of write_resources. A write that was indexed by another generation than the one that is now current is
-- not lost: it is indexed again. Called after the rows are written, so that a reindexing which waits for all transactions
-- that are older than its generation's commit cannot miss one (docs/decisions/0012).
CREATE FUNCTION note_unindexed(results int[], known bigint, rkeys bigint[]) RETURNS int[] LANGUAGE plpgsql AS $$
BEGIN
  IF known = (SELECT generation FROM search_catalogue) THEN RETURN results; END IF;
  INSERT INTO unindexed SELECT rkey, v FROM resource WHERE rkey = ANY (rkeys) AND NOT deleted ON CONFLICT DO NOTHING;
  IF FOUND THEN
    PERFORM add_job('reindex', '{}'::json, queue_name => 'reindex', job_key => 'reindex');
  END IF;
  RETURN results;
END
$$;
