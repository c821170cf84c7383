-- Previews that go along, and those of what is said later.

-- A thread that has become a post and is one again says the same under the same ids: when the old one is swept out, only what
-- stands there is forgotten.
CREATE FUNCTION forget_message_previews() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM link_preview_uses u USING gone
    WHERE u.kind = 'message' AND u.item_id = gone.id AND u.place_id = gone.conversation_id;
    RETURN NULL;
END $$;
DROP TRIGGER forget_previews ON messages;
CREATE TRIGGER forget_previews AFTER DELETE ON messages REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION forget_message_previews();

ALTER TABLE scheduled_messages ADD suppress_previews boolean NOT NULL DEFAULT false;
