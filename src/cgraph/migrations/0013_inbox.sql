-- Telling people of what is said.

-- Up to where a conversation's people have been told of what happened there, and when that was.
ALTER TABLE conversations ADD notified_seq bigint NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD notified_at timestamptz NOT NULL DEFAULT '-infinity';
UPDATE conversations c SET notified_seq = s.last_seq FROM streams s WHERE s.id = c.id;

-- Alerts that may stand on a person's devices, by place: taken away when that is read up to there.
CREATE TABLE notification_alerts (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    scope text NOT NULL,
    scope_id uuid NOT NULL,
    seq bigint NOT NULL,
    -- Read meanwhile: a job takes it away.
    read boolean NOT NULL DEFAULT false,
    PRIMARY KEY (user_id, scope_id)
);

-- Where there is something to be marked as read, for statements of other contexts that must not pay a round trip for
-- asking notifications.
CREATE VIEW told_scopes AS
SELECT user_id, scope_id, last_seq AS seq FROM notifications WHERE read_at IS NULL AND scope_id IS NOT NULL
UNION ALL SELECT user_id, scope_id, seq FROM notification_alerts WHERE NOT read;
