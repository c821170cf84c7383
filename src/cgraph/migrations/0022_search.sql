-- Search: what can be found, and what has changed since it was written down.

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS btree_gin;

-- One row per thing as it is found. Partitions are made as they are needed, by the quarter of a year, so that a list that
-- is newest first ends in the newest that fill it; for that there is no default one, which might hold anything. Nothing is
-- unique: one job at a time writes here, and takes out what it writes anew.
CREATE TABLE search_documents (
    inserted_at timestamptz NOT NULL,
    seq bigint,
    id uuid NOT NULL,
    -- Who may read this may read the document.
    container_id uuid NOT NULL,
    -- The channel a public thread hangs on.
    channel_id uuid,
    -- The group, or one constant for all that lies in forums and one for all people: who may read that reads all of it, but
    -- for what is taken from them.
    community_id uuid,
    item_id uuid,
    author_id uuid,
    -- Of the rebuild that last wrote it; older ones go when that is over.
    generation integer NOT NULL,
    kind text COLLATE "C" NOT NULL,
    features text[] COLLATE "C" NOT NULL,
    -- Made by us, never by a configuration of the database's.
    terms tsvector NOT NULL
) PARTITION BY RANGE (inserted_at);
CREATE TABLE search_documents_before PARTITION OF search_documents FOR VALUES FROM (MINVALUE) TO ('1970-01-01Z');
CREATE TABLE search_documents_after PARTITION OF search_documents FOR VALUES FROM ('2200-01-01Z') TO (MAXVALUE);
-- What is common is met soon, from the newest on; what lies in one container is read in its order.
CREATE INDEX search_documents_new ON search_documents (inserted_at DESC, id DESC);
CREATE INDEX search_documents_container ON search_documents (container_id, inserted_at DESC, id DESC);
-- What is neither common nor in few containers is where these meet, before a row is looked at.
CREATE INDEX search_documents_found ON search_documents USING gin (terms, features)
    WITH (fastupdate = on, gin_pending_list_limit = 512);
CREATE INDEX search_documents_community ON search_documents (community_id);
CREATE INDEX search_documents_author ON search_documents (author_id);
CREATE INDEX search_documents_file ON search_documents (item_id) WHERE kind = 'file';

-- Every word of every document, for fragments and for what is misspelt. Never shown.
CREATE TABLE search_words (
    word text COLLATE "C" PRIMARY KEY,
    -- When it was last looked whether a document has it.
    checked_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX search_words_trigrams ON search_words USING gin (word gin_trgm_ops);
CREATE INDEX search_words_checked ON search_words (checked_at);

-- How far each kind has been written anew. No time it ended: it is under way, or about to be.
CREATE TABLE search_rebuilds (
    kind text COLLATE "C" PRIMARY KEY,
    -- Where it goes on: after this container's or thing's number.
    after_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    after_seq bigint NOT NULL DEFAULT 0,
    -- Documents written so far.
    done bigint NOT NULL DEFAULT 0,
    generation integer NOT NULL DEFAULT 1,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
-- What is there already is found once it has been written down.
INSERT INTO search_rebuilds (kind) VALUES ('message'), ('post'), ('comment'), ('user'), ('group'), ('channel'), ('forum');

-- What has changed, written by the transaction that changes it and taken out by the one that writes the index. Numbers are
-- not in the order of commits: what is read is taken out, never what is below a number.
CREATE TABLE search_changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    changed_at timestamptz NOT NULL DEFAULT now(),
    -- When the thing itself was written, by which it is found in the index.
    inserted_at timestamptz,
    thing_id uuid NOT NULL,
    -- Of messages: their ids are their own only there.
    container_id uuid,
    kind text COLLATE "C" NOT NULL
) WITH (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
    autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 1000000000
);

-- Whole statements: many rows cost one call. Updates come by the row, for a trigger with a table of rows cannot be asked to
-- look at some columns only, and those of votes, counters and marks are most.
CREATE FUNCTION note_messages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_changes (inserted_at, thing_id, container_id, kind)
    SELECT inserted_at, id, conversation_id, 'message' FROM changed WHERE kind = 'text';
    RETURN NULL;
END $$;
CREATE TRIGGER note_new AFTER INSERT ON messages REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_messages();
CREATE TRIGGER note_gone AFTER DELETE ON messages REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_messages();
CREATE FUNCTION note_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_changes (inserted_at, thing_id, container_id, kind)
    VALUES (new.inserted_at, new.id, new.conversation_id, 'message');
    RETURN NULL;
END $$;
CREATE TRIGGER note_changed AFTER UPDATE OF content, deleted_at, edited_at, pinned_at, sender_id ON messages
    FOR EACH ROW WHEN (
        new.kind = 'text' AND (old.content, old.deleted_at, old.edited_at, old.pinned_at, old.sender_id)
        IS DISTINCT FROM (new.content, new.deleted_at, new.edited_at, new.pinned_at, new.sender_id)
    ) EXECUTE FUNCTION note_message();

-- The rest has an id of its own, and a time. The argument is the kind.
CREATE FUNCTION note_things() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_changes (inserted_at, thing_id, kind) SELECT inserted_at, id, TG_ARGV[0] FROM changed;
    RETURN NULL;
END $$;
-- Where its time changes, it is to be found where it was.
CREATE FUNCTION note_thing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_changes (inserted_at, thing_id, kind) VALUES (old.inserted_at, new.id, TG_ARGV[0]);
    RETURN NULL;
END $$;

CREATE TRIGGER note_new AFTER INSERT ON posts REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_things('post');
CREATE TRIGGER note_gone AFTER DELETE ON posts REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_things('post');
CREATE TRIGGER note_changed AFTER UPDATE OF forum_id, author_id, kind, title, content, url, language, nsfw, inserted_at,
    edited_at, deleted_at, removed_at, locked_at, archived_at, pinned_at, distinguished ON posts
    FOR EACH ROW WHEN (
        (old.forum_id, old.author_id, old.kind, old.title, old.content, old.url, old.language, old.nsfw, old.inserted_at,
            old.edited_at, old.deleted_at, old.removed_at, old.locked_at, old.archived_at, old.pinned_at, old.distinguished)
        IS DISTINCT FROM
        (new.forum_id, new.author_id, new.kind, new.title, new.content, new.url, new.language, new.nsfw, new.inserted_at,
            new.edited_at, new.deleted_at, new.removed_at, new.locked_at, new.archived_at, new.pinned_at, new.distinguished)
    ) EXECUTE FUNCTION note_thing('post');

CREATE TRIGGER note_new AFTER INSERT ON comments REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_things('comment');
CREATE TRIGGER note_gone AFTER DELETE ON comments REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_things('comment');
CREATE TRIGGER note_changed AFTER UPDATE OF forum_id, post_id, author_id, content, inserted_at, edited_at, deleted_at,
    removed_at, locked_at, distinguished ON comments
    FOR EACH ROW WHEN (
        (old.forum_id, old.post_id, old.author_id, old.content, old.inserted_at, old.edited_at, old.deleted_at,
            old.removed_at, old.locked_at, old.distinguished)
        IS DISTINCT FROM
        (new.forum_id, new.post_id, new.author_id, new.content, new.inserted_at, new.edited_at, new.deleted_at,
            new.removed_at, new.locked_at, new.distinguished)
    ) EXECUTE FUNCTION note_thing('comment');

CREATE TRIGGER note_new AFTER INSERT ON users REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_things('user');
CREATE TRIGGER note_gone AFTER DELETE ON users REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_things('user');
CREATE TRIGGER note_changed AFTER UPDATE OF username, display_name, state ON users
    FOR EACH ROW WHEN (
        (old.username, old.display_name, old.state) IS DISTINCT FROM (new.username, new.display_name, new.state)
    ) EXECUTE FUNCTION note_thing('user');

CREATE TRIGGER note_new AFTER INSERT ON groups REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_things('group');
CREATE TRIGGER note_gone AFTER DELETE ON groups REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_things('group');
CREATE TRIGGER note_changed AFTER UPDATE OF name, description ON groups
    FOR EACH ROW WHEN ((old.name, old.description) IS DISTINCT FROM (new.name, new.description))
    EXECUTE FUNCTION note_thing('group');

CREATE TRIGGER note_new AFTER INSERT ON group_channels REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_things('channel');
CREATE TRIGGER note_gone AFTER DELETE ON group_channels REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_things('channel');
CREATE TRIGGER note_changed AFTER UPDATE OF name, topic, kind, archived_at ON group_channels
    FOR EACH ROW WHEN (
        (old.name, old.topic, old.kind, old.archived_at) IS DISTINCT FROM (new.name, new.topic, new.kind, new.archived_at)
    )
    EXECUTE FUNCTION note_thing('channel');

CREATE TRIGGER note_new AFTER INSERT ON group_threads REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_things('channel');
CREATE TRIGGER note_gone AFTER DELETE ON group_threads REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_things('channel');
CREATE TRIGGER note_changed AFTER UPDATE OF name, archived_at, locked ON group_threads
    FOR EACH ROW WHEN ((old.name, old.archived_at, old.locked) IS DISTINCT FROM (new.name, new.archived_at, new.locked))
    EXECUTE FUNCTION note_thing('channel');

CREATE TRIGGER note_new AFTER INSERT ON forums REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_things('forum');
CREATE TRIGGER note_gone AFTER DELETE ON forums REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_things('forum');
CREATE TRIGGER note_changed AFTER UPDATE OF slug, title, description, visibility, nsfw, archived_at, deleted_at ON forums
    FOR EACH ROW WHEN (
        (old.slug, old.title, old.description, old.visibility, old.nsfw, old.archived_at, old.deleted_at) IS DISTINCT FROM
        (new.slug, new.title, new.description, new.visibility, new.nsfw, new.archived_at, new.deleted_at)
    ) EXECUTE FUNCTION note_thing('forum');

-- Files are found with what they hang on, whose row says when: it is read when the change is followed.
CREATE FUNCTION note_attachments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_changes (thing_id, container_id, kind)
    SELECT DISTINCT item_id, CASE WHEN kind = 'message' THEN place_id END, kind FROM changed
    WHERE kind IN ('message', 'post', 'comment');
    RETURN NULL;
END $$;
CREATE TRIGGER note_new AFTER INSERT ON file_attachments REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_attachments();
CREATE TRIGGER note_gone AFTER DELETE ON file_attachments REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_attachments();
CREATE FUNCTION note_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_changes (thing_id, container_id, kind)
    SELECT item_id, CASE WHEN kind = 'message' THEN place_id END, kind FROM file_attachments
    WHERE file_id = new.id AND kind IN ('message', 'post', 'comment');
    RETURN NULL;
END $$;
CREATE TRIGGER note_changed AFTER UPDATE OF name, alt_text, state ON files
    FOR EACH ROW WHEN ((old.name, old.alt_text, old.state) IS DISTINCT FROM (new.name, new.alt_text, new.state))
    EXECUTE FUNCTION note_file();

-- Whose work it is to write the index, one at a time: whoever holds the row.
CREATE TABLE search_turn (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    -- Grows with each turn: what is written in a later one is at least as new.
    version bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 10);
INSERT INTO search_turn DEFAULT VALUES;

-- Searches people keep by a name.
CREATE TABLE saved_searches (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    -- As it was typed: what it means is asked when it is searched for.
    q text NOT NULL CHECK (length(q) BETWEEN 1 AND 4000),
    inserted_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX saved_searches_name ON saved_searches (user_id, lower(name));

-- What people have searched for lately, a few of each; and who wants nothing kept.
CREATE TABLE recent_searches (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    q text COLLATE "C" NOT NULL CHECK (length(q) BETWEEN 1 AND 500),
    searched_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, q)
);
CREATE TABLE search_preferences (
    user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    keep_recent boolean NOT NULL DEFAULT true
);
