-- Mail to people who do not come back.

-- The last mail that told somebody of something, and how many of them in a row they have answered by no sign of life.
CREATE TABLE notification_mails (
    user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    last_at timestamptz NOT NULL,
    unanswered integer NOT NULL CHECK (unanswered > 0)
);
