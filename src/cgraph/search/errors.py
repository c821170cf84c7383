"""What can go wrong in searching, by name and wire code."""

from collections.abc import Sequence
from typing import Self

from cgraph_kit.errors import Conflict, Invalid, NotFound
from cgraph_kit.opensearch import Away

SearchUnavailable = Away
"""The index is somewhere else, and does not answer: nothing else may be wrong."""


class InvalidQuery(Invalid):
    """What was typed cannot be read; `position` and `length`, in code points, say where."""

    code = "invalid_search"
    default = "this search cannot be read"

    @classmethod
    def at(
        cls,
        text: str,
        position: int,
        length: int,
        reason: str,
        message: str,
        *,
        allowed: Sequence[str] = (),
    ) -> Self:
        """`reason` is for programs, `message` for people; `allowed`: what could stand there instead."""
        return cls(
            message,
            fields={"q": [message]},
            position=position,
            length=length,
            word=text[position : position + length],
            reason=reason,
            allowed=list(allowed),
        )


class SavedSearchNotFound(NotFound):
    code = "saved_search_not_found"
    default = "there is no such saved search"


class TooManySavedSearches(Conflict):
    code = "too_many_saved_searches"
    default = "you have as many saved searches as you may"


class SavedSearchNameTaken(Conflict):
    code = "saved_search_name_taken"
    default = "another of your saved searches has this name"
