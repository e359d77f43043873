-- Full text of narratives and of whole resources (_text and _content), filled after the fact: from the first search for text
-- on, by a worker and by the searches themselves (src/store/search/texts.ts). A write knows nothing of it.

CREATE TABLE sp_text (
  v         bigint   NOT NULL,
  narrative tsvector NOT NULL,
  content   tsvector NOT NULL
);
CREATE INDEX sp_text_version ON sp_text (v);
CREATE INDEX sp_text_narrative ON sp_text USING gin (narrative);
CREATE INDEX sp_text_content ON sp_text USING gin (content);

-- How far the texts have been read: no row before anybody has searched for text.
CREATE TABLE text_progress (
  one     boolean     PRIMARY KEY DEFAULT true CHECK (one),
  done    bigint      NOT NULL DEFAULT 0,     -- every version up to this one has its row
  seen    bigint      NOT NULL DEFAULT 0,     -- the last version given out when ...
  noted   timestamptz NOT NULL DEFAULT now(), -- ... this was noted
  horizon xid8                                -- the first transaction that began after all of those had their number
);
