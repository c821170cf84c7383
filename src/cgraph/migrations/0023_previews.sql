-- Previews of links.
SELECT;
