-- What votes make of posts, apart from posts.
--
-- A vote changes every rank, and every index over one. Beside the text, and what comments and clocks move, that was a new
-- version of a wide row and an entry in each of more than twenty indexes; here it is a narrow row and nine.

CREATE TABLE post_ranks (
    id uuid PRIMARY KEY REFERENCES posts ON DELETE CASCADE,
    -- Of the post, whatever changes it: see the triggers.
    forum_id uuid NOT NULL,
    hot_epoch bigint NOT NULL,
    hot_seconds integer NOT NULL,
    inserted_at timestamptz NOT NULL,
    -- Neither deleted nor removed.
    shown boolean NOT NULL,
    upvotes integer NOT NULL CHECK (upvotes >= 0),
    downvotes integer NOT NULL CHECK (downvotes >= 0),
    score integer NOT NULL GENERATED ALWAYS AS (upvotes - downvotes) STORED,
    hot double precision NOT NULL
        GENERATED ALWAYS AS (rank_hot(upvotes, downvotes, inserted_at, hot_epoch, hot_seconds)) STORED,
    best double precision NOT NULL GENERATED ALWAYS AS (rank_best(upvotes, downvotes)) STORED,
    controversy double precision NOT NULL GENERATED ALWAYS AS (rank_controversy(upvotes, downvotes)) STORED
) WITH (fillfactor = 70);

INSERT INTO post_ranks (id, forum_id, hot_epoch, hot_seconds, inserted_at, shown, upvotes, downvotes)
SELECT id, forum_id, hot_epoch, hot_seconds, inserted_at, deleted_at IS NULL AND removed_at IS NULL, upvotes, downvotes
FROM posts;

CREATE INDEX post_ranks_hot ON post_ranks (forum_id, hot DESC, inserted_at DESC, id DESC) WHERE shown;
CREATE INDEX post_ranks_all_hot ON post_ranks (hot DESC, inserted_at DESC, id DESC) WHERE shown;
CREATE INDEX post_ranks_top ON post_ranks (forum_id, score DESC, inserted_at DESC, id DESC) WHERE shown;
CREATE INDEX post_ranks_all_top ON post_ranks (score DESC, inserted_at DESC, id DESC) WHERE shown;
CREATE INDEX post_ranks_best ON post_ranks (forum_id, best DESC, inserted_at DESC, id DESC) WHERE shown;
CREATE INDEX post_ranks_all_best ON post_ranks (best DESC, inserted_at DESC, id DESC) WHERE shown;
CREATE INDEX post_ranks_controversial ON post_ranks (forum_id, controversy DESC, inserted_at DESC, id DESC) WHERE shown;
CREATE INDEX post_ranks_all_controversial ON post_ranks (controversy DESC, inserted_at DESC, id DESC) WHERE shown;

-- Their indexes go with them.
ALTER TABLE posts DROP COLUMN score, DROP COLUMN hot, DROP COLUMN best, DROP COLUMN controversy;
ALTER TABLE posts DROP COLUMN upvotes, DROP COLUMN downvotes;

-- A post's rank begins with it, by the votes that are there.
CREATE FUNCTION rank_new_posts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO post_ranks (id, forum_id, hot_epoch, hot_seconds, inserted_at, shown, upvotes, downvotes)
    SELECT n.id, n.forum_id, n.hot_epoch, n.hot_seconds, n.inserted_at, n.deleted_at IS NULL AND n.removed_at IS NULL,
        v.up, v.down
    FROM new_posts n, LATERAL (
        SELECT count(*) FILTER (WHERE counted = 1) AS up, count(*) FILTER (WHERE counted = -1) AS down
        FROM votes WHERE item_id = n.id
    ) v;
    RETURN NULL;
END
$$;
CREATE TRIGGER rank_new AFTER INSERT ON posts REFERENCING NEW TABLE AS new_posts
    FOR EACH STATEMENT EXECUTE FUNCTION rank_new_posts();

-- And follows it.
CREATE FUNCTION rank_changed_post() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE post_ranks SET forum_id = new.forum_id, hot_epoch = new.hot_epoch, hot_seconds = new.hot_seconds,
        inserted_at = new.inserted_at, shown = new.deleted_at IS NULL AND new.removed_at IS NULL
    WHERE id = new.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER rank_changed AFTER UPDATE OF forum_id, hot_epoch, hot_seconds, inserted_at, deleted_at, removed_at ON posts
    FOR EACH ROW WHEN (
        (old.forum_id, old.hot_epoch, old.hot_seconds, old.inserted_at, old.deleted_at IS NULL AND old.removed_at IS NULL)
        IS DISTINCT FROM
        (new.forum_id, new.hot_epoch, new.hot_seconds, new.inserted_at, new.deleted_at IS NULL AND new.removed_at IS NULL)
    ) EXECUTE FUNCTION rank_changed_post();

-- The act of the log that took its weight: only that act, taken back, gives it back. Null for what was revoked before.
ALTER TABLE votes ADD revocation_id uuid;

-- Pages of comments count what they do not show: all by an index that is there, less those deleted with nothing below them.
CREATE INDEX comments_deleted ON comments (post_id, parent_id) WHERE deleted_at IS NOT NULL;
