-- Who and what came from another system: the ids it gave them, and ours, so that importing again finds them. Messages
-- need no row: their ids are made from their conversation's and the one they had.
CREATE TABLE imports (
    -- The system the external ids come from.
    source text COLLATE "C" NOT NULL CHECK (length(source) BETWEEN 1 AND 100),
    kind text NOT NULL CHECK (kind IN ('user', 'conversation')),
    external_id text COLLATE "C" NOT NULL CHECK (length(external_id) BETWEEN 1 AND 500),
    -- People and conversations alike have a stream of this id.
    id uuid NOT NULL REFERENCES streams ON DELETE CASCADE,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, kind, external_id)
);
CREATE INDEX imports_id ON imports (id);
