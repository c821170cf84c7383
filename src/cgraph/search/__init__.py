"""Finding what one may read."""
