-- Files: uploads, what is kept, where it is attached.

-- Contents, each kept once; their objects in the store are named by the id, not by the hash: what is forgotten and
-- brought again is another object, so that removing the one never meets the other.
CREATE TABLE file_blobs (
    id uuid PRIMARY KEY,
    -- SHA-256 of what is kept, which for images is not what was sent.
    hash bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
    size bigint NOT NULL,
    content_type text NOT NULL,
    width integer,
    height integer,
    frames integer,
    -- In seconds.
    duration double precision,
    -- A few bytes of WebP as a data: address.
    placeholder text,
    -- [{name, width, height, size}]
    thumbnails jsonb NOT NULL DEFAULT '[]',
    -- Files of this content; at 0 the row goes.
    refs integer NOT NULL DEFAULT 1,
    inserted_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE files (
    id uuid PRIMARY KEY,
    user_id uuid REFERENCES users ON DELETE SET NULL,
    name text NOT NULL,
    state text NOT NULL CHECK (state IN ('uploading', 'processing', 'ready', 'refused')),
    -- Why it was refused: an error's code.
    refusal text CHECK ((refusal IS NOT NULL) = (state = 'refused')),
    blob_id uuid REFERENCES file_blobs CHECK ((blob_id IS NOT NULL) = (state = 'ready')),
    -- What it counts as in file_usage: what was declared, then what is kept.
    charged bigint NOT NULL,
    alt_text text,
    -- It has never hung on anything.
    loose boolean NOT NULL DEFAULT true,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
CREATE INDEX files_user ON files (user_id, id);
-- What waits to be looked at, and whose it is.
CREATE INDEX files_waiting ON files (user_id) WHERE state = 'processing';
CREATE INDEX files_blob ON files (blob_id) WHERE blob_id IS NOT NULL;
-- What is looked through for what nobody has any use for.
CREATE INDEX files_undecided ON files (updated_at) WHERE state = 'processing';
CREATE INDEX files_loose ON files (updated_at) WHERE loose AND state IN ('ready', 'refused');

-- Bytes that lie in quarantine until somebody has looked at them.
CREATE TABLE file_uploads (
    file_id uuid PRIMARY KEY REFERENCES files ON DELETE CASCADE,
    -- Null: it ends where it ends.
    size bigint,
    received bigint NOT NULL DEFAULT 0,
    sha256 bytea CHECK (length(sha256) = 32),
    -- When it is given up unless it is finished.
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX file_uploads_expire ON file_uploads (expires_at);

CREATE TABLE file_chunks (
    file_id uuid NOT NULL REFERENCES file_uploads ON DELETE CASCADE,
    start bigint NOT NULL,
    size bigint NOT NULL,
    hash bytea NOT NULL,
    key text NOT NULL,
    PRIMARY KEY (file_id, start)
);

-- Objects of the store that are nobody's once they are due. Whoever writes an object notes it here before, and takes the
-- note away in the transaction that makes it somebody's.
CREATE TABLE file_doomed (
    key text PRIMARY KEY,
    due_at timestamptz NOT NULL
);
CREATE INDEX file_doomed_due ON file_doomed (due_at);

-- What somebody's files count together, in bytes.
CREATE TABLE file_usage (
    user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    bytes bigint NOT NULL
) WITH (fillfactor = 70);

-- What files hang on. The row of the file is locked before one is made or removed.
CREATE TABLE file_attachments (
    kind text NOT NULL,
    item_id uuid NOT NULL,
    file_id uuid NOT NULL REFERENCES files,
    place_id uuid,
    position integer NOT NULL,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, item_id, file_id)
);
CREATE INDEX file_attachments_file ON file_attachments (file_id);

-- What came with a message, post or comment, as it is shown: whoever reads the thing reads it along. Null: nothing did.
ALTER TABLE messages ADD attachments jsonb,
    -- {duration, waveform}: it is somebody's voice.
    ADD voice jsonb;
ALTER TABLE scheduled_messages ADD attachments jsonb;
ALTER TABLE posts ADD attachments jsonb, DROP CONSTRAINT posts_kind_check,
    ADD CONSTRAINT posts_kind_check CHECK (kind IN ('text', 'link', 'poll', 'image'));
ALTER TABLE comments ADD attachments jsonb;
-- Of forums that are deleted: their files are let go of.
CREATE INDEX posts_attached ON posts (forum_id, id) WHERE attachments IS NOT NULL;
CREATE INDEX comments_attached ON comments (forum_id, id) WHERE attachments IS NOT NULL;
