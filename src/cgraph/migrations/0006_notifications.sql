-- What people want to hear of, what they were told, and why.

-- What a person has set for one place, or for everything. Null everywhere: as the next wider place has it.
CREATE TABLE notification_preferences (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    -- Ids are unique across kinds of places. No foreign key: places live in many tables. Whoever removes one, or a person
    -- from one, forgets what was set for it.
    scope text NOT NULL CHECK (scope IN ('global', 'group', 'forum', 'conversation', 'channel', 'thread', 'post')),
    -- For 'global' the person's own id.
    scope_id uuid NOT NULL,
    level text CHECK (level IN ('all', 'replies', 'mentions', 'none')),
    in_app boolean,
    push boolean,
    email boolean,
    -- False: not muted, even where a wider place is.
    muted boolean,
    -- Null: for good.
    muted_until timestamptz,
    ignore_everyone boolean,
    -- Of the person as a whole.
    push_privacy text CHECK (push_privacy IN ('full', 'sender', 'nothing')),
    email_batch_minutes integer CHECK (email_batch_minutes BETWEEN 1 AND 10080),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, scope_id),
    CHECK ((scope = 'global') = (scope_id = user_id)),
    CHECK (muted_until IS NULL OR muted IS TRUE),
    CHECK (scope = 'global' OR (push_privacy IS NULL AND email_batch_minutes IS NULL))
);
CREATE INDEX notification_preferences_scope ON notification_preferences (scope_id);

-- Mutes in force, for statements of other contexts that must not pay a round trip for asking notifications.
CREATE VIEW muted_scopes AS
SELECT user_id, scope_id, muted_until FROM notification_preferences
WHERE muted AND (muted_until IS NULL OR muted_until > now());

-- Muting a conversation was a column of its participants until now.
INSERT INTO notification_preferences (user_id, scope, scope_id, muted, muted_until)
SELECT user_id, 'conversation', conversation_id, true, CASE WHEN isfinite(muted_until) THEN muted_until END
FROM participants WHERE muted_until > now() AND left_seq IS NULL;
ALTER TABLE participants DROP COLUMN muted_until;

-- When a person's pushes and mail wait.
CREATE TABLE quiet_hours (
    user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    enabled boolean NOT NULL,
    -- A name of the IANA time zone database.
    time_zone text NOT NULL CHECK (length(time_zone) <= 100),
    -- [{"day": 1 to 7 (Monday to Sunday), "start": "22:00", "end": "07:00"}]
    windows jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- Who gets through to a person in quiet hours.
CREATE TABLE quiet_hours_exceptions (
    user_id uuid NOT NULL REFERENCES quiet_hours ON DELETE CASCADE,
    person_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (user_id, person_id)
);
CREATE INDEX quiet_hours_exceptions_person ON quiet_hours_exceptions (person_id);

-- The inbox: events of one kind about one subject are one row, until it is read; the next begins it anew.
CREATE TABLE notifications (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    kind text NOT NULL,
    -- What it is about: 'message', 'conversation', 'post', 'user' …
    subject_type text NOT NULL,
    subject_id uuid NOT NULL,
    -- Where that is, and the number of the newest event in that place's stream: reading it up to there reads this too.
    scope text,
    scope_id uuid,
    last_seq bigint,
    -- Who did it, newest first, each once, at most 50; `actor_count` goes on counting.
    actor_ids uuid[] NOT NULL DEFAULT '{}',
    actor_count integer NOT NULL CHECK (actor_count >= 0),
    event_count integer NOT NULL CHECK (event_count > 0),
    first_event_at timestamptz NOT NULL,
    last_event_at timestamptz NOT NULL,
    -- Counted, but not announced: it came while its place was muted.
    muted boolean NOT NULL DEFAULT false,
    seen_at timestamptz,
    read_at timestamptz,
    -- What it takes to show it.
    payload jsonb NOT NULL,
    UNIQUE (user_id, kind, subject_type, subject_id),
    CHECK ((scope IS NULL) = (scope_id IS NULL))
) WITH (fillfactor = 80);
CREATE INDEX notifications_list ON notifications (user_id, last_event_at DESC, id DESC);
-- Counts what is unread, and finds what reading a place reads.
CREATE INDEX notifications_unread ON notifications (user_id, scope_id) WHERE read_at IS NULL;
CREATE INDEX notifications_last_event_at ON notifications USING brin (last_event_at);

-- One row for each person whom an event might have concerned, told or not, and why. Written in one statement for
-- everybody, without foreign keys; dropped by the day. `happened_at` is the event's own time, the same at every try.
CREATE TABLE notification_outcomes (
    user_id uuid NOT NULL,
    event_id uuid NOT NULL,
    happened_at timestamptz NOT NULL,
    kind text NOT NULL,
    -- 'pending': push and mail are decided a little later.
    state text NOT NULL CHECK (state IN ('pending', 'sent', 'held', 'suppressed')),
    -- The rule that decided.
    rule text NOT NULL,
    -- The row of the inbox, if it is there.
    notification_id uuid,
    -- Who did it, where, and its number in that place's stream.
    actor_id uuid,
    scope text,
    scope_id uuid,
    seq bigint,
    -- What is shown of it, and looked at again later: the message that was said, edited or reacted to.
    object_id uuid,
    -- By channel: {"in_app": {"action", "rule", "until", "scope"}, …}, and what became of it.
    channels jsonb NOT NULL,
    -- What was known when it was decided.
    facts jsonb NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, happened_at, event_id)
) PARTITION BY RANGE (happened_at);
CREATE TABLE notification_outcomes_default PARTITION OF notification_outcomes DEFAULT;
CREATE INDEX notification_outcomes_object ON notification_outcomes (object_id);
CREATE INDEX notification_outcomes_pending ON notification_outcomes (user_id) WHERE state = 'pending';

-- What waits: pushes for the end of quiet hours (one digest), mail for its batch. Taken out when it goes.
CREATE TABLE notification_held (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    channel text NOT NULL CHECK (channel IN ('push', 'email')),
    event_id uuid NOT NULL,
    -- With event_id and user_id: its row of notification_outcomes.
    happened_at timestamptz NOT NULL,
    notification_id uuid,
    rule text NOT NULL,
    due_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, channel, event_id)
);
CREATE INDEX notification_held_due_at ON notification_held (due_at);

-- Each push to each device: written with the decision, so that a repetition finds it and sends nothing twice. Dropped by
-- the day, like outcomes.
CREATE TABLE notification_deliveries (
    event_id uuid NOT NULL,
    user_id uuid NOT NULL,
    device_id uuid NOT NULL,
    -- A digest, a retraction or a badge may follow the alert of the same event.
    purpose text NOT NULL CHECK (purpose IN ('alert', 'digest', 'retract', 'badge', 'test')),
    happened_at timestamptz NOT NULL,
    -- 'dropped': no longer wanted when its turn came; 'gone': the device is no more; 'failed': given up.
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'dropped', 'gone', 'failed')),
    attempts smallint NOT NULL DEFAULT 0,
    -- What the provider calls it.
    provider_id text,
    error text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id, user_id, device_id, purpose, happened_at)
) PARTITION BY RANGE (happened_at);
CREATE TABLE notification_deliveries_default PARTITION OF notification_deliveries DEFAULT;
