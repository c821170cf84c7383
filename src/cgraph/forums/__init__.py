"""Forums: posts, comment trees, votes and ranking."""
