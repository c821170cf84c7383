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
