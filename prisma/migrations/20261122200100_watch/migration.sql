-- Says on a channel which of the resources that the server itself works by were written; src/store/watch.ts listens.

CREATE FUNCTION tell_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('livedoc_changed', tg_table_schema || ' ' || new.ref);
  RETURN NULL;
END
$$;

-- rtype is the 32-bit hash of the type's name (src/store/keys.ts). A row of any other type costs the comparison only.
CREATE TRIGGER definition_changed AFTER INSERT OR UPDATE ON resource FOR EACH ROW
  WHEN (new.rtype IN (
     -265963894, -- SearchParameter
     -550618873, -- StructureDefinition
      651919589, -- ValueSet
     1287732956, -- CodeSystem
    -2094883263, -- ConceptMap
      993271788, -- NamingSystem
    -1857247689, -- CompartmentDefinition
      244464197, -- OperationDefinition
      816821805, -- GraphDefinition
    -1881257741  -- Subscription
  ))
  EXECUTE FUNCTION tell_change();
