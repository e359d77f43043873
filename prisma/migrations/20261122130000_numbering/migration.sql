-- Record numbers of patients, and the keys by which physicians' words are signed.

-- Who has which numero_dossier; a number never goes to another patient, also when its own was deleted.
CREATE TABLE numero_dossier (
  numero  text COLLATE "C" PRIMARY KEY,
  patient text COLLATE "C" NOT NULL -- Patient/id
);
CREATE INDEX numero_dossier_patient ON numero_dossier (patient);

-- The next free AAAA-NNNNNN of a year, from a sequence of that year: gaps are allowed, waiting for each other is not.
CREATE FUNCTION next_numero_dossier(year integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  name text := format('numero_dossier_%s', year);
  free text;
BEGIN
  IF to_regclass(quote_ident(name)) IS NULL THEN
    -- IF NOT EXISTS alone does not keep two sessions from making it at once.
    PERFORM pg_advisory_xact_lock(hashtextextended('numero_dossier', year));
    EXECUTE format('CREATE SEQUENCE IF NOT EXISTS %I', name);
  END IF;
  LOOP
    free := nextval(quote_ident(name));
    free := format('%s-%s', year, lpad(free, greatest(6, length(free)), '0'));
    -- A client may have brought the number before the sequence came to it.
    EXIT WHEN NOT EXISTS (SELECT FROM numero_dossier n WHERE n.numero = free);
  END LOOP;
  RETURN free;
END
$$;

-- Whatever writes a Patient, by whatever way, claims its numbers in the same transaction.
CREATE FUNCTION claim_numero_dossier() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  claimed text;
BEGIN
  FOR claimed IN
    SELECT item->>'value' FROM jsonb_array_elements(NEW.body::jsonb->'identifier') AS item
     WHERE item->>'system' = 'https://livedoc.health/fhir/sid/numero-dossier' AND item->>'value' IS NOT NULL
  LOOP
    INSERT INTO numero_dossier VALUES (claimed, NEW.ref) ON CONFLICT (numero) DO NOTHING;
    IF NOT EXISTS (SELECT FROM numero_dossier WHERE numero = claimed AND patient = NEW.ref) THEN
      RAISE EXCEPTION 'numero_dossier % belongs to another patient', claimed USING ERRCODE = 'unique_violation';
    END IF;
  END LOOP;
  RETURN NULL;
END
$$;
CREATE TRIGGER claim_numero_dossier AFTER INSERT OR UPDATE ON resource FOR EACH ROW
  WHEN (NEW.ref LIKE 'Patient/%' AND NOT NEW.deleted)
  EXECUTE FUNCTION claim_numero_dossier();

-- The newest signs; the public halves of all are published, so that old signatures can be checked.
CREATE TABLE signing_key (
  kid                text COLLATE "C" PRIMARY KEY,
  public_jwk         jsonb NOT NULL,
  sealed_private_jwk bytea NOT NULL, -- sealed with a key of the data directory
  created_at         timestamptz(3) NOT NULL DEFAULT now()
);
