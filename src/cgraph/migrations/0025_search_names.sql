-- Search: names are looked for at every keystroke, and what begins as a half-typed name begins half of all that people say.
-- Of all kinds there are these lie in an index of their own, which is small and seldom written: so nothing in it waits.
--
-- Every document is read for it once, about as long as the documents take to be read from disk. Meanwhile only the job that
-- writes the index waits, and what has changed with it: nobody who searches, and nobody who writes anything.
SET LOCAL statement_timeout = '1h';
CREATE INDEX search_documents_names ON search_documents USING gin (terms) WITH (fastupdate = off)
    WHERE kind IN ('user', 'group', 'channel', 'forum');
