-- The writing function takes four arrays instead of 67: on a single create the parameters alone, one array for each column of
-- each table, cost as much as its rows, here and in Node (docs/decisions/0032).

DROP FUNCTION write_resources;

-- Takes requests, each of one or more writes. A request whose condition does not hold writes nothing and leaves the
-- others alone. Returns one number a write: version * 2 (+ 1 when the resource did not exist or was deleted before), or
-- why not: -1 exists, -2 not found, -3 deleted, -4 another version, -5 another resource has this rkey, 0 a sibling of a
-- failed write. Fails as a whole with serialization_failure when another connection made one of the resources meanwhile.
-- careful: whether the resources may exist; if not, and one does, it also fails with serialization_failure.
-- known: the generation by which the search rows were made.
--
-- ints, longs, floats and texts hold the columns of twelve lists one after the other. ints begins with five numbers for each
-- list: how long it is, and behind which element its columns of each kind begin (ints, longs, floats, texts). The lists:
--   writes:    ints request, rtype, expect, op (a character's code); longs rkey, updated; texts ref, before, after
--              expect: -1 anything, -2 absent, -3 present, otherwise the current version
--   token:     ints n, p, sys, label; longs code; texts val (n, here and below: the number of the write, from 1)
--   reference: ints n, p, label; longs target
--   string:    ints n, p; longs exact; texts val
--   date:      ints n, p, alone; longs lo, hi
--   quantity:  ints n, p, unit, sys; floats lo, hi
--   uri:       ints n, p; texts val
--   composite: ints n, p, asys, sys, unit, spoken; longs a, k, hi; texts val, rest
--   position:  ints n, p; floats lat, lon
--   words:     ints p, label, sys; longs code; texts kind, name, val
--   audit:     ints request; texts record
--   jobs:      ints request; texts name, payload, queue, key
-- An element of such an array is had at once: PL/pgSQL keeps its parameters taken apart.
CREATE FUNCTION write_resources(careful boolean, known bigint, ints int[], longs bigint[], floats float8[], texts text[])
RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
  total   int := ints[1];
  wi      int := ints[2];
  wl      int := ints[3];
  wt      int := ints[5];
  olds    int[];        -- version before, 0 for none, -1 for another resource's
  gone    boolean[];    -- absent or deleted before
  results int[] := array_fill(3, ARRAY[total]);
  failed  int[] := '{}';
  changed int[] := '{}'; -- writes of what exists
  vs      bigint[] := array_fill(NULL::bigint, ARRAY[total]);
  fresh   int := 0;
  written int;
  began   xid8;
  records text[];
  item    record;
  c int; i int; l int; f int; t int;
BEGIN
  IF careful THEN
    olds := array_fill(0, ARRAY[total]);
    gone := array_fill(true, ARRAY[total]);
    -- In the order of the keys, one after the other: two such statements never wait for each other.
    FOR item IN
      SELECT w.n, r.version, r.deleted, r.ref
        FROM (SELECT n, longs[wl + n] AS rkey FROM generate_series(1, total) AS n ORDER BY 2 OFFSET 0) w
       CROSS JOIN LATERAL (SELECT r.version, r.deleted, r.ref FROM resource r WHERE r.rkey = w.rkey FOR UPDATE) r
    LOOP
      olds[item.n] := CASE WHEN item.ref = texts[wt + item.n] THEN item.version ELSE -1 END;
      gone[item.n] := item.deleted;
    END LOOP;
    FOR n IN 1..total LOOP
      i := ints[wi + 2 * total + n];
      results[n] := CASE
        WHEN olds[n] = -1 THEN -5
        WHEN i = -2 AND NOT gone[n] THEN -1
        WHEN (i = -3 OR i >= 0) AND olds[n] = 0 THEN -2
        WHEN (i = -3 OR i >= 0) AND gone[n] THEN -3
        WHEN i >= 0 AND i <> olds[n] THEN -4
        ELSE (olds[n] + 1) * 2 + gone[n]::int
      END;
      IF results[n] < 0 THEN failed := failed || ints[wi + n]; END IF;
    END LOOP;
    IF cardinality(failed) > 0 THEN
      FOR n IN 1..total LOOP
        IF results[n] > 0 AND ints[wi + n] = ANY (failed) THEN results[n] := 0; END IF;
      END LOOP;
      IF NOT 0 < ANY (results) THEN RETURN results; END IF;
    END IF;
  END IF;
  -- The transaction has its number before any version has: on that order the totals of searches rely (search/watermarks.ts).
  began := pg_current_xact_id();
  FOR n IN 1..total LOOP
    IF results[n] > 0 THEN
      vs[n] := nextval('version_number');
      IF careful AND olds[n] > 0 THEN changed := changed || n; ELSE fresh := fresh + 1; END IF;
    END IF;
  END LOOP;

  IF cardinality(changed) > 0 THEN
    WITH kept AS (
      INSERT INTO history (rkey, v, updated, xid, rtype, version, op, deleted, ref, body)
        SELECT r.rkey, r.v, r.updated, r.xid, r.rtype, r.version, r.op, r.deleted, r.ref, r.body
          FROM unnest(changed) AS n JOIN resource r ON r.rkey = longs[wl + n]
      RETURNING v)
    INSERT INTO stale (v) SELECT v FROM kept;
    UPDATE resource r
       SET v = vs[n], updated = longs[wl + total + n], xid = pg_current_xact_id(), version = olds[n] + 1,
           op = ints[wi + 3 * total + n]::"char", deleted = ints[wi + 3 * total + n] = ascii('d'),
           body = CASE WHEN ints[wi + 3 * total + n] = ascii('d') THEN ''
                  ELSE texts[wt + total + n] || (olds[n] + 1) || texts[wt + 2 * total + n] END
      FROM unnest(changed) AS n
     WHERE r.rkey = longs[wl + n];
  END IF;
  IF fresh > 0 THEN
    INSERT INTO resource (rkey, v, updated, rtype, version, op, deleted, ref, body)
      SELECT longs[wl + n], vs[n], longs[wl + total + n], ints[wi + total + n], 1, ints[wi + 3 * total + n]::"char",
             ints[wi + 3 * total + n] = ascii('d'), texts[wt + n],
             CASE WHEN ints[wi + 3 * total + n] = ascii('d') THEN ''
             ELSE texts[wt + total + n] || '1' || texts[wt + 2 * total + n] END
        FROM generate_series(1, total) AS n
       WHERE vs[n] IS NOT NULL AND (changed = '{}' OR olds[n] = 0)
      ON CONFLICT (rkey) DO NOTHING;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written < fresh THEN
      RAISE EXCEPTION 'another connection made the same resource' USING ERRCODE = 'serialization_failure';
    END IF;
  END IF;

  c := ints[6];
  IF c > 0 THEN
    i := ints[7]; l := ints[8]; t := ints[10];
    INSERT INTO sp_token (p, code, v, sys, val, label)
      SELECT ints[i + c + n], longs[l + n], vs[ints[i + n]], ints[i + 2 * c + n], texts[t + n], ints[i + 3 * c + n]
        FROM generate_series(1, c) AS n WHERE vs[ints[i + n]] IS NOT NULL;
  END IF;
  c := ints[11];
  IF c > 0 THEN
    i := ints[12]; l := ints[13];
    INSERT INTO sp_ref (p, target, v, label)
      SELECT ints[i + c + n], longs[l + n], vs[ints[i + n]], ints[i + 2 * c + n]
        FROM generate_series(1, c) AS n WHERE vs[ints[i + n]] IS NOT NULL;
  END IF;
  c := ints[16];
  IF c > 0 THEN
    i := ints[17]; l := ints[18]; t := ints[20];
    INSERT INTO sp_str (p, val, v, exact)
      SELECT ints[i + c + n], texts[t + n], vs[ints[i + n]], longs[l + n]
        FROM generate_series(1, c) AS n WHERE vs[ints[i + n]] IS NOT NULL;
  END IF;
  c := ints[21];
  IF c > 0 THEN
    i := ints[22]; l := ints[23];
    INSERT INTO sp_date (p, lo, hi, v, alone)
      SELECT ints[i + c + n], longs[l + n], longs[l + c + n], vs[ints[i + n]], ints[i + 2 * c + n] = 1
        FROM generate_series(1, c) AS n WHERE vs[ints[i + n]] IS NOT NULL;
  END IF;
  c := ints[26];
  IF c > 0 THEN
    i := ints[27]; f := ints[29];
    INSERT INTO sp_qty (p, unit, sys, lo, hi, v)
      SELECT ints[i + c + n], ints[i + 2 * c + n], ints[i + 3 * c + n], floats[f + n], floats[f + c + n], vs[ints[i + n]]
        FROM generate_series(1, c) AS n WHERE vs[ints[i + n]] IS NOT NULL;
  END IF;
  c := ints[31];
  IF c > 0 THEN
    i := ints[32]; t := ints[35];
    INSERT INTO sp_uri (p, val, v)
      SELECT ints[i + c + n], texts[t + n], vs[ints[i + n]]
        FROM generate_series(1, c) AS n WHERE vs[ints[i + n]] IS NOT NULL;
  END IF;
  c := ints[36];
  IF c > 0 THEN
    i := ints[37]; l := ints[38]; t := ints[40];
    INSERT INTO sp_comp (p, a, asys, k, hi, sys, unit, spoken, val, rest, v)
      SELECT ints[i + c + n], longs[l + n], ints[i + 2 * c + n], longs[l + c + n], longs[l + 2 * c + n],
             ints[i + 3 * c + n], ints[i + 4 * c + n], ints[i + 5 * c + n], texts[t + n], texts[t + c + n]::bigint[],
             vs[ints[i + n]]
        FROM generate_series(1, c) AS n WHERE vs[ints[i + n]] IS NOT NULL;
  END IF;
  c := ints[41];
  IF c > 0 THEN
    i := ints[42]; f := ints[44];
    INSERT INTO sp_pos (p, lat, lon, v)
      SELECT ints[i + c + n], floats[f + n], floats[f + c + n], vs[ints[i + n]]
        FROM generate_series(1, c) AS n WHERE vs[ints[i + n]] IS NOT NULL;
  END IF;
  c := ints[46];
  IF c > 0 THEN
    i := ints[47]; l := ints[48]; t := ints[50];
    INSERT INTO dictionary (p, kind, code, label, sys, name, val)
      SELECT w.p, w.kind, w.code, w.label, w.sys, w.name, w.val
        FROM (SELECT ints[i + n] AS p, texts[t + n]::"char" AS kind, longs[l + n] AS code, ints[i + c + n] AS label,
                     ints[i + 2 * c + n] AS sys, texts[t + c + n] AS name, texts[t + 2 * c + n] AS val
                FROM generate_series(1, c) AS n OFFSET 0) w
       WHERE NOT EXISTS (SELECT FROM dictionary d WHERE d.p = w.p AND d.kind = w.kind AND d.code = w.code
                         AND d.label = w.label AND d.sys = w.sys AND d.name = w.name);
  END IF;

  c := ints[51];
  IF c > 0 THEN
    i := ints[52]; t := ints[55];
    records := texts[t + 1:t + c];
    IF cardinality(failed) > 0 THEN
      records := ARRAY(SELECT texts[t + n] FROM generate_series(1, c) AS n WHERE ints[i + n] <> ALL (failed) ORDER BY n);
    END IF;
    IF cardinality(records) > 0 THEN PERFORM append_audit(records); END IF;
  END IF;
  c := ints[56];
  IF c > 0 THEN
    i := ints[57]; t := ints[60];
    PERFORM add_job(texts[t + n], texts[t + c + n]::json, queue_name => texts[t + 2 * c + n], job_key => texts[t + 3 * c + n])
       FROM generate_series(1, c) AS n WHERE ints[i + n] <> ALL (failed);
  END IF;
  -- After the rows are written (see note_unindexed).
  IF known IS DISTINCT FROM (SELECT generation FROM search_catalogue) THEN
    PERFORM note_unindexed(results, known, longs[wl + 1:wl + total]);
  END IF;
  RETURN results;
END
$$;
