"""What clients may join: one file per kind of topic."""
