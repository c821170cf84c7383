"""What a half-typed search may be meant to become: operators, their values, and names of what the one who types may see."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Annotated, Literal

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo
from cgraph_kit.errors import Invalid
from cgraph_kit.validation import Input, Text

from .backend import SearchBackend
from .folding import fold
from .query import CHOICES, OPERATORS, QUOTES, Operator, quoted
from .suggestions_cursor import Half, half_typed
from .suggestions_names import Name, known_people, visible_places
from .suggestions_recent import get_recent_searches

SHOWN_MOST = 10
_LETTERS_LEAST = 2
"""Letters of a word that names are looked up for; values of operators may have fewer."""
_TIMES = ("today", "yesterday", "7d", "30d", "12h")
_SCORES = (">0", ">10", ">100", "<0")
_FIXED: Mapping[Operator, Sequence[str]] = {
    **CHOICES,
    "before": _TIMES,
    "after": _TIMES,
    "on": _TIMES[:2],
    "score": _SCORES,
}

SuggestionKind = Literal["search", "operator", "value", "person", "place", "forum"]


class SuggestFor(Input, frozen=True):
    """A search that is being typed."""

    q: Annotated[Text, msgspec.Meta(max_length=4000, examples=["from:an"])] = ""
    cursor: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """Code points before the cursor; left out: all."""

    def __post_init__(self) -> None:
        if self.cursor is not None and self.cursor > len(self.q):
            raise Invalid.field("cursor", "lies behind the end of q")


class Suggestion(msgspec.Struct, frozen=True):
    """A text to be put in the place of some of what was typed."""

    kind: SuggestionKind
    text: str
    label: str
    """What people know it by."""
    start: int
    length: int
    """What it takes the place of, in code points."""


async def suggest(
    db: Repo, backend: SearchBackend, actor: Actor, asked: SuggestFor
) -> list[Suggestion]:
    """A few suggestions, the likeliest first. Raises as the backend does."""
    half = half_typed(asked.q, len(asked.q) if asked.cursor is None else asked.cursor)
    if half.operator is None:
        found = await _for_word(db, backend, actor, asked.q, half)
    else:
        found = await _for_value(db, backend, actor, half.operator, half)
    return list(islice(_distinct(found), SHOWN_MOST))


async def _for_word(
    db: Repo, backend: SearchBackend, actor: Actor, q: str, half: Half
) -> list[Suggestion]:
    found = await _recent(db, actor, q)
    if not half.sign:
        typed = half.fragment.lower()
        names = [f"{name}:" for name in OPERATORS if name.startswith(typed)]
        found += [_in_place(half, "operator", name, name) for name in names]
    if len(fold(half.fragment)) < _LETTERS_LEAST and not half.sign:
        return found
    if half.sign != "#":
        people = await known_people(db, actor, half.fragment, SHOWN_MOST)
        found += _named(half, people, lambda name: f"from:{_written(name.text)}")
    if half.sign != "@" and half.fragment:
        places = await visible_places(db, backend, actor, half.fragment, SHOWN_MOST)
        found += _named(half, places, lambda name: f"{_operator(name)}:{_written(name.text)}")
    return found


async def _for_value(
    db: Repo, backend: SearchBackend, actor: Actor, operator: Operator, half: Half
) -> list[Suggestion]:
    typed = half.fragment.lower()
    if operator in _FIXED:
        values = [value for value in _FIXED[operator] if value.startswith(typed)]
        return [_in_place(half, "value", value, value) for value in values]
    if operator in ("from", "mentions"):
        me = [_in_place(half, "value", "me", "me")] if "me".startswith(typed) else []
        people = await known_people(db, actor, half.fragment, SHOWN_MOST)
        return [*me, *_named(half, people, lambda name: _written(name.text))]
    if operator not in ("in", "forum"):
        return []
    if operator == "in" and half.fragment.startswith("@"):
        people = await known_people(db, actor, half.fragment[1:], SHOWN_MOST)
        return _named(half, people, lambda name: quoted(f"@{name.text}"))
    places = await visible_places(
        db, backend, actor, half.fragment, SHOWN_MOST, forums_only=operator == "forum"
    )
    return _named(half, places, lambda name: _written(name.text))


async def _recent(db: Repo, actor: Actor, q: str) -> list[Suggestion]:
    """Searches that began as this one does, in the place of all of it."""
    typed = q.strip().casefold()
    recent = (await get_recent_searches(db, actor)).searches
    found = [text for text in recent if text.casefold().startswith(typed) and text != q.strip()]
    return [Suggestion("search", text, text, 0, len(q)) for text in found[: SHOWN_MOST // 2]]


def _named(half: Half, names: Iterable[Name], write: Callable[[Name], str]) -> list[Suggestion]:
    return [_in_place(half, name.kind, write(name), name.label) for name in names]


def _in_place(half: Half, kind: SuggestionKind, text: str, label: str) -> Suggestion:
    return Suggestion(kind, text, label, half.start, half.length)


def _operator(name: Name) -> Operator:
    return "forum" if name.kind == "forum" else "in"


def _written(text: str) -> str:
    """As a value, in quotes where it must be."""
    marks = (*QUOTES, ",", "\\")
    plain = not any(mark.isspace() or mark in marks for mark in text)
    return text if plain and text[:1] not in ("@", "#") else quoted(text)


def _distinct(found: Iterable[Suggestion]) -> Iterator[Suggestion]:
    seen = set()
    for suggestion in found:
        if suggestion.text not in seen:
            seen.add(suggestion.text)
            yield suggestion
