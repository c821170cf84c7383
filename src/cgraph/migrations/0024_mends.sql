-- Groups and forums: what reviews found.

-- The channel, category or thread something was done to or in, and whether everybody saw it then: what readers of the
-- log are shown goes by that. Of what was kept before, nobody knows whether they did.
ALTER TABLE group_audit_log ADD place_id uuid, ADD in_the_open boolean NOT NULL DEFAULT false;
UPDATE group_audit_log SET place_id = target_id
WHERE starts_with(action, 'channel_') OR starts_with(action, 'thread_') OR action = 'overwrites_updated';
UPDATE group_audit_log SET place_id = (changes->'channel_id'->>'after')::uuid WHERE action = 'reported_message_removed';

-- How many threads of a group are open.
CREATE INDEX group_threads_active ON group_threads (group_id) WHERE archived_at IS NULL;

-- Logs of forums say no titles of what has left them since.
UPDATE forum_log SET changes = changes - 'title' WHERE action IN ('post_converted', 'post_created_of_thread');

-- Where a forum is no longer private, nobody waits to be let in.
WITH let_in AS (
    UPDATE forum_subscriptions s SET state = 'active' FROM forums f
    WHERE f.id = s.forum_id AND f.visibility <> 'private' AND s.state = 'pending'
    RETURNING s.forum_id, s.user_id, s.level
), counted AS (
    UPDATE forums f SET subscriber_count = subscriber_count + n.n
    FROM (SELECT forum_id, count(*) AS n FROM let_in GROUP BY forum_id) n WHERE f.id = n.forum_id
)
INSERT INTO notification_preferences (user_id, scope, scope_id, level)
SELECT user_id, 'forum', forum_id, CASE level WHEN 'watching' THEN 'all' WHEN 'muted' THEN 'none' ELSE 'replies' END
FROM let_in WHERE level <> 'normal'
ON CONFLICT (user_id, scope_id) DO UPDATE SET level = excluded.level;

-- What was imported into channels and threads: its ids say nothing of when it came, so that where a place stood when somebody
-- came into the group cannot be told by them.
CREATE TABLE imported_runs (
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    -- Messages there were before, and the number of the last of the run and how many there were then.
    from_nth bigint NOT NULL,
    seq bigint NOT NULL,
    nth bigint NOT NULL,
    -- Ids made after it are greater.
    until_id uuid NOT NULL,
    PRIMARY KEY (conversation_id, from_nth)
);

-- What streams of forums and posts tell of one post, whose id is the beginning of the payload: when it is taken back, its
-- words go from there too, without reading all that was ever told of others.
CREATE INDEX events_posts ON events (substr(payload, 8, 36), stream_id) WHERE type IN ('new_post', 'post_updated');

-- What is said later may be for channels and threads. Where one is deleted, a job cancels it: authors are told, and what
-- came with it goes, so it must not vanish with the place.
ALTER TABLE scheduled_messages ADD allowed_mentions jsonb,
    ADD place text NOT NULL DEFAULT 'conversation' CHECK (place IN ('conversation', 'channel', 'thread')),
    DROP CONSTRAINT scheduled_messages_conversation_id_fkey;

-- Whose inbox tells of a place that is no more.
CREATE INDEX notifications_scope ON notifications (scope_id) WHERE scope_id IS NOT NULL;
CREATE INDEX notification_alerts_scope ON notification_alerts (scope_id) WHERE NOT read;
