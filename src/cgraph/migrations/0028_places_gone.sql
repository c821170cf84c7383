-- Groups: channels and threads that are gone, for as long as an index may hold what was said there.

-- Whoever reads a group whole reads all that lies in it but for what is taken out by name, and a place whose row is gone has
-- no overwrites that could take it out: so it is taken out by this, from the commit that deletes it on, until nothing of it is
-- left. Private threads are read by their own name alone. Of a group that is gone itself nobody reads anything.
CREATE TABLE group_places_gone (
    id uuid PRIMARY KEY,
    group_id uuid NOT NULL,
    -- Of a thread.
    channel_id uuid,
    -- It went with its channel, which stands for it.
    with_channel boolean NOT NULL DEFAULT false,
    gone_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX group_places_gone_said ON group_places_gone (group_id) WHERE NOT with_channel;
CREATE INDEX group_places_gone_channel ON group_places_gone (channel_id);

-- Whatever takes them away, in any order: a conversation that goes takes its channel or thread along.
CREATE FUNCTION note_channels_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO group_places_gone (id, group_id) SELECT id, group_id FROM gone WHERE kind <> 'category'
    ON CONFLICT DO NOTHING;
    UPDATE group_places_gone SET with_channel = true WHERE channel_id IN (SELECT id FROM gone) AND NOT with_channel;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_gone AFTER DELETE ON group_channels REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION note_channels_gone();
CREATE FUNCTION note_threads_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO group_places_gone (id, group_id, channel_id, with_channel)
    SELECT id, group_id, channel_id, NOT EXISTS (SELECT FROM group_channels c WHERE c.id = channel_id)
    FROM gone WHERE NOT private
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_gone AFTER DELETE ON group_threads REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION note_threads_gone();
