-- Searches read the search rows from their indexes alone, which PostgreSQL can only for pages that a vacuum has seen. By default
-- a fifth of a table may be new before one comes, and until then searches look into the tables too.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['sp_token', 'sp_ref', 'sp_str', 'sp_date', 'sp_qty', 'sp_uri', 'sp_comp', 'sp_pos', 'history'] LOOP
    EXECUTE format('ALTER TABLE %I SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02,
      autovacuum_analyze_scale_factor = 0.05)', name);
  END LOOP;
END
$$;
