-- More of what resources can be found by: pairs of values within one element, names of codes and of what is referred to,
-- positions on the earth; and superseded versions remember who superseded them, so that a search can be continued as it began.

-- Texts that many search rows share, once each (now and then twice: nobody waits for anybody to write them). A row of
-- sp_token or sp_ref refers to what it is called by (p, code or target, label).
--   kind n: the rows of p with this code (0: with any) and this label are called `name`
--   kind t: the rows of p with this label have an Identifier.type of this system and code
--   kind c: p has values of this system and code; `name` is the code folded, `val` as it is
--   kind u: p has quantities in this unit of this system; `val` is the unit's code
CREATE TABLE dictionary (
  code  bigint  NOT NULL,
  p     integer NOT NULL,
  label integer NOT NULL,
  sys   integer NOT NULL,
  kind  "char"  NOT NULL,
  name  text    COLLATE "C" NOT NULL,
  val   text    COLLATE "C" NOT NULL
);
CREATE INDEX dictionary_code ON dictionary (p, kind, code, label, sys);
CREATE INDEX dictionary_name ON dictionary (p, kind, name);
CREATE INDEX dictionary_val ON dictionary (p, kind, val);

ALTER TABLE sp_token ADD COLUMN label integer NOT NULL DEFAULT 0;
DROP INDEX sp_token_value;
CREATE INDEX sp_token_value ON sp_token (p, code, v) INCLUDE (sys, label);
ALTER TABLE sp_ref ADD COLUMN label integer NOT NULL DEFAULT 0;

-- Composite parameters: the values of one element together. `a` is an equality (0 when the parameter has none), k and hi
-- a second value: of an equality the hash, of a date milliseconds, of a number its bits in the order of numbers, of a
-- string its first eight bytes; rest is a third one as {k, hi, sys, unit, spoken}.
CREATE TABLE sp_comp (
  a      bigint  NOT NULL,
  k      bigint  NOT NULL,
  hi     bigint  NOT NULL,
  v      bigint  NOT NULL,
  p      integer NOT NULL,
  asys   integer NOT NULL,
  sys    integer NOT NULL,
  unit   integer NOT NULL,
  spoken integer NOT NULL,
  val    text    COLLATE "C",
  rest   bigint[]
);
CREATE INDEX sp_comp_value ON sp_comp (p, a, k, v) INCLUDE (hi, asys, sys, unit, spoken);
CREATE INDEX sp_comp_wide ON sp_comp (p, a, hi, v) WHERE hi > k;
CREATE INDEX sp_comp_version ON sp_comp (v);

CREATE TABLE sp_pos (
  lat double precision NOT NULL,
  lon double precision NOT NULL,
  v   bigint  NOT NULL,
  p   integer NOT NULL
);
CREATE INDEX sp_pos_value ON sp_pos (p, lat, v) INCLUDE (lon);
CREATE INDEX sp_pos_version ON sp_pos (v);

-- Who superseded the version, and when: a page of a search that began before goes on with what was current then.
ALTER TABLE stale ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
ALTER TABLE stale ADD COLUMN at timestamptz NOT NULL DEFAULT now();

-- Searches that somebody may still page through: what was superseded since keeps its search rows. Lost in a crash, which
-- costs nothing but that a page link may find less.
CREATE UNLOGGED TABLE page_snapshot (
  oldest xid8        NOT NULL, -- everything that came before this transaction is settled
  until  timestamptz NOT NULL
);

DROP FUNCTION write_resources;

-- Takes requests, each of one or more writes. A request whose condition does not hold writes nothing and leaves the
-- others alone. Returns one number a write: version * 2 (+ 1 when the resource did not exist or was deleted before), or
-- why not: -1 exists, -2 not found, -3 deleted, -4 another version, -5 another resource has this rkey, 0 a sibling of a
-- failed write. Fails as a whole with serialization_failure when another connection made one of the resources meanwhile.
-- careful: whether the resources may exist; if not, and one does, it also fails with serialization_failure.
-- expect: -1 anything, -2 absent, -3 present, otherwise the current version. Search rows name their write by n (from 1).
CREATE FUNCTION write_resources(
  careful boolean,
  requests int[], rkeys bigint[], rtypes int[], refs text[], ops text[], expects int[], updateds bigint[],
  befores text[], afters text[],
  token_n int[], token_p int[], token_code bigint[], token_sys int[], token_val text[], token_label int[],
  ref_n int[], ref_p int[], ref_target bigint[], ref_label int[],
  str_n int[], str_p int[], str_val text[], str_exact bigint[],
  date_n int[], date_p int[], date_lo bigint[], date_hi bigint[], date_alone int[],
  qty_n int[], qty_p int[], qty_unit int[], qty_sys int[], qty_lo double precision[], qty_hi double precision[],
  uri_n int[], uri_p int[], uri_val text[],
  comp_n int[], comp_p int[], comp_a bigint[], comp_asys int[], comp_k bigint[], comp_hi bigint[], comp_sys int[], comp_unit int[],
  comp_spoken int[], comp_val text[], comp_rest text[],
  pos_n int[], pos_p int[], pos_lat double precision[], pos_lon double precision[],
  word_p int[], word_kind text[], word_code bigint[], word_label int[], word_sys int[], word_name text[], word_val text[],
  audit_request int[], audit_record text[],
  job_request int[], job_name text[], job_payload text[], job_queue text[], job_key text[]
) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
  total    int := cardinality(rkeys);
  olds     int[];     -- version before, 0 for none, -1 for another resource's
  gone     boolean[]; -- absent or deleted before
  results  int[];
  failed   int[] := '{}';
  vs       bigint[];
  existing int := 0;
  records  text[] := audit_record;
  written  int;
  item     record;
BEGIN
  IF careful THEN
    olds := array_fill(0, ARRAY[total]);
    gone := array_fill(true, ARRAY[total]);
    FOR item IN
      SELECT r.version, r.deleted, r.ref, w.n::int AS n, w.ref AS asked
        FROM unnest(rkeys, refs) WITH ORDINALITY AS w(rkey, ref, n) JOIN resource r ON r.rkey = w.rkey
       ORDER BY r.rkey FOR UPDATE OF r
    LOOP
      existing := existing + 1;
      olds[item.n] := CASE WHEN item.ref = item.asked THEN item.version ELSE -1 END;
      gone[item.n] := item.deleted;
    END LOOP;
    results := ARRAY(
      SELECT CASE
        WHEN o = -1 THEN -5
        WHEN e = -2 AND NOT g THEN -1
        WHEN (e = -3 OR e >= 0) AND o = 0 THEN -2
        WHEN (e = -3 OR e >= 0) AND g THEN -3
        WHEN e >= 0 AND e <> o THEN -4
        ELSE (o + 1) * 2 + g::int
      END
      FROM unnest(olds, gone, expects) WITH ORDINALITY AS t(o, g, e, n) ORDER BY n);
    failed := ARRAY(SELECT q FROM unnest(requests, results) AS t(q, s) WHERE s < 0);
    IF cardinality(failed) > 0 THEN
      results := ARRAY(SELECT CASE WHEN s > 0 AND q = ANY (failed) THEN 0 ELSE s END
        FROM unnest(requests, results) WITH ORDINALITY AS t(q, s, n) ORDER BY n);
      IF NOT EXISTS (SELECT FROM unnest(results) s WHERE s > 0) THEN RETURN results; END IF;
      records := ARRAY(SELECT r FROM unnest(audit_request, audit_record) WITH ORDINALITY AS t(q, r, n)
        WHERE q <> ALL (failed) ORDER BY n);
    END IF;
  ELSE
    results := array_fill(3, ARRAY[total]);
  END IF;
  FOR n IN 1..total LOOP
    vs[n] := CASE WHEN results[n] > 0 THEN nextval('version_number') END;
  END LOOP;

  IF existing > 0 THEN
    WITH kept AS (
      INSERT INTO history (rkey, v, updated, xid, rtype, version, op, deleted, ref, body)
        SELECT r.rkey, r.v, r.updated, r.xid, r.rtype, r.version, r.op, r.deleted, r.ref, r.body
          FROM unnest(rkeys, olds, results) AS w(rkey, o, s) JOIN resource r ON r.rkey = w.rkey
         WHERE w.s > 0 AND w.o > 0
      RETURNING v)
    INSERT INTO stale (v) SELECT v FROM kept;
    UPDATE resource r
       SET v = vs[w.n], updated = w.updated, xid = pg_current_xact_id(), version = w.o + 1, op = w.op::"char",
           deleted = w.op = 'd', body = CASE WHEN w.op = 'd' THEN '' ELSE w.before || (w.o + 1) || w.after END
      FROM unnest(rkeys, olds, results, updateds, ops, befores, afters) WITH ORDINALITY
           AS w(rkey, o, s, updated, op, before, after, n)
     WHERE r.rkey = w.rkey AND w.s > 0 AND w.o > 0;
  END IF;
  IF existing < total THEN
    INSERT INTO resource (rkey, v, updated, rtype, version, op, deleted, ref, body)
      SELECT w.rkey, vs[w.n], w.updated, w.rtype, 1, w.op::"char", w.op = 'd', w.ref,
             CASE WHEN w.op = 'd' THEN '' ELSE w.before || '1' || w.after END
        FROM unnest(rkeys, rtypes, refs, ops, updateds, befores, afters) WITH ORDINALITY
             AS w(rkey, rtype, ref, op, updated, before, after, n)
       WHERE vs[w.n] IS NOT NULL AND (existing = 0 OR olds[w.n] = 0)
      ON CONFLICT (rkey) DO NOTHING;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written < total - existing
       AND written < (SELECT count(*) FROM generate_series(1, total) n WHERE results[n] > 0 AND (olds IS NULL OR olds[n] = 0)) THEN
      RAISE EXCEPTION 'another connection made the same resource' USING ERRCODE = 'serialization_failure';
    END IF;
  END IF;

  IF cardinality(token_n) > 0 THEN
    INSERT INTO sp_token (p, code, v, sys, val, label) SELECT p, code, vs[n], sys, val, label
      FROM unnest(token_n, token_p, token_code, token_sys, token_val, token_label) AS t(n, p, code, sys, val, label) WHERE vs[n] IS NOT NULL;
  END IF;
  IF cardinality(ref_n) > 0 THEN
    INSERT INTO sp_ref (p, target, v, label) SELECT p, target, vs[n], label
      FROM unnest(ref_n, ref_p, ref_target, ref_label) AS t(n, p, target, label) WHERE vs[n] IS NOT NULL;
  END IF;
  IF cardinality(str_n) > 0 THEN
    INSERT INTO sp_str (p, val, v, exact) SELECT p, val, vs[n], exact
      FROM unnest(str_n, str_p, str_val, str_exact) AS t(n, p, val, exact) WHERE vs[n] IS NOT NULL;
  END IF;
  IF cardinality(date_n) > 0 THEN
    INSERT INTO sp_date (p, lo, hi, v, alone) SELECT p, lo, hi, vs[n], alone = 1
      FROM unnest(date_n, date_p, date_lo, date_hi, date_alone) AS t(n, p, lo, hi, alone) WHERE vs[n] IS NOT NULL;
  END IF;
  IF cardinality(qty_n) > 0 THEN
    INSERT INTO sp_qty (p, unit, sys, lo, hi, v) SELECT p, unit, sys, lo, hi, vs[n]
      FROM unnest(qty_n, qty_p, qty_unit, qty_sys, qty_lo, qty_hi) AS t(n, p, unit, sys, lo, hi) WHERE vs[n] IS NOT NULL;
  END IF;
  IF cardinality(uri_n) > 0 THEN
    INSERT INTO sp_uri (p, val, v) SELECT p, val, vs[n]
      FROM unnest(uri_n, uri_p, uri_val) AS t(n, p, val) WHERE vs[n] IS NOT NULL;
  END IF;
  IF cardinality(comp_n) > 0 THEN
    INSERT INTO sp_comp (p, a, asys, k, hi, sys, unit, spoken, val, rest, v)
      SELECT p, a, asys, k, hi, sys, unit, spoken, val, rest::bigint[], vs[n]
      FROM unnest(comp_n, comp_p, comp_a, comp_asys, comp_k, comp_hi, comp_sys, comp_unit, comp_spoken, comp_val, comp_rest)
           AS t(n, p, a, asys, k, hi, sys, unit, spoken, val, rest) WHERE vs[n] IS NOT NULL;
  END IF;
  IF cardinality(pos_n) > 0 THEN
    INSERT INTO sp_pos (p, lat, lon, v) SELECT p, lat, lon, vs[n]
      FROM unnest(pos_n, pos_p, pos_lat, pos_lon) AS t(n, p, lat, lon) WHERE vs[n] IS NOT NULL;
  END IF;
  IF cardinality(word_p) > 0 THEN
    INSERT INTO dictionary (p, kind, code, label, sys, name, val) SELECT p, kind::"char", code, label, sys, name, val
      FROM unnest(word_p, word_kind, word_code, word_label, word_sys, word_name, word_val) AS t(p, kind, code, label, sys, name, val)
     WHERE NOT EXISTS (SELECT FROM dictionary d WHERE d.p = t.p AND d.kind = t.kind::"char" AND d.code = t.code
                       AND d.label = t.label AND d.sys = t.sys AND d.name = t.name);
  END IF;

  IF cardinality(records) > 0 THEN PERFORM append_audit(records); END IF;
  IF cardinality(job_name) > 0 THEN
    PERFORM add_job(t.name, t.payload::json, queue_name => t.queue, job_key => t.key)
       FROM unnest(job_request, job_name, job_payload, job_queue, job_key) AS t(q, name, payload, queue, key)
      WHERE t.q <> ALL (failed);
  END IF;
  RETURN results;
END
$$;
