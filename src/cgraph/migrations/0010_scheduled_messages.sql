-- What people want said later.

CREATE TABLE scheduled_messages (
    -- Also the message's client id: whatever happens, it is said once.
    id uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    sender_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    content text NOT NULL,
    reply_to_id uuid,
    send_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'scheduled' CHECK (state IN ('scheduled', 'failed')),
    -- The code of the error that kept it from being said.
    failure text,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((state = 'failed') = (failure IS NOT NULL))
);
CREATE INDEX scheduled_messages_sender ON scheduled_messages (sender_id, send_at, id);
CREATE INDEX scheduled_messages_conversation ON scheduled_messages (conversation_id);
