"""Looking words up in the vocabulary: for stars, and where nothing was found as it was written."""

from collections.abc import Mapping, Sequence
from typing import Literal

from .analysis_matching import fragment_of
from .backend import SearchBackend
from .query import Query

Widened = Literal["infix", "similar"]
"""Parts of words were searched for too; or words that look alike."""
WIDER: tuple[Widened, ...] = ("infix", "similar")
"""In which order a search that finds nothing is widened."""
FOUND_MOST = 200
"""Words one fragment stands for at most, the likeliest."""
_LEAST: Mapping[Widened, int] = {"infix": 3, "similar": 4}
"""Characters a word must have."""


async def look_up(backend: SearchBackend, query: Query) -> dict[str, list[str]]:
    """What the `*infix*` terms of a query stand for, as `match_of` takes it; nothing is asked where there are none."""
    fragments = [fragment_of(term) for term in query.terms if term.how == "infix"]
    return await _expanded(backend, fragments, "infix")


async def widen(backend: SearchBackend, query: Query, how: Widened) -> dict[str, list[str]]:
    """What words to search for beside those of a query, as `match_of` takes it; empty: none, so that nothing more is found."""
    fragments = [
        fragment
        for term in query.terms
        if not term.negated
        and term.how in ("word", "prefix")
        and (fragment := fragment_of(term)) is not None
        and len(fragment) >= _LEAST[how]
    ]
    return await _expanded(backend, fragments, how)


async def _expanded(
    backend: SearchBackend, fragments: Sequence[str | None], how: Widened
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for fragment in filter(None, fragments):
        if fragment not in found:
            found[fragment] = await backend.expand(fragment, how, limit=FOUND_MOST)
    return {fragment: words for fragment, words in found.items() if words}
