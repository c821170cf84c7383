-- Administrators: people who may look into the machinery and act on it. Granted by the operator's command only.

ALTER TABLE users ADD admin boolean NOT NULL DEFAULT false;
CREATE INDEX users_admins ON users (username) WHERE admin;
