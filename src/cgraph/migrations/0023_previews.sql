-- Previews of links.

-- Pictures of pages, made small. Their ids are random: whoever knows one may look, as anybody may at the page.
CREATE TABLE link_images (
    id uuid PRIMARY KEY,
    -- SHA-256 of what is kept, so that it is kept once.
    hash bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
    size integer NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    inserted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX link_images_age ON link_images (inserted_at);

-- What pages say of themselves, by address, as they were read last.
CREATE TABLE link_previews (
    id uuid PRIMARY KEY,
    url text COLLATE "C" NOT NULL UNIQUE CHECK (length(url) <= 2048),
    host text NOT NULL,
    -- What is shown of it; null: nothing.
    page jsonb,
    image_id uuid REFERENCES link_images,
    -- When it is to be read anew, if anybody asks; null: it never was.
    expires_at timestamptz,
    inserted_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 90);
CREATE INDEX link_previews_expire ON link_previews (coalesce(expires_at, inserted_at));
CREATE INDEX link_previews_image ON link_previews (image_id) WHERE image_id IS NOT NULL;

-- Where links stand: in messages, posts and comments.
CREATE TABLE link_preview_uses (
    kind text NOT NULL CHECK (kind IN ('message', 'post', 'comment')),
    item_id uuid NOT NULL,
    preview_id uuid NOT NULL REFERENCES link_previews,
    -- Of a message: its conversation, channel or thread.
    place_id uuid,
    position smallint NOT NULL,
    -- What is to be said of it there has been said, be it nothing.
    settled boolean NOT NULL DEFAULT false,
    -- The picture that is shown there.
    image_id uuid REFERENCES link_images,
    PRIMARY KEY (kind, item_id, preview_id)
);
CREATE INDEX link_preview_uses_preview ON link_preview_uses (preview_id, settled);
CREATE INDEX link_preview_uses_image ON link_preview_uses (image_id) WHERE image_id IS NOT NULL;

-- Who is being asked, so that nobody is asked twice at a time.
CREATE TABLE link_preview_hosts (
    host text PRIMARY KEY,
    until timestamptz NOT NULL
);

-- What is shown of the links in a text: whoever reads it reads that along. Null: nothing. `previews_off`: nothing ever.
-- `preview_seqs`: where the log of the place has told of them.
ALTER TABLE messages ADD previews jsonb, ADD previews_off boolean NOT NULL DEFAULT false, ADD preview_seqs bigint[];
ALTER TABLE posts ADD previews jsonb, ADD previews_off boolean NOT NULL DEFAULT false;
ALTER TABLE comments ADD previews jsonb, ADD previews_off boolean NOT NULL DEFAULT false;

-- What is taken back shows no links, whoever takes it back. The argument is the kind.
CREATE FUNCTION drop_previews() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM link_preview_uses WHERE kind = TG_ARGV[0] AND item_id = new.id;
    new.previews := NULL;
    RETURN new;
END $$;
CREATE TRIGGER drop_previews BEFORE UPDATE OF deleted_at ON messages FOR EACH ROW
    WHEN (old.deleted_at IS NULL AND new.deleted_at IS NOT NULL) EXECUTE FUNCTION drop_previews('message');
CREATE TRIGGER drop_previews BEFORE UPDATE OF deleted_at ON posts FOR EACH ROW
    WHEN (old.deleted_at IS NULL AND new.deleted_at IS NOT NULL) EXECUTE FUNCTION drop_previews('post');
CREATE TRIGGER drop_previews BEFORE UPDATE OF deleted_at ON comments FOR EACH ROW
    WHEN (old.deleted_at IS NULL AND new.deleted_at IS NOT NULL) EXECUTE FUNCTION drop_previews('comment');

CREATE FUNCTION forget_previews() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM link_preview_uses u USING gone WHERE u.kind = TG_ARGV[0] AND u.item_id = gone.id;
    RETURN NULL;
END $$;
CREATE TRIGGER forget_previews AFTER DELETE ON messages REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION forget_previews('message');
CREATE TRIGGER forget_previews AFTER DELETE ON posts REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION forget_previews('post');
CREATE TRIGGER forget_previews AFTER DELETE ON comments REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION forget_previews('comment');
