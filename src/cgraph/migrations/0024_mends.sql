-- Groups and forums: what reviews found.

-- The channel, category or thread something was done to or in, and whether everybody saw it then: what readers of the
-- log are shown goes by that. Of what was kept before, nobody knows whether they did.
ALTER TABLE group_audit_log ADD place_id uuid, ADD in_the_open boolean NOT NULL DEFAULT false;
UPDATE group_audit_log SET place_id = target_id
WHERE starts_with(action, 'channel_') OR starts_with(action, 'thread_') OR action = 'overwrites_updated';
UPDATE group_audit_log SET place_id = (changes->'channel_id'->>'after')::uuid WHERE action = 'reported_message_removed';

-- How many threads of a group are open.
CREATE INDEX group_threads_active ON group_threads (group_id) WHERE archived_at IS NULL;
