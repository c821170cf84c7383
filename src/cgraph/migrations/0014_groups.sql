-- Groups: communities with channels, roles and members.
--
-- Whoever changes a group's structure or anybody's rights holds its row of `groups` first (FOR NO KEY UPDATE), so that
-- such changes come one after the other and are decided on what is there.

CREATE TABLE groups (
    -- Also the id of its stream (structure, members, roles), and of its role @everyone.
    id uuid PRIMARY KEY REFERENCES streams ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    description text CHECK (length(description) BETWEEN 1 AND 1000),
    icon_url text CHECK (length(icon_url) <= 2048),
    owner_id uuid NOT NULL REFERENCES users ON DELETE RESTRICT,
    -- What reaches members who have set nothing themselves.
    default_level text NOT NULL DEFAULT 'replies' CHECK (default_level IN ('all', 'replies', 'mentions')),
    -- What newcomers accept before they may do more than look; empty: nothing.
    rules text[] NOT NULL DEFAULT '{}',
    member_count integer NOT NULL DEFAULT 0 CHECK (member_count >= 0),
    inserted_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);
CREATE INDEX groups_owner ON groups (owner_id);

CREATE TABLE group_roles (
    -- That of @everyone is the group's.
    id uuid PRIMARY KEY,
    group_id uuid NOT NULL REFERENCES groups ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    color integer NOT NULL DEFAULT 0 CHECK (color BETWEEN 0 AND 16777215),
    -- Shown apart in the list of members.
    hoist boolean NOT NULL DEFAULT false,
    -- Anybody may call those who have it.
    mentionable boolean NOT NULL DEFAULT false,
    -- 0 is @everyone's alone; who has the higher one stands above. Checked when a change is whole: see the bulk order.
    position integer NOT NULL CHECK ((position = 0) = (id = group_id)),
    permissions bigint NOT NULL CHECK (permissions >= 0),
    inserted_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (group_id, position) DEFERRABLE INITIALLY DEFERRED,
    UNIQUE (group_id, id)
);

CREATE TABLE group_members (
    group_id uuid NOT NULL REFERENCES groups ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    nickname text CHECK (length(nickname) BETWEEN 1 AND 32),
    -- Has not accepted the rules yet.
    pending boolean NOT NULL DEFAULT false,
    timed_out_until timestamptz,
    -- Came by an invite for a while: leaves when going offline without a role.
    temporary boolean NOT NULL DEFAULT false,
    joined_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (group_id, user_id)
) WITH (fillfactor = 90);
CREATE INDEX group_members_user ON group_members (user_id, group_id);
CREATE INDEX group_members_temporary ON group_members (group_id, user_id) WHERE temporary;

-- What members are found by: nickname, display name and username, folded. Triggers keep it, because each of these
-- changes in its own place, and whoever loads members in bulk need not know.
CREATE TABLE group_member_names (
    group_id uuid NOT NULL,
    user_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('nickname', 'display_name', 'username')),
    name text COLLATE "C" NOT NULL,
    PRIMARY KEY (group_id, user_id, kind),
    FOREIGN KEY (group_id, user_id) REFERENCES group_members ON DELETE CASCADE
);
CREATE INDEX group_member_names_name ON group_member_names (group_id, name, user_id);

-- Without case, accents and the differences between forms of one letter.
CREATE FUNCTION folded(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN regexp_replace(lower(normalize(name, NFKD)), '[\u0300-\u036f]', '', 'g');

CREATE FUNCTION name_new_group_members() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Who is renamed at this moment has been, or waits and then finds the member.
    PERFORM FROM users WHERE id IN (SELECT user_id FROM added) ORDER BY id FOR SHARE;
    INSERT INTO group_member_names (group_id, user_id, kind, name)
    SELECT a.group_id, a.user_id, n.kind, folded(n.name)
    FROM added a JOIN users u ON u.id = a.user_id
    CROSS JOIN LATERAL (
        VALUES ('nickname', a.nickname), ('display_name', u.display_name), ('username', u.username)
    ) n (kind, name)
    WHERE n.name IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER name_new_group_members AFTER INSERT ON group_members
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION name_new_group_members();

CREATE FUNCTION rename_group_member() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM group_member_names
    WHERE group_id = NEW.group_id AND user_id = NEW.user_id AND kind = 'nickname';
    INSERT INTO group_member_names (group_id, user_id, kind, name)
    SELECT NEW.group_id, NEW.user_id, 'nickname', folded(NEW.nickname) WHERE NEW.nickname IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER rename_group_member AFTER UPDATE OF nickname ON group_members
    FOR EACH ROW WHEN (OLD.nickname IS DISTINCT FROM NEW.nickname) EXECUTE FUNCTION rename_group_member();

CREATE FUNCTION rename_person_in_groups() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM group_member_names n USING group_members m
    WHERE m.user_id = NEW.id AND n.group_id = m.group_id AND n.user_id = m.user_id AND n.kind <> 'nickname';
    INSERT INTO group_member_names (group_id, user_id, kind, name)
    SELECT m.group_id, m.user_id, n.kind, folded(n.name)
    FROM group_members m
    CROSS JOIN LATERAL (VALUES ('display_name', NEW.display_name), ('username', NEW.username)) n (kind, name)
    WHERE m.user_id = NEW.id AND n.name IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER rename_person_in_groups AFTER UPDATE OF username, display_name ON users
    FOR EACH ROW WHEN (OLD.username <> NEW.username OR OLD.display_name IS DISTINCT FROM NEW.display_name)
    EXECUTE FUNCTION rename_person_in_groups();

CREATE TABLE group_member_roles (
    group_id uuid NOT NULL,
    user_id uuid NOT NULL,
    -- Never @everyone's: that all have.
    role_id uuid NOT NULL CHECK (role_id <> group_id),
    PRIMARY KEY (group_id, user_id, role_id),
    FOREIGN KEY (group_id, user_id) REFERENCES group_members ON DELETE CASCADE,
    FOREIGN KEY (group_id, role_id) REFERENCES group_roles (group_id, id) ON DELETE CASCADE
);
CREATE INDEX group_member_roles_role ON group_member_roles (role_id, user_id);

-- Channels and the categories that hold them. A channel's messages are the messaging context's: its id is also that of a
-- conversation of kind 'channel'; a category has none.
CREATE TABLE group_channels (
    id uuid PRIMARY KEY,
    group_id uuid NOT NULL REFERENCES groups ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('category', 'text', 'announcement')),
    category_id uuid REFERENCES group_channels ON DELETE SET NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    topic text CHECK (length(topic) BETWEEN 1 AND 1024),
    position integer NOT NULL DEFAULT 0,
    -- Follows its category: whatever changes there is copied here, until it is given overwrites of its own.
    synced boolean NOT NULL DEFAULT false,
    -- Seconds a person waits between two messages; 0: none.
    slow_mode integer NOT NULL DEFAULT 0 CHECK (slow_mode BETWEEN 0 AND 21600),
    -- Read-only for all.
    archived_at timestamptz,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    CHECK (kind <> 'category' OR (category_id IS NULL AND NOT synced AND topic IS NULL AND slow_mode = 0))
);
CREATE INDEX group_channels_group ON group_channels (group_id, position, id);
CREATE INDEX group_channels_category ON group_channels (category_id) WHERE category_id IS NOT NULL;

-- What a channel or category allows or denies beside the roles: to @everyone (the group's id), a role or one member.
CREATE TABLE group_overwrites (
    channel_id uuid NOT NULL REFERENCES group_channels ON DELETE CASCADE,
    target_id uuid NOT NULL,
    target_kind text NOT NULL CHECK (target_kind IN ('role', 'member')),
    allow bigint NOT NULL DEFAULT 0 CHECK (allow >= 0),
    deny bigint NOT NULL DEFAULT 0 CHECK (deny >= 0),
    PRIMARY KEY (channel_id, target_id),
    CHECK (allow & deny = 0)
);
CREATE INDEX group_overwrites_target ON group_overwrites (target_id);

CREATE TABLE group_invites (
    code text COLLATE "C" PRIMARY KEY,
    group_id uuid NOT NULL REFERENCES groups ON DELETE CASCADE,
    -- Where it leads; null: the group's first channel.
    channel_id uuid REFERENCES group_channels ON DELETE CASCADE,
    inviter_id uuid REFERENCES users ON DELETE SET NULL,
    -- 0: without end.
    max_uses integer NOT NULL DEFAULT 0 CHECK (max_uses BETWEEN 0 AND 100),
    uses integer NOT NULL DEFAULT 0 CHECK (uses >= 0 AND (max_uses = 0 OR uses <= max_uses)),
    -- Null: never.
    expires_at timestamptz,
    temporary boolean NOT NULL DEFAULT false,
    -- Given to whoever comes by it.
    role_ids uuid[] NOT NULL DEFAULT '{}',
    inserted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX group_invites_group ON group_invites (group_id, inserted_at);
CREATE INDEX group_invites_inviter ON group_invites (inviter_id);
CREATE INDEX group_invites_spent ON group_invites (code) WHERE max_uses > 0 AND uses >= max_uses;
CREATE INDEX group_invites_expires_at ON group_invites (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE group_bans (
    group_id uuid NOT NULL REFERENCES groups ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    banned_by uuid REFERENCES users ON DELETE SET NULL,
    reason text CHECK (length(reason) BETWEEN 1 AND 512),
    -- Null: for good.
    expires_at timestamptz,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX group_bans_expires_at ON group_bans (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX group_bans_user ON group_bans (user_id);

-- Who did what, to what, and why. Only ever appended to; rows go by age.
CREATE TABLE group_audit_log (
    id uuid PRIMARY KEY,
    group_id uuid NOT NULL REFERENCES groups ON DELETE CASCADE,
    actor_id uuid REFERENCES users ON DELETE SET NULL,
    -- 'channel_updated', 'member_banned' …
    action text NOT NULL,
    target_id uuid,
    -- By field: {"name": {"before": …, "after": …}}.
    changes jsonb NOT NULL DEFAULT '{}',
    reason text CHECK (length(reason) BETWEEN 1 AND 512),
    inserted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX group_audit_log_group ON group_audit_log (group_id, id);
CREATE INDEX group_audit_log_age ON group_audit_log (inserted_at);
