-- Conversations, their people, and what is said in them. `seq` everywhere is the number in the conversation's stream.

CREATE TABLE conversations (
    id uuid PRIMARY KEY REFERENCES streams ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('direct', 'group', 'self')),
    -- Both people of a direct conversation, smaller id first; the owner twice for a self conversation.
    pair_low uuid REFERENCES users ON DELETE SET NULL,
    pair_high uuid REFERENCES users ON DELETE SET NULL,
    name text CHECK (length(name) BETWEEN 1 AND 100),
    owner_id uuid REFERENCES users ON DELETE SET NULL,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((kind = 'group') OR name IS NULL)
);
-- Opening is idempotent: one direct (or self) conversation per unordered pair.
CREATE UNIQUE INDEX conversations_pair ON conversations (pair_low, pair_high) WHERE kind <> 'group';
CREATE INDEX conversations_pair_high ON conversations (pair_high) WHERE pair_high IS NOT NULL;
CREATE INDEX conversations_owner ON conversations (owner_id) WHERE owner_id IS NOT NULL;

-- Who is, or was, in a conversation. A participant sees what has seq > joined_seq, and, after leaving, nothing.
CREATE TABLE participants (
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    joined_seq bigint NOT NULL DEFAULT 0,
    left_seq bigint,
    -- What this person has read, for their own counters; `shown_read_seq` is what others are told of it.
    read_seq bigint NOT NULL DEFAULT 0,
    shown_read_seq bigint NOT NULL DEFAULT 0,
    delivered_seq bigint NOT NULL DEFAULT 0,
    -- Set by "mark unread from here": own messages may then be above the marker and are subtracted when counting.
    marked_unread boolean NOT NULL DEFAULT false,
    muted_until timestamptz,
    archived_at timestamptz,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (conversation_id, user_id)
) WITH (fillfactor = 70);
CREATE INDEX participants_user ON participants (user_id) WHERE left_seq IS NULL;

CREATE TABLE messages (
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    seq bigint NOT NULL,
    id uuid NOT NULL,
    sender_id uuid REFERENCES users ON DELETE SET NULL,
    -- 'text', or the kind of a system message ('joined', 'left', 'renamed', 'pinned' …), whose facts are in `data`.
    kind text NOT NULL DEFAULT 'text',
    content text NOT NULL,
    data jsonb,
    reply_to_id uuid,
    mentions uuid[] NOT NULL DEFAULT '{}',
    inserted_at timestamptz NOT NULL,
    edited_at timestamptz,
    deleted_at timestamptz,
    deleted_by uuid REFERENCES users ON DELETE SET NULL,
    PRIMARY KEY (conversation_id, seq),
    UNIQUE (conversation_id, id)
);
-- Own and blocked people's messages above a marker are subtracted by this index.
CREATE INDEX messages_sender ON messages (sender_id, conversation_id, seq);
CREATE INDEX messages_deleted_by ON messages (deleted_by) WHERE deleted_by IS NOT NULL;

-- Live counting (not system, not deleted) messages per block of 256 numbers: unread counts are a sum of few rows.
CREATE TABLE message_blocks (
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    block bigint NOT NULL,
    n integer NOT NULL CHECK (n >= 0),
    PRIMARY KEY (conversation_id, block)
) WITH (fillfactor = 50);

CREATE TABLE message_edits (
    conversation_id uuid NOT NULL,
    message_id uuid NOT NULL,
    revision integer NOT NULL,
    content text NOT NULL,
    inserted_at timestamptz NOT NULL,
    PRIMARY KEY (conversation_id, message_id, revision),
    FOREIGN KEY (conversation_id, message_id) REFERENCES messages (conversation_id, id) ON DELETE CASCADE
);

-- One row per person a live message mentions.
CREATE TABLE mentions (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    conversation_id uuid NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (user_id, conversation_id, seq),
    FOREIGN KEY (conversation_id, seq) REFERENCES messages (conversation_id, seq) ON DELETE CASCADE
);
CREATE INDEX mentions_message ON mentions (conversation_id, seq);

CREATE TABLE reactions (
    conversation_id uuid NOT NULL,
    message_id uuid NOT NULL,
    emoji text NOT NULL CHECK (length(emoji) BETWEEN 1 AND 64),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (conversation_id, message_id, emoji, user_id),
    FOREIGN KEY (conversation_id, message_id) REFERENCES messages (conversation_id, id) ON DELETE CASCADE
);
CREATE INDEX reactions_user ON reactions (user_id);

CREATE TABLE pins (
    conversation_id uuid NOT NULL,
    message_id uuid NOT NULL,
    pinned_by uuid REFERENCES users ON DELETE SET NULL,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (conversation_id, message_id),
    FOREIGN KEY (conversation_id, message_id) REFERENCES messages (conversation_id, id) ON DELETE CASCADE
);
CREATE INDEX pins_newest ON pins (conversation_id, inserted_at DESC, message_id);
CREATE INDEX pins_pinned_by ON pins (pinned_by) WHERE pinned_by IS NOT NULL;
