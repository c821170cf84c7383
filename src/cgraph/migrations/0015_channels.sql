-- Channels and threads of groups are conversations whose people come and go with their rights.

ALTER TABLE conversations DROP CONSTRAINT conversations_kind_check;
ALTER TABLE conversations ADD CONSTRAINT conversations_kind_check
    CHECK (kind IN ('direct', 'group', 'self', 'channel', 'thread'));

-- In a channel or thread: a row for whoever has looked into it, made then; whether they may is asked each time (see
-- `messaging/gates.py`). Statements that stand on the row alone are for conversations only: `NOT gated`.
ALTER TABLE participants ADD gated boolean NOT NULL DEFAULT false;
-- Lists and counters of conversations pass over however many channels somebody has looked into.
CREATE INDEX participants_own ON participants (user_id, conversation_id) WHERE NOT gated;
-- Not before then may they say the next thing, where there is slow mode.
ALTER TABLE participants ADD slow_until timestamptz;
-- Where it stood when they came into the group: calls to many from before are none to them.
ALTER TABLE participants ADD entered_seq bigint NOT NULL DEFAULT 0;

-- Whom a message calls beside people by their names: roles, the group for @everyone, the place itself for @here.
ALTER TABLE messages ADD called uuid[];
-- Calls to many: one row per message and audience, whoever belongs to it. `audience_id`: a role, or the group for
-- @everyone. (Who is there when @here is said gets rows of `mentions`.)
CREATE TABLE wide_mentions (
    conversation_id uuid NOT NULL,
    seq bigint NOT NULL,
    audience_id uuid NOT NULL,
    sender_id uuid NOT NULL,
    PRIMARY KEY (conversation_id, seq, audience_id),
    FOREIGN KEY (conversation_id, seq) REFERENCES messages (conversation_id, seq) ON DELETE CASCADE
);

CREATE TABLE group_threads (
    id uuid PRIMARY KEY REFERENCES conversations ON DELETE CASCADE,
    group_id uuid NOT NULL REFERENCES groups ON DELETE CASCADE,
    channel_id uuid NOT NULL REFERENCES group_channels ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    owner_id uuid REFERENCES users ON DELETE SET NULL,
    private boolean NOT NULL DEFAULT false,
    -- The message of the channel it began at.
    message_id uuid,
    archived_at timestamptz,
    locked boolean NOT NULL DEFAULT false,
    slow_mode integer NOT NULL DEFAULT 0 CHECK (slow_mode BETWEEN 0 AND 21600),
    -- Minutes without a word after which it is archived.
    auto_archive integer NOT NULL DEFAULT 4320 CHECK (auto_archive IN (60, 1440, 4320, 10080)),
    inserted_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (channel_id, message_id)
);
CREATE INDEX group_threads_channel ON group_threads (channel_id, archived_at, id);
CREATE INDEX group_threads_group ON group_threads (group_id);
-- Those that may have been quiet for too long.
CREATE INDEX group_threads_open ON group_threads (id) WHERE archived_at IS NULL;

-- Who follows a thread; of a private one, who may see it.
CREATE TABLE group_thread_members (
    thread_id uuid NOT NULL REFERENCES group_threads ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (thread_id, user_id)
);
CREATE INDEX group_thread_members_user ON group_thread_members (user_id);
