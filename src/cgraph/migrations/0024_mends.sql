-- Groups and forums: what reviews found.
SELECT;
