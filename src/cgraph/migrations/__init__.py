"""The schema, one idea a file, forward only."""

from importlib.resources import files

from cgraph_kit import migrate


def load() -> list[migrate.Migration]:
    """Every migration, in order."""
    return migrate.load(files(__name__))
