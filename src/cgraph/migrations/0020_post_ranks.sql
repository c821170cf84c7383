-- Ranks of posts, apart from posts.
SELECT;
