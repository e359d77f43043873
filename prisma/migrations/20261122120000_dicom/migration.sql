-- DICOM: who may send, what was received, and what was kept apart.

-- An application entity that may talk to us. Titles are compared with case.
CREATE TABLE dicom_peer (
  ae_title   text COLLATE "C" PRIMARY KEY CHECK (ae_title ~ '^[\x20-\x5B\x5D-\x7E]{1,16}$' AND ae_title = btrim(ae_title)),
  host       text NOT NULL, -- address or name that it must come from, and where results go; * is any address
  port       integer NOT NULL CHECK (port BETWEEN 0 AND 65535),
  returns    text[] NOT NULL DEFAULT '{}', -- what goes back to it: sr, sc
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE dicom_study (
  study_uid   text COLLATE "C" PRIMARY KEY,
  received_at timestamptz(3) NOT NULL
);

-- A series UID that comes under two studies is a mistake of the sender, but no reason to lose images: it is two rows.
CREATE TABLE dicom_series (
  study_uid   text COLLATE "C" NOT NULL REFERENCES dicom_study,
  series_uid  text COLLATE "C" NOT NULL,
  modality    text,
  received_at timestamptz(3) NOT NULL,
  PRIMARY KEY (study_uid, series_uid)
);

CREATE TABLE dicom_instance (
  sop_uid         text COLLATE "C" PRIMARY KEY,
  study_uid       text COLLATE "C" NOT NULL,
  series_uid      text COLLATE "C" NOT NULL,
  sop_class       text COLLATE "C" NOT NULL,
  transfer_syntax text COLLATE "C" NOT NULL,
  digest          text COLLATE "C" NOT NULL, -- SHA-256 of the data set behind a group 2 that depends on its UIDs only
  blob_key        text COLLATE "C" NOT NULL,
  size            bigint NOT NULL,           -- bytes of the blob
  route           text NOT NULL CHECK (route IN ('DIMSE', 'STOW-RS')),
  sender          text NOT NULL,             -- calling AE title or client
  received_at     timestamptz(3) NOT NULL,
  last_received   timestamptz(3) NOT NULL,
  received_count  integer NOT NULL DEFAULT 1,
  state           text NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'read', 'failed', 'rejected')),
  tries           integer NOT NULL DEFAULT 0,
  report          text COLLATE "C",          -- DiagnosticReport/id
  reason          text,                      -- why it failed or was rejected
  read_at         timestamptz(3),
  FOREIGN KEY (study_uid, series_uid) REFERENCES dicom_series
);
CREATE INDEX dicom_instance_series ON dicom_instance (study_uid, series_uid);
CREATE INDEX dicom_instance_blob ON dicom_instance (blob_key);
CREATE INDEX dicom_instance_waiting ON dicom_instance (state, received_at) WHERE state <> 'read';

-- Other content that came under the UID of an instance: never read, never lost, for a person to resolve.
CREATE TABLE dicom_conflict (
  sop_uid         text COLLATE "C" NOT NULL REFERENCES dicom_instance,
  digest          text COLLATE "C" NOT NULL,
  blob_key        text COLLATE "C" NOT NULL,
  size            bigint NOT NULL,
  study_uid       text COLLATE "C" NOT NULL,
  series_uid      text COLLATE "C" NOT NULL,
  sop_class       text COLLATE "C" NOT NULL,
  transfer_syntax text COLLATE "C" NOT NULL,
  route           text NOT NULL,
  sender          text NOT NULL,
  received_at     timestamptz(3) NOT NULL,
  received_count  integer NOT NULL DEFAULT 1,
  PRIMARY KEY (sop_uid, digest)
);
CREATE INDEX dicom_conflict_blob ON dicom_conflict (blob_key);
