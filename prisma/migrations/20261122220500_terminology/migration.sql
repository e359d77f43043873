-- Code systems that are too big to be one resource (LOINC, SNOMED CT), as `livedoc import` loads them, and the closure
-- tables of ConceptMap/$closure. A system is seen once it is complete; its rows are never changed afterwards.

CREATE TABLE term_system (
  id        integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  complete  boolean     NOT NULL DEFAULT false,
  concepts  integer     NOT NULL DEFAULT 0,
  imported  timestamptz NOT NULL DEFAULT now(),
  url       text        COLLATE "C" NOT NULL,
  version   text        COLLATE "C" NOT NULL,
  name      text        NOT NULL,
  title     text        NOT NULL,
  language  text        NOT NULL
);
CREATE UNIQUE INDEX term_system_version ON term_system (url, version) WHERE complete;

-- n is the place of a concept in its system: four bytes instead of a code, and the order of expansions.
CREATE TABLE term_concept (
  system     integer NOT NULL,
  n          integer NOT NULL,
  inactive   boolean NOT NULL,
  abstract   boolean NOT NULL,
  code       text    COLLATE "C" NOT NULL,
  display    text    NOT NULL,
  definition text,
  CONSTRAINT term_concept_pkey PRIMARY KEY (system, n)
);
CREATE UNIQUE INDEX term_concept_code ON term_concept (system, code) INCLUDE (n);

CREATE TABLE term_name (
  system   integer NOT NULL,
  n        integer NOT NULL,
  language text    COLLATE "C" NOT NULL,
  use      text    COLLATE "C" NOT NULL,  -- a code of the system's own, or empty
  value    text    NOT NULL
);
CREATE INDEX term_name_concept ON term_name (system, n);

-- The folded words of all names: what a filter text looks for.
CREATE TABLE term_word (
  system integer NOT NULL,
  n      integer NOT NULL,
  word   text    COLLATE "C" NOT NULL,
  CONSTRAINT term_word_pkey PRIMARY KEY (system, word, n)
);

CREATE TABLE term_property (
  system integer NOT NULL,
  n      integer NOT NULL,
  kind   "char"  NOT NULL,                -- c(ode), s(tring), b(oolean)
  name   text    COLLATE "C" NOT NULL,
  value  text    COLLATE "C" NOT NULL
);
CREATE INDEX term_property_concept ON term_property (system, n);
CREATE INDEX term_property_value ON term_property (system, name, value, n);

CREATE TABLE term_parent (
  system integer NOT NULL,
  child  integer NOT NULL,
  parent integer NOT NULL,
  CONSTRAINT term_parent_pkey PRIMARY KEY (system, child, parent)
);
CREATE INDEX term_parent_children ON term_parent (system, parent, child);

-- Everything above a concept, not only its parents.
CREATE TABLE term_ancestor (
  system     integer NOT NULL,
  descendant integer NOT NULL,
  ancestor   integer NOT NULL,
  CONSTRAINT term_ancestor_pkey PRIMARY KEY (system, ancestor, descendant)
);
CREATE INDEX term_ancestor_above ON term_ancestor (system, descendant, ancestor);

-- https://hl7.org/fhir/R4/conceptmap-operation-closure.html
CREATE TABLE closure (
  owner   text    COLLATE "C" NOT NULL,   -- who keeps it: another's of the same name is another one
  name    text    COLLATE "C" NOT NULL,
  version integer NOT NULL,
  CONSTRAINT closure_pkey PRIMARY KEY (owner, name)
);
CREATE TABLE closure_code (
  owner   text COLLATE "C" NOT NULL,
  name    text COLLATE "C" NOT NULL,
  system  text COLLATE "C" NOT NULL,
  code    text COLLATE "C" NOT NULL,
  CONSTRAINT closure_code_pkey PRIMARY KEY (owner, name, system, code)
);
CREATE TABLE closure_pair (
  owner   text    COLLATE "C" NOT NULL,
  name    text    COLLATE "C" NOT NULL,
  version integer NOT NULL,               -- of the closure, when it became known
  system  text    COLLATE "C" NOT NULL,
  child   text    COLLATE "C" NOT NULL,
  parent  text    COLLATE "C" NOT NULL,
  CONSTRAINT closure_pair_pkey PRIMARY KEY (owner, name, system, child, parent)
);
CREATE INDEX closure_pair_version ON closure_pair (owner, name, version);
