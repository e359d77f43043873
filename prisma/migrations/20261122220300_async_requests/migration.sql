-- Requests that are answered later (FHIR's asynchronous pattern), and their answers until somebody has fetched them.
CREATE TABLE async_request (
  id         text COLLATE "C" PRIMARY KEY,
  owner      text COLLATE "C" NOT NULL, -- client and person: nobody else may ask for it
  ticket     text COLLATE "C" NOT NULL, -- what the caller's access is made of again; never the token itself
  url        text NOT NULL,
  request    text NOT NULL,             -- JSON
  created_at timestamptz(3) NOT NULL,
  started_at timestamptz(3),
  status     smallint,                  -- of the answer; null while there is none
  answer     text,                      -- JSON of a resource
  expires_at timestamptz(3) NOT NULL
);
CREATE INDEX async_request_owner ON async_request (owner);
CREATE INDEX async_request_expires ON async_request (expires_at);
