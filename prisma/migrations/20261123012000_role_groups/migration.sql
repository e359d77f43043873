-- The relationship group of an attribute of SNOMED CT: what an expression's braces ask about. 0: it stands alone.
ALTER TABLE term_property ADD COLUMN role_group smallint NOT NULL DEFAULT 0;
