-- Forums: posts, comment trees, votes.
--
-- Whoever locks several of these takes them in this order: forum, post, comments (by id), votes, karma (by person).

CREATE EXTENSION IF NOT EXISTS ltree;

-- What votes make of a post or comment: `forums/ranking.py` explains each, and a test holds the two together. They are
-- generated columns, so whatever writes a row or moves its counters cannot leave a rank behind.
CREATE FUNCTION rank_hot(up integer, down integer, at timestamptz, since bigint, seconds integer)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    floor((
        sign(up - down) * log(greatest(abs(up - down), 1)::double precision)
        + (extract(epoch FROM at - timestamptz '1970-01-01 00:00:00+00')::double precision - since) / seconds
    ) * 1e7 + 0.5) / 1e7;
CREATE FUNCTION wilson_low(p double precision, n double precision, z double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    (p + z * z / (2 * n) - z * sqrt((p * (1 - p) + z * z / (4 * n)) / n)) / (1 + z * z / n);
CREATE FUNCTION rank_best(up integer, down integer)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE WHEN up > 0 THEN wilson_low(up::double precision / (up + down), up + down, 1.281551565545) ELSE 0 END;
CREATE FUNCTION rank_controversy(up integer, down integer)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE WHEN up > 0 AND down > 0
        THEN (up + down)::double precision ^ (least(up, down)::double precision / greatest(up, down)) ELSE 0 END;

-- Who may what creators may, in every forum.
CREATE VIEW administrators AS SELECT id AS user_id FROM users WHERE admin AND state = 'active';

CREATE TABLE forums (
    -- Also the id of its stream.
    id uuid PRIMARY KEY REFERENCES streams ON DELETE CASCADE,
    slug text COLLATE "C" NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9](-?[a-z0-9]){1,31}$'),
    parent_id uuid REFERENCES forums ON DELETE RESTRICT,
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 100),
    description text CHECK (length(description) BETWEEN 1 AND 500),
    sidebar text CHECK (length(sidebar) <= 10000),
    rules text[] NOT NULL DEFAULT '{}',
    icon_url text CHECK (length(icon_url) <= 2048),
    -- unlisted: for whoever knows the name; private: for subscribers moderators have let in.
    visibility text NOT NULL DEFAULT 'public' CHECK (visibility IN ('public', 'unlisted', 'private')),
    posting text NOT NULL DEFAULT 'anyone' CHECK (posting IN ('anyone', 'subscribers', 'moderators')),
    downvotes boolean NOT NULL DEFAULT true,
    nsfw boolean NOT NULL DEFAULT false,
    languages text[] NOT NULL DEFAULT '{}',
    default_sort text NOT NULL DEFAULT 'hot',
    -- "hot": from when it is counted, and how many seconds are worth ten times the votes.
    hot_epoch bigint NOT NULL DEFAULT 1134028003,
    hot_seconds integer NOT NULL DEFAULT 45000 CHECK (hot_seconds > 0),
    creator_id uuid REFERENCES users ON DELETE SET NULL,
    subscriber_count integer NOT NULL DEFAULT 0 CHECK (subscriber_count >= 0),
    post_count integer NOT NULL DEFAULT 0 CHECK (post_count >= 0),
    comment_count integer NOT NULL DEFAULT 0 CHECK (comment_count >= 0),
    -- Read-only for all.
    archived_at timestamptz,
    deleted_at timestamptz,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (id, hot_epoch, hot_seconds)
) WITH (fillfactor = 70);
CREATE INDEX forums_parent ON forums (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX forums_creator ON forums (creator_id) WHERE deleted_at IS NULL;
CREATE INDEX forums_public ON forums (subscriber_count DESC, id DESC) WHERE deleted_at IS NULL AND visibility = 'public';

-- In order: who has the lower position outranks the others.
CREATE TABLE forum_moderators (
    forum_id uuid NOT NULL REFERENCES forums ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    position integer NOT NULL,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (forum_id, user_id),
    UNIQUE (forum_id, position) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX forum_moderators_user ON forum_moderators (user_id);

CREATE TABLE forum_subscriptions (
    forum_id uuid NOT NULL REFERENCES forums ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    -- pending: waits for a moderator of a private forum.
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'pending')),
    level text NOT NULL DEFAULT 'normal'
        CHECK (level IN ('watching', 'first_posts', 'tracking', 'normal', 'muted')),
    inserted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (forum_id, user_id)
);
CREATE INDEX forum_subscriptions_user ON forum_subscriptions (user_id);
-- Those who hear of new posts; and all, in the order they came.
CREATE INDEX forum_subscriptions_told ON forum_subscriptions (forum_id, user_id) WHERE level IN ('watching', 'first_posts');
CREATE INDEX forum_subscriptions_listed ON forum_subscriptions (forum_id, state, inserted_at, user_id);

CREATE TABLE posts (
    -- Also the id of its stream.
    id uuid PRIMARY KEY REFERENCES streams ON DELETE CASCADE,
    forum_id uuid NOT NULL,
    -- The forum's, whatever it is moved to or changes them to: see the foreign key.
    hot_epoch bigint NOT NULL,
    hot_seconds integer NOT NULL,
    author_id uuid REFERENCES users ON DELETE SET NULL,
    kind text NOT NULL CHECK (kind IN ('text', 'link', 'poll')),
    title text NOT NULL,
    -- Markdown as it was written; empty once deleted.
    content text NOT NULL DEFAULT '',
    url text CHECK (length(url) <= 2048),
    language text,
    nsfw boolean NOT NULL DEFAULT false,
    crosspost_of_id uuid REFERENCES posts ON DELETE SET NULL,
    mentions uuid[] NOT NULL DEFAULT '{}',
    upvotes integer NOT NULL DEFAULT 0 CHECK (upvotes >= 0),
    downvotes integer NOT NULL DEFAULT 0 CHECK (downvotes >= 0),
    score integer NOT NULL GENERATED ALWAYS AS (upvotes - downvotes) STORED,
    hot double precision NOT NULL
        GENERATED ALWAYS AS (rank_hot(upvotes, downvotes, inserted_at, hot_epoch, hot_seconds)) STORED,
    best double precision NOT NULL GENERATED ALWAYS AS (rank_best(upvotes, downvotes)) STORED,
    controversy double precision NOT NULL GENERATED ALWAYS AS (rank_controversy(upvotes, downvotes)) STORED,
    -- These two fade by themselves: written by a job, 0 for what has had its time.
    rising double precision NOT NULL DEFAULT 0,
    scaled double precision NOT NULL DEFAULT 0,
    -- By the last comment that counts for "active".
    active_at timestamptz NOT NULL,
    comment_count integer NOT NULL DEFAULT 0 CHECK (comment_count >= 0),
    last_comment_at timestamptz,
    commented_at timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(last_comment_at, inserted_at)) STORED,
    inserted_at timestamptz NOT NULL,
    edited_at timestamptz,
    -- By its author; nobody's business why.
    deleted_at timestamptz,
    -- By a moderator, who can take it back.
    removed_at timestamptz,
    removed_by uuid REFERENCES users ON DELETE SET NULL,
    locked_at timestamptz,
    archived_at timestamptz,
    pinned_at timestamptz,
    pinned_until timestamptz,
    FOREIGN KEY (forum_id, hot_epoch, hot_seconds) REFERENCES forums (id, hot_epoch, hot_seconds)
        ON UPDATE CASCADE ON DELETE CASCADE
) WITH (fillfactor = 70);
CREATE INDEX posts_author ON posts (author_id, id);
CREATE INDEX posts_crosspost ON posts (crosspost_of_id) WHERE crosspost_of_id IS NOT NULL;
CREATE INDEX posts_url ON posts (url, id) WHERE url IS NOT NULL;
-- One index per way of ranking, of what is shown at all, in one forum and in all: a page reads no more than it shows.
-- What is equal in rank is ordered by time.
CREATE INDEX posts_new ON posts (forum_id, inserted_at DESC, id DESC)
    WHERE deleted_at IS NULL AND removed_at IS NULL;
CREATE INDEX posts_all_new ON posts (inserted_at DESC, id DESC)
    WHERE deleted_at IS NULL AND removed_at IS NULL;
CREATE INDEX posts_hot ON posts (forum_id, hot DESC, inserted_at DESC, id DESC)
    WHERE deleted_at IS NULL AND removed_at IS NULL;
CREATE INDEX posts_all_hot ON posts (hot DESC, inserted_at DESC, id DESC)
    WHERE deleted_at IS NULL AND removed_at IS NULL;
CREATE INDEX posts_top ON posts (forum_id, score DESC, inserted_at DESC, id DESC)
    WHERE deleted_at IS NULL AND removed_at IS NULL;
CREATE INDEX posts_all_top ON posts (score DESC, inserted_at DESC, id DESC)
    WHERE deleted_at IS NULL AND removed_at IS NULL;
CREATE INDEX posts_best ON posts (forum_id, best DESC, inserted_at DESC, id DESC)
    WHERE deleted_at IS NULL AND removed_at IS NULL;
CREATE INDEX posts_all_best ON posts (best DESC, inserted_at DESC, id DESC)
    WHERE deleted_at IS NULL AND removed_at IS NULL;
CREATE INDEX posts_controversial ON posts (forum_id, controversy DESC, inserted_at DESC, id DESC)
    WHERE deleted_at IS NULL AND removed_at IS NULL;
CREATE INDEX posts_all_controversial ON posts (controversy DESC, inserted_at DESC, id DESC)
    WHERE deleted_at IS NULL AND removed_at IS NULL;
CREATE INDEX posts_active ON posts (forum_id, active_at DESC, inserted_at DESC, id DESC)
    WHERE deleted_at IS NULL AND removed_at IS NULL;
CREATE INDEX posts_all_active ON posts (active_at DESC, inserted_at DESC, id DESC)
    WHERE deleted_at IS NULL AND removed_at IS NULL;
CREATE INDEX posts_rising ON posts (forum_id, rising DESC, inserted_at DESC, id DESC)
    WHERE deleted_at IS NULL AND removed_at IS NULL;
CREATE INDEX posts_all_rising ON posts (rising DESC, inserted_at DESC, id DESC)
    WHERE deleted_at IS NULL AND removed_at IS NULL;
CREATE INDEX posts_scaled ON posts (forum_id, scaled DESC, inserted_at DESC, id DESC)
    WHERE deleted_at IS NULL AND removed_at IS NULL;
CREATE INDEX posts_all_scaled ON posts (scaled DESC, inserted_at DESC, id DESC)
    WHERE deleted_at IS NULL AND removed_at IS NULL;

CREATE INDEX posts_comments ON posts (forum_id, comment_count DESC, inserted_at DESC, id DESC)
    WHERE deleted_at IS NULL AND removed_at IS NULL;
CREATE INDEX posts_all_comments ON posts (comment_count DESC, inserted_at DESC, id DESC)
    WHERE deleted_at IS NULL AND removed_at IS NULL;
CREATE INDEX posts_commented ON posts (forum_id, commented_at DESC, inserted_at DESC, id DESC)
    WHERE deleted_at IS NULL AND removed_at IS NULL;
CREATE INDEX posts_all_commented ON posts (commented_at DESC, inserted_at DESC, id DESC)
    WHERE deleted_at IS NULL AND removed_at IS NULL;
CREATE INDEX posts_pinned ON posts (forum_id) WHERE pinned_at IS NOT NULL;

CREATE TABLE polls (
    post_id uuid PRIMARY KEY REFERENCES posts ON DELETE CASCADE,
    multiple boolean NOT NULL,
    -- Nobody sees how it stands before it has ended.
    hide_results boolean NOT NULL,
    -- Null: it goes on.
    ends_at timestamptz,
    voter_count integer NOT NULL DEFAULT 0 CHECK (voter_count >= 0)
);

CREATE TABLE poll_answers (
    post_id uuid NOT NULL REFERENCES polls ON DELETE CASCADE,
    -- From 1, as the author put them.
    answer smallint NOT NULL,
    text text NOT NULL CHECK (length(text) BETWEEN 1 AND 100),
    votes integer NOT NULL DEFAULT 0 CHECK (votes >= 0),
    PRIMARY KEY (post_id, answer)
);

CREATE TABLE poll_votes (
    post_id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    answer smallint NOT NULL,
    PRIMARY KEY (post_id, user_id, answer),
    FOREIGN KEY (post_id, answer) REFERENCES poll_answers ON DELETE CASCADE
);

-- What a person has done with a post for themselves.
CREATE TABLE post_marks (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    post_id uuid NOT NULL REFERENCES posts ON DELETE CASCADE,
    saved_at timestamptz,
    hidden_at timestamptz,
    -- Hears of every comment.
    followed_at timestamptz,
    read_at timestamptz,
    -- How many comments there were then: what came later is new.
    read_comments integer NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, post_id)
) WITH (fillfactor = 80);
CREATE INDEX post_marks_saved ON post_marks (user_id, saved_at DESC, post_id DESC) WHERE saved_at IS NOT NULL;
CREATE INDEX post_marks_hidden ON post_marks (user_id, hidden_at DESC, post_id DESC) WHERE hidden_at IS NOT NULL;
CREATE INDEX post_marks_followed ON post_marks (post_id, user_id) WHERE followed_at IS NOT NULL;

-- Words a person does not want to read of: in lists, posts with one in the title are left out.
CREATE TABLE forum_muted_words (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    -- In lower case.
    word text COLLATE "C" NOT NULL CHECK (length(word) BETWEEN 1 AND 50),
    PRIMARY KEY (user_id, word)
);

-- What people have begun to write.
CREATE TABLE drafts (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    -- Of the client's choice: where it is being written.
    key text COLLATE "C" NOT NULL CHECK (length(key) BETWEEN 1 AND 100),
    revision integer NOT NULL,
    content jsonb NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX drafts_updated ON drafts (updated_at);

-- What a post or comment said before, newest text in the thing itself.
CREATE TABLE forum_revisions (
    item_id uuid NOT NULL,
    revision integer NOT NULL,
    title text,
    content text NOT NULL,
    editor_id uuid REFERENCES users ON DELETE SET NULL,
    -- When this text was written.
    inserted_at timestamptz NOT NULL,
    PRIMARY KEY (item_id, revision)
);

CREATE TABLE comments (
    id uuid PRIMARY KEY,
    post_id uuid NOT NULL REFERENCES posts ON DELETE CASCADE,
    forum_id uuid NOT NULL,
    parent_id uuid REFERENCES comments ON DELETE CASCADE,
    -- What it answers, where that lies deeper than a comment can: then `parent_id` is the last that could.
    reply_to_id uuid,
    -- The ids from the top of the tree down to itself, each as 32 hexadecimal digits.
    path ltree NOT NULL,
    depth smallint NOT NULL CHECK (depth BETWEEN 1 AND 50),
    author_id uuid REFERENCES users ON DELETE SET NULL,
    content text NOT NULL,
    mentions uuid[] NOT NULL DEFAULT '{}',
    upvotes integer NOT NULL DEFAULT 0 CHECK (upvotes >= 0),
    downvotes integer NOT NULL DEFAULT 0 CHECK (downvotes >= 0),
    score integer NOT NULL GENERATED ALWAYS AS (upvotes - downvotes) STORED,
    -- Within one post only the difference counts, so the terms are the same for all forums.
    hot double precision NOT NULL
        GENERATED ALWAYS AS (rank_hot(upvotes, downvotes, inserted_at, 1134028003, 45000)) STORED,
    best double precision NOT NULL GENERATED ALWAYS AS (rank_best(upvotes, downvotes)) STORED,
    controversy double precision NOT NULL GENERATED ALWAYS AS (rank_controversy(upvotes, downvotes)) STORED,
    -- For "qa": its writer began the post or moderated the forum; such a one has answered it.
    host boolean NOT NULL DEFAULT false,
    answered boolean NOT NULL DEFAULT false,
    lifted boolean NOT NULL GENERATED ALWAYS AS (host OR answered) STORED,
    -- Answers to it, and all that hangs below it. What its author deleted is counted as long as something hangs below it.
    child_count integer NOT NULL DEFAULT 0 CHECK (child_count >= 0),
    descendant_count integer NOT NULL DEFAULT 0 CHECK (descendant_count >= child_count),
    -- The numbers of the post's events that carry its text.
    told_seqs bigint[] NOT NULL DEFAULT '{}',
    inserted_at timestamptz NOT NULL,
    edited_at timestamptz,
    deleted_at timestamptz,
    removed_at timestamptz,
    removed_by uuid REFERENCES users ON DELETE SET NULL,
    -- Nothing can be said below it.
    locked_at timestamptz
) WITH (fillfactor = 80);
-- What hangs below a comment is the range of paths that begin with its own.
CREATE INDEX comments_path ON comments (post_id, path);
CREATE INDEX comments_author ON comments (author_id, id);
-- The answers to one comment, or those at the top, in each order.
CREATE INDEX comments_new ON comments (post_id, parent_id, inserted_at, id);
CREATE INDEX comments_best ON comments (post_id, parent_id, best DESC, id);
CREATE INDEX comments_top ON comments (post_id, parent_id, score DESC, id);
CREATE INDEX comments_hot ON comments (post_id, parent_id, hot DESC, id);
CREATE INDEX comments_controversial ON comments (post_id, parent_id, controversy DESC, id);
CREATE INDEX comments_qa ON comments (post_id, parent_id, lifted DESC, best DESC, id);

-- One per person and thing; 0: taken back.
CREATE TABLE votes (
    item_id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    item_kind text NOT NULL CHECK (item_kind IN ('post', 'comment')),
    forum_id uuid NOT NULL,
    value smallint NOT NULL CHECK (value BETWEEN -1 AND 1),
    -- What of it is in the counters, and what was before it was last written: the difference is what a vote changes.
    counted smallint NOT NULL GENERATED ALWAYS AS (CASE WHEN revoked_at IS NULL THEN value ELSE 0 END) STORED,
    before smallint NOT NULL DEFAULT 0,
    -- Does not count: its giver is banned and it was taken out (D11); given back, it counts again.
    revoked_at timestamptz,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (item_id, user_id)
) WITH (fillfactor = 90);
CREATE INDEX votes_user ON votes (user_id, forum_id);
-- Rows come in the order of time: the last hours are a range of blocks.
CREATE INDEX votes_recent ON votes USING brin (inserted_at) WITH (pages_per_range = 32);

-- What others' votes gave a person, their own for themselves left out.
CREATE TABLE karma (
    forum_id uuid NOT NULL REFERENCES forums ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    posts integer NOT NULL DEFAULT 0,
    comments integer NOT NULL DEFAULT 0,
    PRIMARY KEY (forum_id, user_id)
) WITH (fillfactor = 70);
CREATE INDEX karma_user ON karma (user_id);

CREATE TABLE forum_bans (
    forum_id uuid NOT NULL REFERENCES forums ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    banned_by uuid REFERENCES users ON DELETE SET NULL,
    reason text CHECK (length(reason) BETWEEN 1 AND 512),
    -- Null: for good.
    expires_at timestamptz,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (forum_id, user_id)
);
CREATE INDEX forum_bans_user ON forum_bans (user_id);

-- What moderators did, and why; readable by whoever may read the forum. Only ever appended to.
CREATE TABLE forum_log (
    id uuid PRIMARY KEY,
    forum_id uuid NOT NULL REFERENCES forums ON DELETE CASCADE,
    actor_id uuid REFERENCES users ON DELETE SET NULL,
    -- 'post_removed', 'user_banned' …
    action text NOT NULL,
    target_id uuid,
    changes jsonb NOT NULL DEFAULT '{}',
    reason text CHECK (length(reason) BETWEEN 1 AND 512),
    inserted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX forum_log_forum ON forum_log (forum_id, id);
