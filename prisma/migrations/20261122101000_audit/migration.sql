-- The audit trail as it is first written: narrow, append-only, chained; AuditEvent resources are made of it afterwards.

-- One chain of batches. A writer takes any chain that nobody holds, so chains are as many as writers ever were at once.
CREATE TABLE audit_chain (
  chain integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  seq   bigint NOT NULL DEFAULT 0,         -- number of the last record
  hash  bytea  NOT NULL DEFAULT sha256('') -- of the last batch
) WITH (fillfactor = 50);

-- How far each chain has become AuditEvents; apart, because writers pass over a chain that is locked.
CREATE TABLE audit_projection (
  chain integer PRIMARY KEY,
  seq   bigint NOT NULL
);

-- What one transaction appends together is a batch. The hash stands at its last record and covers the hash of the batch
-- before and the batch's records, joined by line feeds, of which compact JSON has none.
CREATE TABLE audit_log (
  seq    bigint  NOT NULL,
  chain  integer NOT NULL,
  hash   bytea,
  record text    COLLATE "C" NOT NULL,
  PRIMARY KEY (chain, seq)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.1);

-- Appends a batch; it is durable when the transaction is.
CREATE FUNCTION append_audit(records text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  LOOP
    WITH head AS (
      UPDATE audit_chain c
         SET seq = c.seq + cardinality(records),
             hash = sha256(c.hash || convert_to(array_to_string(records, E'\n'), 'UTF8'))
       WHERE c.chain = (SELECT f.chain FROM audit_chain f ORDER BY f.chain FOR UPDATE SKIP LOCKED LIMIT 1)
      RETURNING c.chain, c.seq - cardinality(records) AS before, c.hash)
    INSERT INTO audit_log (chain, seq, hash, record)
      SELECT h.chain, h.before + r.n, CASE WHEN r.n = cardinality(records) THEN h.hash END, r.record
        FROM head h, unnest(records) WITH ORDINALITY AS r(record, n);
    EXIT WHEN FOUND;
    INSERT INTO audit_chain DEFAULT VALUES;
  END LOOP;
END
$$;
