-- The FHIR store: current versions, superseded versions, and what they can be found by.
-- No statement names a schema: every connection has the tenant's schema in its search_path.

-- One order of all versions of all resources; taken inside the writing statement, never in advance.
CREATE SEQUENCE version_number AS bigint;

-- The current version of each resource; a deletion is a version with an empty body.
CREATE TABLE resource (
  rkey    bigint  NOT NULL,              -- 64-bit hash of ref
  v       bigint  NOT NULL,              -- place in the order of all versions
  updated bigint  NOT NULL,              -- meta.lastUpdated, milliseconds since 1970
  xid     xid8    NOT NULL DEFAULT pg_current_xact_id(), -- lets an ordered feed stop before what has not committed
  rtype   integer NOT NULL,              -- 32-bit hash of the type
  version integer NOT NULL,              -- meta.versionId
  op      "char"  NOT NULL,              -- c(reate), u(pdate), d(elete)
  deleted boolean NOT NULL,
  ref     text    COLLATE "C" NOT NULL,  -- Type/id: tells two resources with the same rkey apart
  body    text    COLLATE "C" NOT NULL,  -- the exact JSON text
  CONSTRAINT resource_pkey PRIMARY KEY (rkey)
) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- A type, newest first; also tells whether version v is still current.
CREATE UNIQUE INDEX resource_recency ON resource (rtype, deleted, v);
CREATE INDEX resource_updated ON resource (rtype, updated);

-- Superseded versions only: a create copies nothing.
CREATE TABLE history (
  rkey    bigint  NOT NULL,
  v       bigint  NOT NULL,
  updated bigint  NOT NULL,
  xid     xid8    NOT NULL,
  rtype   integer NOT NULL,
  version integer NOT NULL,
  op      "char"  NOT NULL,
  deleted boolean NOT NULL,
  ref     text    COLLATE "C" NOT NULL,
  body    text    COLLATE "C" NOT NULL,
  CONSTRAINT history_pkey PRIMARY KEY (rkey, version)
);
CREATE UNIQUE INDEX history_recency ON history (rtype, v);

-- Search rows belong to a version and are never changed: those of a superseded version are inert until the janitor takes
-- them away by `stale`. p is the 32-bit hash of Type.code. Each table has one index by value, which gives what an equal
-- value has in order of recency, and one by version, which only ever grows at its right end and so costs next to nothing.
CREATE TABLE sp_token (
  code bigint  NOT NULL,   -- 64-bit hash
  v    bigint  NOT NULL,
  p    integer NOT NULL,
  sys  integer NOT NULL,   -- 32-bit hash; 0 is no system
  val  text    COLLATE "C" NOT NULL -- the code itself, to sort by
);
CREATE INDEX sp_token_value ON sp_token (p, code, v) INCLUDE (sys);
CREATE INDEX sp_token_version ON sp_token (v);

CREATE TABLE sp_ref (
  target bigint  NOT NULL, -- rkey of a local resource, hash of any other URL
  v      bigint  NOT NULL,
  p      integer NOT NULL
);
CREATE INDEX sp_ref_target ON sp_ref (p, target, v);
CREATE INDEX sp_ref_version ON sp_ref (v);

CREATE TABLE sp_str (
  v     bigint  NOT NULL,
  exact bigint  NOT NULL,             -- 64-bit hash of the text as it was
  p     integer NOT NULL,
  val   text    COLLATE "C" NOT NULL  -- folded: no accents, lower case
);
CREATE INDEX sp_str_value ON sp_str (p, val, v) INCLUDE (exact);
CREATE INDEX sp_str_version ON sp_str (v);

CREATE TABLE sp_date (
  lo    bigint  NOT NULL,  -- milliseconds since 1970, first and last that the value covers
  hi    bigint  NOT NULL,
  v     bigint  NOT NULL,
  p     integer NOT NULL,
  alone boolean NOT NULL   -- the version has no other value of p: what two clauses ask can be asked of one row
);
CREATE INDEX sp_date_value ON sp_date (p, lo, v) INCLUDE (hi);
CREATE INDEX sp_date_version ON sp_date (v);
-- What starts well before it ends, and what has several values, are few, and would spoil every range of the first index.
CREATE INDEX sp_date_long ON sp_date (p, hi, v) WHERE hi - lo > 86400000;
CREATE INDEX sp_date_several ON sp_date (p, v) WHERE NOT alone;

CREATE TABLE sp_qty (
  lo   double precision NOT NULL,
  hi   double precision NOT NULL,
  v    bigint  NOT NULL,
  p    integer NOT NULL,
  unit integer NOT NULL,   -- 32-bit hash of the unit's code; 0 is a plain number
  sys  integer NOT NULL    -- 32-bit hash of its system
);
CREATE INDEX sp_qty_value ON sp_qty (p, unit, lo, v) INCLUDE (hi, sys);
CREATE INDEX sp_qty_version ON sp_qty (v);
CREATE INDEX sp_qty_wide ON sp_qty (p, unit, hi, v) WHERE hi > lo;

CREATE TABLE sp_uri (
  v   bigint  NOT NULL,
  p   integer NOT NULL,
  val text    COLLATE "C" NOT NULL
);
CREATE INDEX sp_uri_value ON sp_uri (p, val, v);
CREATE INDEX sp_uri_version ON sp_uri (v);

-- Versions that were superseded or deleted and whose search rows still exist.
CREATE TABLE stale (
  v bigint PRIMARY KEY
);

DO $$
BEGIN
  -- Faster than the default, where this PostgreSQL was built with it (the embedded one was not).
  ALTER TABLE resource ALTER COLUMN body SET COMPRESSION lz4;
  ALTER TABLE history ALTER COLUMN body SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
  NULL;
END
$$;
