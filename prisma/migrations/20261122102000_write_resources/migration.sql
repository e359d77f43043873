-- One round trip a write, and one for many writes of many requests.

-- Takes requests, each of one or more writes, in one round trip. A request whose condition does not hold writes nothing
-- and leaves the others alone. Returns one number a write: version * 2 (+ 1 when the resource did not exist or was
-- deleted before), or why not: -1 exists, -2 not found, -3 deleted, -4 another version, -5 another resource has this
-- rkey, 0 a sibling of a failed write.
-- expect: -1 anything, -2 absent, -3 present, otherwise the current version. Search rows name their write by n (from 1).
CREATE FUNCTION write_resources(
  requests int[], rkeys bigint[], rtypes int[], refs text[], ops text[], expects int[], updateds bigint[],
  befores text[], afters text[],
  token_n int[], token_p int[], token_code bigint[], token_sys int[], token_val text[],
  ref_n int[], ref_p int[], ref_target bigint[],
  str_n int[], str_p int[], str_val text[], str_exact bigint[],
  date_n int[], date_p int[], date_lo bigint[], date_hi bigint[],
  qty_n int[], qty_p int[], qty_unit int[], qty_sys int[], qty_lo double precision[], qty_hi double precision[],
  uri_n int[], uri_p int[], uri_val text[],
  audit_request int[], audit_record text[],
  job_request int[], job_name text[], job_payload text[], job_queue text[], job_key text[]
) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
  total    int := cardinality(rkeys);
  olds     int[] := array_fill(0, ARRAY[total]);       -- version before
  gone     boolean[] := array_fill(true, ARRAY[total]); -- absent or deleted before
  results  int[];
  failed   int[] := '{}';
  vs       bigint[];
  existing int := 0;
  written  int;
  records  text[];
  item     record;
  this_minute bigint := extract(epoch FROM clock_timestamp())::bigint / 60;
BEGIN
  FOR item IN
    SELECT r.version, r.deleted, r.ref, w.n::int AS n, w.ref AS asked
      FROM unnest(rkeys, refs) WITH ORDINALITY AS w(rkey, ref, n) JOIN resource r ON r.rkey = w.rkey
     ORDER BY r.rkey FOR UPDATE OF r
  LOOP
    olds[item.n] := item.version;
    gone[item.n] := item.deleted;
    existing := existing + 1;
    IF item.ref <> item.asked THEN olds[item.n] := -1; END IF;
  END LOOP;

  IF existing = 0 AND NOT (-3 = ANY (expects)) AND (SELECT max(e) FROM unnest(expects) e) < 0 THEN
    results := array_fill(3, ARRAY[total]);
  ELSE
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
    END IF;
  END IF;
  vs := ARRAY(SELECT CASE WHEN s > 0 THEN nextval('version_number') END FROM unnest(results) WITH ORDINALITY AS t(s, n) ORDER BY n);
  IF NOT EXISTS (SELECT FROM version_minute WHERE minute = this_minute) THEN
    INSERT INTO version_minute SELECT this_minute, min(n) FROM unnest(vs) n ON CONFLICT DO NOTHING;
  END IF;

  IF existing > 0 THEN
    WITH kept AS (
      INSERT INTO history (rkey, v, updated, xid, rtype, version, op, deleted, ref, body)
        SELECT r.rkey, r.v, r.updated, r.xid, r.rtype, r.version, r.op, r.deleted, r.ref, r.body
          FROM resource r JOIN unnest(rkeys, olds, results) AS w(rkey, o, s) ON r.rkey = w.rkey
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
        FROM unnest(rkeys, olds, results, rtypes, refs, ops, updateds, befores, afters) WITH ORDINALITY
             AS w(rkey, o, s, rtype, ref, op, updated, before, after, n)
       WHERE w.s > 0 AND w.o = 0
      ON CONFLICT (rkey) DO NOTHING;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written <> (SELECT count(*) FROM unnest(olds, results) AS w(o, s) WHERE w.s > 0 AND w.o = 0) THEN
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
    INSERT INTO sp_date (p, lo, hi, v) SELECT p, lo, hi, vs[n]
      FROM unnest(date_n, date_p, date_lo, date_hi) AS t(n, p, lo, hi) WHERE vs[n] IS NOT NULL;
  END IF;
  IF cardinality(qty_n) > 0 THEN
    INSERT INTO sp_qty (p, unit, sys, lo, hi, v) SELECT p, unit, sys, lo, hi, vs[n]
      FROM unnest(qty_n, qty_p, qty_unit, qty_sys, qty_lo, qty_hi) AS t(n, p, unit, sys, lo, hi) WHERE vs[n] IS NOT NULL;
  END IF;
  IF cardinality(uri_n) > 0 THEN
    INSERT INTO sp_uri (p, val, v) SELECT p, val, vs[n]
      FROM unnest(uri_n, uri_p, uri_val) AS t(n, p, val) WHERE vs[n] IS NOT NULL;
  END IF;

  IF cardinality(audit_record) > 0 THEN
    records := ARRAY(SELECT r FROM unnest(audit_request, audit_record) WITH ORDINALITY AS t(q, r, n)
      WHERE q <> ALL (failed) ORDER BY n);
    IF cardinality(records) > 0 THEN PERFORM append_audit(records); END IF;
  END IF;
  FOR item IN
    SELECT * FROM unnest(job_request, job_name, job_payload, job_queue, job_key) AS t(q, name, payload, queue, key)
     WHERE q <> ALL (failed)
  LOOP
    PERFORM add_job(item.name, item.payload::json, queue_name => item.queue, job_key => item.key);
  END LOOP;
  RETURN results;
END
$$;
