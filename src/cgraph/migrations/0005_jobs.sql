-- Work that happens later, its history, and who does it: what cgraph_kit.jobs stands on. Table and states are Oban's.

CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state text NOT NULL DEFAULT 'available' CHECK (
        state IN ('available', 'scheduled', 'executing', 'retryable', 'completed', 'cancelled', 'discarded')
    ),
    queue text NOT NULL DEFAULT 'default' CHECK (length(queue) BETWEEN 1 AND 100),
    -- Which function does it.
    worker text NOT NULL CHECK (length(worker) BETWEEN 1 AND 100),
    args jsonb NOT NULL DEFAULT '{}',
    -- 0 goes first.
    priority smallint NOT NULL DEFAULT 0 CHECK (priority BETWEEN 0 AND 9),
    -- Runs begun that count, this one included; what went back without fault of its own is taken off again.
    attempt integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    max_attempts integer NOT NULL DEFAULT 20 CHECK (max_attempts > 0),
    inserted_at timestamptz NOT NULL DEFAULT now(),
    -- Not before.
    scheduled_at timestamptz NOT NULL DEFAULT now(),
    -- When the last run began, and on which node: together the proof that a run is the one that counts.
    attempted_at timestamptz,
    attempted_by text,
    -- Since when it is completed, cancelled or discarded.
    finished_at timestamptz,
    -- [{"attempt": 1, "at": "…", "error": "…"}], oldest first.
    errors jsonb NOT NULL DEFAULT '[]',
    meta jsonb NOT NULL DEFAULT '{}',
    tags text[] NOT NULL DEFAULT '{}',
    -- Hash of what makes it the same as another within a period; see cgraph_kit.jobs.Unique.
    unique_key bytea,
    -- At most one job of this key waits at any time; see cgraph_kit.jobs.OnePending.
    pending_key text CHECK (length(pending_key) <= 500)
) WITH (
    fillfactor = 90,
    autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 1000
);
-- What a queue takes next.
CREATE INDEX jobs_available ON jobs (queue, priority, scheduled_at, id) WHERE state = 'available';
-- What becomes available next.
CREATE INDEX jobs_staged ON jobs (scheduled_at) WHERE state IN ('scheduled', 'retryable');
-- What somebody is at; rows of nodes that are no more are taken up again.
CREATE INDEX jobs_executing ON jobs (attempted_by) WHERE state = 'executing';
-- What is pruned next.
CREATE INDEX jobs_finished ON jobs (state, finished_at) WHERE state IN ('completed', 'cancelled', 'discarded');
CREATE INDEX jobs_unique_key ON jobs (unique_key, inserted_at) WHERE unique_key IS NOT NULL;
CREATE UNIQUE INDEX jobs_pending_key ON jobs (pending_key)
    WHERE pending_key IS NOT NULL AND state IN ('available', 'scheduled', 'retryable');

-- Processes that execute jobs. A row that is not touched any more is a node that is no more.
CREATE TABLE job_nodes (
    name text PRIMARY KEY,
    -- {"queue": its concurrency on this node}
    queues jsonb NOT NULL DEFAULT '{}',
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- What operators have said about a queue, for all nodes and until they say otherwise.
CREATE TABLE job_queues (
    name text PRIMARY KEY,
    paused boolean NOT NULL DEFAULT false,
    -- On each node; null: as configured.
    concurrency integer CHECK (concurrency > 0)
);

-- The last tick each cron entry has fired; whoever moves it on fires the next one.
CREATE TABLE job_crons (
    name text PRIMARY KEY,
    last_tick timestamptz NOT NULL
);
