-- One round trip a write, and one for many writes of many requests.

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
  token_n int[], token_p int[], token_code bigint[], token_sys int[], token_val text[],
  ref_n int[], ref_p int[], ref_target bigint[],
  str_n int[], str_p int[], str_val text[], str_exact bigint[],
  date_n int[], date_p int[], date_lo bigint[], date_hi bigint[], date_alone int[],
  qty_n int[], qty_p int[], qty_unit int[], qty_sys int[], qty_lo double precision[], qty_hi double precision[],
  uri_n int[], uri_p int[], uri_val text[],
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
    INSERT INTO stale SELECT v FROM kept;
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
    INSERT INTO sp_token (p, code, v, sys, val) SELECT p, code, vs[n], sys, val
      FROM unnest(token_n, token_p, token_code, token_sys, token_val) AS t(n, p, code, sys, val) WHERE vs[n] IS NOT NULL;
  END IF;
  IF cardinality(ref_n) > 0 THEN
    INSERT INTO sp_ref (p, target, v) SELECT p, target, vs[n]
      FROM unnest(ref_n, ref_p, ref_target) AS t(n, p, target) WHERE vs[n] IS NOT NULL;
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

  IF cardinality(records) > 0 THEN PERFORM append_audit(records); END IF;
  IF cardinality(job_name) > 0 THEN
    PERFORM add_job(t.name, t.payload::json, queue_name => t.queue, job_key => t.key)
       FROM unnest(job_request, job_name, job_payload, job_queue, job_key) AS t(q, name, payload, queue, key)
      WHERE t.q <> ALL (failed);
  END IF;
  RETURN results;
END
$$;
