-- Ranked lists as they stood when somebody began to read them: a page is a slice of `ids`, so it neither repeats nor misses
-- a post while votes move. Kept for an hour; losing them costs readers no more than a reload.
CREATE UNLOGGED TABLE ranking_snapshots (
    id uuid PRIMARY KEY,
    -- Which list: its forums, its order and its window.
    list text COLLATE "C" NOT NULL,
    taken_at timestamptz NOT NULL,
    -- When its reader saw the first page: what was posted later is not in any of them.
    begun_at timestamptz NOT NULL,
    -- What this one goes on from; null: the first.
    previous_id uuid REFERENCES ranking_snapshots ON DELETE CASCADE,
    ids uuid[] NOT NULL
);
CREATE INDEX ranking_snapshots_list ON ranking_snapshots (list, taken_at DESC) WHERE previous_id IS NULL;
CREATE UNIQUE INDEX ranking_snapshots_previous ON ranking_snapshots (previous_id);
CREATE INDEX ranking_snapshots_begun ON ranking_snapshots (begun_at);
-- Ids do not compress.
ALTER TABLE ranking_snapshots ALTER ids SET STORAGE EXTERNAL;
