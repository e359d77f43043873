-- The audit trail as it is first written: narrow, append-only, chained; AuditEvent resources are made of it afterwards.

-- One chain of records. A writer takes any chain that nobody holds, so chains are as many as writers ever were at once.
CREATE TABLE audit_chain (
  chain     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  seq       bigint NOT NULL DEFAULT 0,          -- number of the last record
  hash      bytea  NOT NULL DEFAULT sha256(''), -- of the last record
  projected bigint NOT NULL DEFAULT 0           -- number of the last record that is an AuditEvent
) WITH (fillfactor = 50);

CREATE TABLE audit_log (
  seq    bigint  NOT NULL,
  chain  integer NOT NULL,
  hash   bytea   NOT NULL,                   -- sha256(hash of the record before || record)
  record text    COLLATE "C" NOT NULL,       -- compact JSON
  PRIMARY KEY (chain, seq)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.1);

-- Appends records to a chain; they are durable when the transaction is.
CREATE FUNCTION append_audit(records text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  head   audit_chain;
  hashes bytea[] := '{}';
  last   bytea;
  item   text;
BEGIN
  SELECT * INTO head FROM audit_chain FOR UPDATE SKIP LOCKED LIMIT 1;
  IF NOT FOUND THEN
    INSERT INTO audit_chain DEFAULT VALUES RETURNING * INTO head;
  END IF;
  last := head.hash;
  FOREACH item IN ARRAY records LOOP
    last := sha256(last || convert_to(item, 'UTF8'));
    hashes := hashes || last;
  END LOOP;
  INSERT INTO audit_log (chain, seq, hash, record)
    SELECT head.chain, head.seq + n, h, r FROM unnest(hashes, records) WITH ORDINALITY AS t(h, r, n);
  UPDATE audit_chain SET seq = head.seq + cardinality(records), hash = last WHERE chain = head.chain;
END
$$;
