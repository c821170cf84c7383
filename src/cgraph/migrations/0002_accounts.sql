-- People, their names, the sessions they are signed in with, and whom they have blocked.

-- A person's id is also the id of their stream: the events their own devices get.
CREATE TABLE users (
    id uuid PRIMARY KEY REFERENCES streams ON DELETE RESTRICT,
    -- The short number shown to people.
    user_id bigint NOT NULL UNIQUE GENERATED ALWAYS AS IDENTITY (START WITH 1001),
    -- As given; unique without regard to case. Missing, like the password, where an import did not know it.
    email text CHECK (length(email) BETWEEN 3 AND 254),
    -- "C": compared by bytes whatever the database's locale, so that one index serves equality and prefixes.
    username text COLLATE "C" NOT NULL UNIQUE CHECK (username ~ '^[a-z0-9_.]{2,32}$'),
    password_hash text,
    display_name text CHECK (length(display_name) BETWEEN 1 AND 32),
    avatar_url text CHECK (length(avatar_url) <= 2048),
    status text NOT NULL DEFAULT 'online' CHECK (status IN ('online', 'idle', 'dnd', 'invisible')),
    status_text text CHECK (length(status_text) BETWEEN 1 AND 100),
    -- When the text lapses; null: never.
    status_expires_at timestamptz,
    read_receipts boolean NOT NULL DEFAULT true,
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'deactivated')),
    deactivated_at timestamptz,
    -- Who did it: the person (logging in undoes it) or an administrator (only they do).
    deactivated_by uuid REFERENCES users ON DELETE SET NULL,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((state = 'active') = (deactivated_at IS NULL))
);
CREATE UNIQUE INDEX users_email ON users (lower(email));
CREATE INDEX users_deactivated_by ON users (deactivated_by) WHERE deactivated_by IS NOT NULL;

-- Every name nobody else may take: the one a person has, and those given up less than 30 days ago. The key is what
-- the name looks like, so that look-alikes are the same name.
CREATE TABLE usernames (
    skeleton text COLLATE "C" PRIMARY KEY,
    username text COLLATE "C" NOT NULL,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    -- Null: in use.
    held_until timestamptz
);
CREATE INDEX usernames_user ON usernames (user_id);
CREATE INDEX usernames_held ON usernames (held_until) WHERE held_until IS NOT NULL;

-- Each change of a name, by the name given up; bounds how often.
CREATE TABLE username_history (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    username text NOT NULL,
    inserted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX username_history_user ON username_history (user_id, inserted_at);

-- One sign-in of one device. Kept for a while after its end, so that a late token can be told what happened.
CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    -- The pair of tokens in use. Not a foreign key: session and first pair are born in one statement.
    pair_id uuid NOT NULL,
    name text CHECK (length(name) BETWEEN 1 AND 64),
    -- The network, not the address: /24 or /48.
    network text,
    agent text CHECK (length(agent) <= 200),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoked_reason text,
    inserted_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
CREATE INDEX sessions_user ON sessions (user_id, id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

-- An access token and a refresh token that were issued together. Kept: the pair in use, those issued from it that
-- nobody has used yet, and used ones while their access token lives. Any other pair is spent or never was.
CREATE TABLE token_pairs (
    id uuid PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
    -- The pair whose refresh token this one was issued for; null: the session's first.
    parent_id uuid,
    -- SHA-256 of the refresh token.
    refresh_hash bytea NOT NULL CHECK (length(refresh_hash) = 32),
    used_at timestamptz,
    inserted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX token_pairs_session ON token_pairs (session_id);

CREATE TABLE password_resets (
    -- SHA-256 of the mailed token.
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    inserted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX password_resets_user ON password_resets (user_id);
CREATE INDEX password_resets_expires_at ON password_resets (expires_at);

CREATE TABLE user_blocks (
    blocker_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    blocked_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (blocker_id, blocked_id),
    CHECK (blocker_id <> blocked_id)
);
CREATE INDEX user_blocks_blocked ON user_blocks (blocked_id);

-- Both ways round: for statements of other contexts that must not pay a round trip for asking accounts.
--   EXISTS (SELECT FROM blocked_pairs WHERE user_id = $1 AND other_id = $2)
-- `blocks`: it is user_id who blocks other_id.
CREATE VIEW blocked_pairs AS
SELECT blocker_id AS user_id, blocked_id AS other_id, true AS blocks FROM user_blocks
UNION ALL
SELECT blocked_id, blocker_id, false FROM user_blocks;
