"""Generated references: each file says what the code says, so neither can go stale."""
