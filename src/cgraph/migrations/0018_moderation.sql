-- What moderators work with: reports of chat and forum in one queue, what they decided, and how forums take it back.
--
-- A case is locked before anything of the place it is about.

-- One per reported thing: reports gather in it until somebody has decided.
CREATE TABLE moderation_cases (
    id uuid PRIMARY KEY,
    item_kind text NOT NULL CHECK (item_kind IN ('message', 'post', 'comment', 'user')),
    item_id uuid NOT NULL,
    -- Whose moderators decide. Administrators of the site decide everything; what is in no group or forum, they alone.
    place_kind text NOT NULL CHECK (place_kind IN ('site', 'group', 'forum')),
    place_id uuid CHECK ((place_id IS NULL) = (place_kind = 'site')),
    -- In a group: the channel whose rights count, that of a thread being its channel's.
    channel_id uuid CHECK ((channel_id IS NULL) = (place_kind <> 'group')),
    -- Where it was said: the conversation, channel or thread of a message, the post of a comment.
    container_id uuid,
    author_id uuid REFERENCES users ON DELETE SET NULL,
    -- approved: the reports were right; rejected: they were not; ignored: neither was decided.
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'approved', 'rejected', 'ignored')),
    report_count integer NOT NULL DEFAULT 0,
    score double precision NOT NULL DEFAULT 0,
    priority smallint NOT NULL DEFAULT 0,
    -- Whoever decides names the one they have seen.
    version integer NOT NULL DEFAULT 1,
    claimed_by uuid REFERENCES users ON DELETE SET NULL,
    claimed_until timestamptz,
    resolved_by uuid REFERENCES users ON DELETE SET NULL,
    resolved_at timestamptz,
    -- So many have reported it that it is hidden until somebody has decided: by this act of its forum's log.
    hidden_act_id uuid,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX moderation_cases_open ON moderation_cases (item_kind, item_id) WHERE state = 'pending';
CREATE INDEX moderation_cases_queue ON moderation_cases (state, score DESC, id DESC);
CREATE INDEX moderation_cases_place ON moderation_cases (place_id, state, score DESC, id DESC) WHERE place_id IS NOT NULL;
CREATE INDEX moderation_cases_author ON moderation_cases (author_id, id);
CREATE INDEX moderation_cases_item ON moderation_cases (item_id);

CREATE TABLE moderation_reports (
    id uuid PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES moderation_cases ON DELETE CASCADE,
    reporter_id uuid REFERENCES users ON DELETE SET NULL,
    reason text NOT NULL,
    note text CHECK (length(note) BETWEEN 1 AND 1000),
    weight double precision NOT NULL,
    -- The thing and what was said around it, as the reporter saw it then; null: as in the report before this one, or
    -- kept long enough.
    snapshot jsonb,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (case_id, reporter_id)
);
CREATE INDEX moderation_reports_reporter ON moderation_reports (reporter_id, id);
CREATE INDEX moderation_reports_kept ON moderation_reports (inserted_at) WHERE snapshot IS NOT NULL;

-- What was decided, and what that did: what an undo goes by.
CREATE TABLE moderation_actions (
    id uuid PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES moderation_cases ON DELETE CASCADE,
    actor_id uuid REFERENCES users ON DELETE SET NULL,
    decision text NOT NULL CHECK (decision IN ('approved', 'rejected', 'ignored')),
    -- Told to the author of the thing.
    note text CHECK (length(note) BETWEEN 1 AND 512),
    -- [{"kind": "remove" …}]
    effects jsonb NOT NULL DEFAULT '[]',
    undone_by uuid REFERENCES users ON DELETE SET NULL,
    undone_at timestamptz,
    inserted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX moderation_actions_case ON moderation_actions (case_id, id);

-- Taking back is an act of its own, once for each.
ALTER TABLE forum_log ADD undoes_id uuid UNIQUE REFERENCES forum_log ON DELETE CASCADE;
-- What went with one act comes back with it: the id of its row in the log.
ALTER TABLE posts ADD removal_id uuid;
ALTER TABLE comments ADD removal_id uuid;
CREATE INDEX posts_removal ON posts (removal_id) WHERE removal_id IS NOT NULL;
CREATE INDEX comments_removal ON comments (removal_id) WHERE removal_id IS NOT NULL;
-- Said in the name of the forum.
ALTER TABLE posts ADD distinguished boolean NOT NULL DEFAULT false;
ALTER TABLE comments ADD distinguished boolean NOT NULL DEFAULT false;

-- Where the address of a post or comment leads that is no longer there, or in another form.
CREATE TABLE forum_redirects (
    id uuid PRIMARY KEY,
    target_kind text NOT NULL CHECK (target_kind IN ('post', 'comment')),
    target_id uuid NOT NULL
);
CREATE INDEX forum_redirects_target ON forum_redirects (target_id);

-- How much somebody has posted lately: held while they post.
CREATE TABLE posting_paces (
    user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    -- Since when these are counted: a day at most.
    since timestamptz NOT NULL,
    posts integer NOT NULL DEFAULT 0,
    comments integer NOT NULL DEFAULT 0,
    edits integer NOT NULL DEFAULT 0,
    posted_at timestamptz,
    commented_at timestamptz,
    -- Of what they said last, and when.
    said bytea[] NOT NULL DEFAULT '{}',
    said_at timestamptz[] NOT NULL DEFAULT '{}'
) WITH (fillfactor = 70);

-- Threads that became posts, and posts that became threads: where their addresses lead, and what only the one they were
-- knows, for the way back.
CREATE TABLE conversions (
    source_id uuid PRIMARY KEY,
    source_kind text NOT NULL CHECK (source_kind IN ('thread', 'post')),
    -- What it is now, however often it was converted.
    target_id uuid NOT NULL,
    target_kind text NOT NULL CHECK (target_kind IN ('thread', 'post')),
    actor_id uuid REFERENCES users ON DELETE SET NULL,
    facts jsonb NOT NULL,
    inserted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX conversions_target ON conversions (target_id);

-- The same of what was said: an item keeps its id, as a message or as a comment.
CREATE TABLE converted_items (
    item_id uuid PRIMARY KEY,
    -- As a message: reactions, pin, what it answered.
    message jsonb,
    -- As a comment: votes, its place in the tree.
    comment jsonb
);
