-- References that have to resolve: checked in the statement that writes, and under locks, so that nobody deletes meanwhile.

-- Who points at whom, of resources whose references are enforced. A row counts as long as its source is at that version.
CREATE TABLE reference_guard (
  target  bigint  NOT NULL, -- rkey
  source  bigint  NOT NULL, -- rkey
  version integer NOT NULL,
  CONSTRAINT reference_guard_pkey PRIMARY KEY (target, source)
);
CREATE INDEX reference_guard_source ON reference_guard (source);

-- Locks what is written and what has to stay, all in the order that write_resources locks in: no two statements of this kind
-- wait for each other.
CREATE FUNCTION lock_references(written bigint[], needed bigint[]) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  item record;
BEGIN
  FOR item IN
    SELECT k, bool_or(w) AS own FROM (
      SELECT unnest(written) AS k, true AS w UNION ALL SELECT unnest(needed), false) t GROUP BY k ORDER BY k
  LOOP
    IF item.own THEN PERFORM FROM resource WHERE rkey = item.k FOR UPDATE;
    ELSE PERFORM FROM resource WHERE rkey = item.k FOR KEY SHARE;
    END IF;
  END LOOP;
  RETURN true;
END
$$;

-- Takes what write_resources gave (results, one a write) and gives it back, or fails as a whole with LVREF and a detail in
-- JSON: missing, positions in needs (from 1) that point at nothing; pointing, what points at a deleted resource. needs_n and
-- deleted_n are numbers of writes (from 1).
CREATE FUNCTION check_references(
  results int[], rkeys bigint[], needs_n int[], needs_target bigint[], deleted_n int[]
) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
  missing  json;
  pointing json;
BEGIN
  SELECT json_agg(at) INTO missing FROM (
    SELECT t.at FROM unnest(needs_n, needs_target) WITH ORDINALITY AS t(n, target, at)
     WHERE results[t.n] > 0 AND NOT EXISTS (SELECT FROM resource r WHERE r.rkey = t.target AND NOT r.deleted)
     ORDER BY t.at LIMIT 100) found;
  SELECT json_agg(json_build_object('source', ref, 'n', n)) INTO pointing FROM (
    SELECT r.ref, n FROM unnest(deleted_n) AS n
      JOIN reference_guard g ON g.target = rkeys[n]
      JOIN resource r ON r.rkey = g.source AND r.version = g.version AND NOT r.deleted
     WHERE results[n] > 0 LIMIT 20) found;
  IF missing IS NOT NULL OR pointing IS NOT NULL THEN
    RAISE EXCEPTION 'references do not resolve' USING ERRCODE = 'LVREF',
      DETAIL = json_build_object('missing', coalesce(missing, '[]'::json), 'pointing', coalesce(pointing, '[]'::json))::text;
  END IF;

  DELETE FROM reference_guard WHERE source = ANY (
    ARRAY(SELECT rkeys[n] FROM unnest(needs_n) AS n WHERE results[n] >= 4
          UNION SELECT rkeys[n] FROM unnest(deleted_n) AS n WHERE results[n] > 0));
  INSERT INTO reference_guard (target, source, version)
    SELECT DISTINCT target, rkeys[n], results[n] >> 1 FROM unnest(needs_n, needs_target) AS t(n, target) WHERE results[n] > 0
    ON CONFLICT (target, source) DO UPDATE SET version = excluded.version;
  RETURN results;
END
$$;
