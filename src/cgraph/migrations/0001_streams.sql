-- The event log and the record of named writes: what cgraph_kit.streams and cgraph_kit.idempotency stand on.

-- A stream is what a topic shows: a conversation, a user's own inbox. Whoever appends takes the next number from this
-- row and holds its lock until commit, so commit order is sequence order.
CREATE TABLE streams (
    id uuid PRIMARY KEY,
    last_seq bigint NOT NULL DEFAULT 0 CHECK (last_seq >= 0),
    -- When something last happened that people would call activity (a message, not a read mark); sorts lists.
    active_at timestamptz NOT NULL DEFAULT now(),
    -- How many of its events were of the kind readers count (messages); never goes down. See messages.nth.
    counted bigint NOT NULL DEFAULT 0
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

-- One row per write a client has named. `status` and `body` are the original answer; a write whose answer is in a
-- stream's log names the stream and what it made there instead.
CREATE TABLE idempotency_keys (
    user_id uuid NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    request_hash bytea NOT NULL,
    status smallint,
    body bytea,
    stream_id uuid,
    made_id uuid,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, key)
);
-- Rows come in the order of time and go in it, so a range of blocks is all the sweep needs to find.
CREATE INDEX idempotency_keys_inserted_at ON idempotency_keys USING brin (inserted_at) WITH (pages_per_range = 32);
