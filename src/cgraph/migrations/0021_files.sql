-- Files: uploads, what is kept, where it is attached.
SELECT;
