"""Seeding: believable communities of any size, for trying things out and for measuring."""
