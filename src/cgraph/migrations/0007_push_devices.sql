-- Where pushes go: the token an app or a browser got from its provider, and how sending there has been going.

CREATE TABLE push_devices (
    -- Another one when the token passes to somebody else: what was meant for one person never reaches the next.
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
    platform text NOT NULL CHECK (platform IN ('webpush', 'fcm', 'apns')),
    -- Of 'webpush' the endpoint's URL. "C": compared by bytes.
    token text COLLATE "C" NOT NULL CHECK (length(token) BETWEEN 1 AND 2048),
    -- The browser's public key and its secret, in base64url.
    p256dh text,
    auth text,
    -- When the browser said the subscription would end.
    expires_at timestamptz,
    -- When the app last brought the token.
    registered_at timestamptz NOT NULL,
    inserted_at timestamptz NOT NULL,
    last_sent_at timestamptz,
    -- Since the last success.
    failures integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    -- Not tried before.
    retry_at timestamptz,
    -- Given up, until the app brings the token again.
    disabled_at timestamptz,
    last_error text,
    last_error_at timestamptz,
    UNIQUE (platform, token),
    -- A session is one app or one browser: its new token takes the place of the old one.
    UNIQUE (session_id, platform),
    CHECK ((platform = 'webpush') = (p256dh IS NOT NULL AND auth IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX push_devices_user ON push_devices (user_id, id);
CREATE INDEX push_devices_registered_at ON push_devices (registered_at);

-- Sessions in force, for statements of other contexts that must not pay a round trip for asking accounts.
CREATE VIEW live_sessions AS
SELECT id, user_id FROM sessions WHERE revoked_at IS NULL AND expires_at > now();
