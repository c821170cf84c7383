"""What was found, on the wire."""

import msgspec

from cgraph.search import SearchHit, SearchResults, Widened

from .base import Cursors


class Results(msgspec.Struct, frozen=True):
    """A page of what was found."""

    data: list[SearchHit]
    page: Cursors
    total: int
    """All there is, a thousand at most."""
    total_is_capped: bool
    """There is more than that."""
    widened: Widened | None
    """Null: found as it was typed. Else nothing was, and this has words that contain what was typed (`infix`) or look
    like it (`similar`)."""


def results(found: SearchResults) -> Results:
    """A page in its envelope."""
    cursors = Cursors(after=found.after)
    return Results(found.hits, cursors, found.total, found.total_is_capped, found.widened)
