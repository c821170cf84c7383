-- Search: a word is looked for by its stems in sixteen languages. Of most there is none in any document: an index that knows
-- which there are asks for two of them.
CREATE TABLE search_stems (
    stem text COLLATE "C" PRIMARY KEY,
    -- When it was last looked whether a document has it.
    checked_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX search_stems_checked ON search_stems (checked_at);

-- By a trigger, so that no writer forgets it: nodes of the version before write here too while others are replaced.
CREATE FUNCTION learn_stems() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_stems (stem)
    SELECT DISTINCT term FROM written, unnest(tsvector_to_array(terms)) AS t (term) WHERE starts_with(term, '~')
    ORDER BY term
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER learn_stems AFTER INSERT ON search_documents REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION learn_stems();

-- What is there already tells its stems when it is written anew. Until that is done all are asked for.
UPDATE search_rebuilds SET after_id = '00000000-0000-0000-0000-000000000000', after_seq = 0, done = 0,
    generation = (SELECT max(generation) FROM search_rebuilds) + 1, started_at = now(), finished_at = NULL;
