"""Which stems there are: a word is searched for by its stems in sixteen languages, and mostly one of these exists.

The others would find nothing, but each is looked at for every document that has one, and counted on by the planner.
"""

from collections.abc import Iterator

from cgraph_kit.db import Repo

from .backend import AllOf, AnyOf, Match, NoneOf, Phrase, Word
from .stems import MARK


async def only_existing(db: Repo, match: Match | None) -> Match | None:
    """The same without stems that no document has; one statement, none where there are no stems."""
    if match is None or not (asked := sorted(set(_stems(match)))):
        return match
    absent = frozenset(asked).difference(await db.values(_EXISTING, asked))
    return _without(match, absent) if absent else match


def _stems(match: Match) -> Iterator[str]:
    match match:
        case Word(text):
            if text.startswith(MARK):
                yield text
        case Phrase(of) | AllOf(of) | AnyOf(of) | NoneOf(of):
            for part in of:
                yield from _stems(part)


def _without(match: Match, absent: frozenset[str]) -> Match:
    match match:
        case Word(text):
            return AnyOf(()) if text in absent else match
        case AllOf(of):
            return AllOf([_without(part, absent) for part in of])
        case AnyOf(of):
            return AnyOf([_without(part, absent) for part in of])
        case NoneOf(of):
            return NoneOf([_without(part, absent) for part in of])
    return match


# While documents are written anew, not all of them have told their stems.
_EXISTING = """
SELECT s.stem FROM unnest($1::text[]) AS s (stem)
WHERE EXISTS (SELECT FROM search_stems k WHERE k.stem = s.stem)
    OR EXISTS (SELECT FROM search_rebuilds WHERE finished_at IS NULL)
"""
