-- What became of each backup: the store holds the backups themselves, and what is in them; this is the diary of those
-- who made and tried them, failures included.
CREATE TABLE backups (
    -- Names the backup in the store; begins with the time, so it sorts by it.
    id text COLLATE "C" PRIMARY KEY,
    location text NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    -- interrupted: whoever made it was killed.
    result text NOT NULL DEFAULT 'running' CHECK (result IN ('running', 'made', 'failed', 'interrupted')),
    error text,
    size bigint,
    sha256 text,
    -- How long making it took.
    seconds double precision,
    -- When it was last restored to see whether it can be, how that went, and how long the restore took.
    verified_at timestamptz,
    verification text CHECK (verification IN ('passed', 'failed')),
    verification_error text,
    restore_seconds double precision,
    -- When retention removed it from the store.
    deleted_at timestamptz,
    CHECK ((result = 'running') = (finished_at IS NULL))
);
CREATE INDEX backups_started_at ON backups (started_at);
