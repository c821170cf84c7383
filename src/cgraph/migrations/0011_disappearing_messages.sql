-- Messages that disappear: emptied a while after they were said.

-- Seconds; null: what is said stays. For what is said from now on.
ALTER TABLE conversations ADD message_ttl integer CHECK (message_ttl BETWEEN 30 AND 2419200);
ALTER TABLE messages ADD expires_at timestamptz;
CREATE INDEX messages_expires_at ON messages (expires_at) WHERE expires_at IS NOT NULL AND deleted_at IS NULL;
