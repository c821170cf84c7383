-- The event log and the record of named writes: what cgraph_kit.streams and cgraph_kit.idempotency stand on.

-- A stream is what a topic shows: a conversation, a user's own inbox. Whoever appends takes the next number from this
-- row and holds its lock until commit, so commit order is sequence order.
CREATE TABLE streams (
    id uuid PRIMARY KEY,
    last_seq bigint NOT NULL DEFAULT 0 CHECK (last_seq >= 0),
    -- When something last happened that people would call activity (a message, not a read mark); sorts lists.
    active_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- payload: the event's JSON object without its "seq", which is spliced in when it is read. No foreign key: partitions
-- are dropped whole, and a check per event would be paid on the hottest path.
CREATE TABLE events (
    stream_id uuid NOT NULL,
    seq bigint NOT NULL,
    type text NOT NULL,
    payload text NOT NULL,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (stream_id, seq, inserted_at)
) PARTITION BY RANGE (inserted_at);

-- Catches what no daily partition covers, so that a write never fails for want of one.
CREATE TABLE events_default PARTITION OF events DEFAULT;

-- One row per write a client has named. `status` and `body` are the original answer; a write whose answer is an event
-- of the log points at it instead.
CREATE TABLE idempotency_keys (
    user_id uuid NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    request_hash bytea NOT NULL,
    status smallint,
    body bytea,
    stream_id uuid,
    seq bigint,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_inserted_at ON idempotency_keys (inserted_at);
