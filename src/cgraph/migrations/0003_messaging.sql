-- Conversations, their people, and what is said in them. `seq` everywhere is the number in the conversation's stream.
--
-- Whoever locks several of these takes them in this order: the conversation, participants (by conversation, then
-- person), the conversation's stream, people's own streams (by id).

CREATE TABLE conversations (
    id uuid PRIMARY KEY REFERENCES streams ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('direct', 'group', 'self')),
    -- Both people of a direct conversation, smaller id first; the owner twice for a self conversation.
    pair_low uuid REFERENCES users ON DELETE SET NULL,
    pair_high uuid REFERENCES users ON DELETE SET NULL,
    name text CHECK (length(name) BETWEEN 1 AND 100),
    owner_id uuid REFERENCES users ON DELETE SET NULL,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((kind = 'group') OR (name IS NULL AND owner_id IS NULL))
);
-- Opening is idempotent: one direct (or self) conversation per unordered pair.
CREATE UNIQUE INDEX conversations_pair ON conversations (pair_low, pair_high) WHERE kind <> 'group';
CREATE INDEX conversations_pair_high ON conversations (pair_high) WHERE pair_high IS NOT NULL;
CREATE INDEX conversations_owner ON conversations (owner_id) WHERE owner_id IS NOT NULL;

-- Who is, or was, in a conversation. A participant sees what has seq > joined_seq, and, after leaving, nothing.
CREATE TABLE participants (
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    -- The other person of a direct conversation: a block between the two closes it.
    peer_id uuid,
    joined_seq bigint NOT NULL DEFAULT 0,
    left_seq bigint,
    -- Up to where this person has read, never below joined_seq, and messages.nth there: unread counts are differences.
    read_seq bigint NOT NULL DEFAULT 0,
    read_nth bigint NOT NULL DEFAULT 0,
    -- Set by "mark unread from here", until something is read.
    marked_unread boolean NOT NULL DEFAULT false,
    -- Own messages may be above the marker, which was put back, and are subtracted when counting.
    own_above boolean NOT NULL DEFAULT false,
    -- What others are told: how far this person has read, and how far a device of theirs has got.
    shown_read_seq bigint NOT NULL DEFAULT 0,
    delivered_seq bigint NOT NULL DEFAULT 0,
    -- 'infinity': for good.
    muted_until timestamptz,
    -- The stream's last number when it was put away; only a mention above it brings it back.
    archived_seq bigint,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (conversation_id, user_id)
) WITH (fillfactor = 70);
CREATE INDEX participants_user ON participants (user_id, conversation_id);

-- Rows are never removed: a deleted message stays as an empty one, so that pages, numbers and counts stay exact.
-- No foreign keys: a sender is a locked row of participants, which has them, and a check per message would be a fifth
-- of the hottest statement.
CREATE TABLE messages (
    conversation_id uuid NOT NULL,
    seq bigint NOT NULL,
    -- How many messages of people (kind 'text') the conversation had with this one: streams.counted when it was written.
    nth bigint NOT NULL,
    id uuid NOT NULL,
    sender_id uuid,
    -- 'text', or the kind of a system message ('left', 'renamed', 'pinned' …), whose facts are in `data`.
    kind text NOT NULL DEFAULT 'text',
    content text NOT NULL,
    data jsonb,
    reply_to_id uuid,
    mentions uuid[] NOT NULL DEFAULT '{}',
    -- Whether there have ever been reactions: most messages need no look at that table.
    reacted boolean NOT NULL DEFAULT false,
    inserted_at timestamptz NOT NULL,
    edited_at timestamptz,
    deleted_at timestamptz,
    deleted_by uuid,
    pinned_at timestamptz,
    pinned_by uuid,
    PRIMARY KEY (conversation_id, seq),
    UNIQUE (conversation_id, id)
) WITH (fillfactor = 90);
-- Own and blocked people's messages above a marker are subtracted by this index.
CREATE INDEX messages_sender ON messages (sender_id, conversation_id, seq);
-- Deleted messages above a marker are subtracted by this one.
CREATE INDEX messages_deleted ON messages (conversation_id, seq) WHERE deleted_at IS NOT NULL AND kind = 'text';
CREATE INDEX messages_pinned ON messages (conversation_id, pinned_at, id) WHERE pinned_at IS NOT NULL;

-- What a message said before. `seq`: the event that replaced this text, so that a deletion finds every copy in the log.
CREATE TABLE message_edits (
    conversation_id uuid NOT NULL,
    message_id uuid NOT NULL,
    revision integer NOT NULL,
    seq bigint NOT NULL,
    content text NOT NULL,
    -- When it was written.
    inserted_at timestamptz NOT NULL,
    PRIMARY KEY (conversation_id, message_id, revision),
    FOREIGN KEY (conversation_id, message_id) REFERENCES messages (conversation_id, id) ON DELETE CASCADE
);

-- One row per person a live message mentions; with its sender, so that counting needs no look at the message.
CREATE TABLE mentions (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    conversation_id uuid NOT NULL,
    seq bigint NOT NULL,
    sender_id uuid NOT NULL,
    PRIMARY KEY (user_id, conversation_id, seq) INCLUDE (sender_id),
    FOREIGN KEY (conversation_id, seq) REFERENCES messages (conversation_id, seq) ON DELETE CASCADE
);
CREATE INDEX mentions_message ON mentions (conversation_id, seq);

CREATE TABLE reactions (
    conversation_id uuid NOT NULL,
    message_id uuid NOT NULL,
    emoji text NOT NULL CHECK (length(emoji) BETWEEN 1 AND 64),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    inserted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (conversation_id, message_id, emoji, user_id),
    FOREIGN KEY (conversation_id, message_id) REFERENCES messages (conversation_id, id) ON DELETE CASCADE
);
CREATE INDEX reactions_user ON reactions (user_id);
