-- Bulk exports (https://hl7.org/fhir/uv/bulkdata/STU2/export.html): what was asked, and the files until they expire.
CREATE TABLE bulk_export (
  id          text COLLATE "C" PRIMARY KEY,
  owner       text COLLATE "C" NOT NULL, -- client and rights: nobody else may ask for it
  ticket      text COLLATE "C" NOT NULL, -- what the caller's access is made of again; never the token itself
  url         text NOT NULL,
  request     text NOT NULL,             -- JSON
  created_at  timestamptz(3) NOT NULL,
  started_at  timestamptz(3),            -- the moment that the files are of
  finished_at timestamptz(3),
  status      smallint,                  -- of the answer; null while there is none
  failure     text,                      -- OperationOutcome
  done        bigint NOT NULL DEFAULT 0, -- resources looked at
  expires_at  timestamptz(3) NOT NULL
);
CREATE INDEX bulk_export_owner ON bulk_export (owner);
CREATE INDEX bulk_export_expires ON bulk_export (expires_at);

CREATE TABLE bulk_file (
  export_id text COLLATE "C" NOT NULL REFERENCES bulk_export ON DELETE CASCADE,
  number    integer NOT NULL,
  type      text NOT NULL,
  count     integer NOT NULL,
  patients  text[] NOT NULL,             -- Patient/... of everyone whose data it holds, for the audit
  PRIMARY KEY (export_id, number)
);

-- The text of the files, whole lines; no foreign key to the file, which is known only when it is full.
CREATE TABLE bulk_chunk (
  export_id text COLLATE "C" NOT NULL REFERENCES bulk_export ON DELETE CASCADE,
  number    integer NOT NULL,
  part      integer NOT NULL,
  body      text COLLATE "C" NOT NULL,
  PRIMARY KEY (export_id, number, part)
);
