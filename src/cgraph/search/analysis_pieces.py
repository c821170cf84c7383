"""Cutting a text into pieces: words, emoji, and the characters of runs without spaces, each with its place.

Whatever is composed (addresses, file names, `snake_case`, `std::vector`, versions) is cut at its signs, into pieces that
follow each other: a search for the whole is a search for its pieces in that order, and every part is found alone.
What the signs tell apart (`C++`, `.NET`, `#tag`, `@name`) is a *mark*: a term of its own at the place of its word.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Literal, NamedTuple

from .folding import fold
from .scripts import ALNUM, APOSTROPHES, EMOJI, RUN, SELECTORS, word_class

Kind = Literal["word", "emoji", "gram"]


class Piece(NamedTuple):
    """Something of the text, and where, in code points."""

    kind: Kind
    text: str
    start: int
    end: int


class Mark(NamedTuple):
    """A term with its signs, over one piece or some."""

    term: str
    """Folded; of what is not whole, as it is written."""
    start: int
    end: int
    whole: bool
    """It stands for its pieces; otherwise it is a word of its own beside them (`e-mail`: `email`)."""


MARKED = re.compile(r"[#@+-]|(?:^|[\s(\"'\[,])\.")
"""What every text with marks has."""
_SELECTOR = re.compile(f"[{SELECTORS}]")
_CONTINUING = re.compile(f"[\u1160-\u11ff\uff9e\uff9f\u3099\u309a{SELECTORS}]")


# These patterns are large: they are compiled when a text is first read, and most commands read none.
@cache
def word_pattern() -> re.Pattern[str]:
    """A word, with the apostrophes in it."""
    letter = word_class()
    return re.compile(rf"{ALNUM}{letter}*(?:[{APOSTROPHES}]{letter}+)*")


@cache
def piece_pattern() -> re.Pattern[str]:
    """An `emoji`, a `word`, or a `gram`: a whole run without spaces."""
    run = rf"[{RUN}][{RUN}{SELECTORS}]*"
    return re.compile(rf"(?P<emoji>{EMOJI})|(?P<gram>{run})|(?P<word>{word_pattern().pattern})")


@cache
def _mark_pattern() -> re.Pattern[str]:
    name = rf"(?:{word_class()}|[_{RUN}])+"
    return re.compile(
        rf"(?<![\w&#])#(?P<tag>{name})"
        rf"|(?<![\w@])@(?P<name>{name})"
        r"|(?<![^\s(\"'\[,])\.(?P<dot>[A-Za-z][A-Za-z0-9]*)(?!\w)"
        r"|(?<!\w)(?P<plus>[A-Za-z]{1,3})(?P<sign>\+\+(?!\+)|#(?![\w#]))"
        rf"|(?<![\w-])(?P<left>{ALNUM}{{1,20}})-(?P<right>{ALNUM}{{2,20}})(?![\w-])"
    )


def pieces(text: str) -> Iterator[Piece]:
    """From left to right; each takes one position."""
    for found in piece_pattern().finditer(text):
        start, end = found.span()
        match found.lastgroup:
            case "word":
                yield Piece("word", found[0], start, end)
            case "emoji":
                yield Piece("emoji", found[0], start, end)
            case _:
                yield from characters(found[0], start)


def marks(text: str) -> Iterator[Mark]:
    """What signs make of words, from left to right."""
    if not MARKED.search(text):
        return
    for found in _mark_pattern().finditer(text):
        start, end = found.span()
        if found["right"]:
            yield Mark(found["left"] + found["right"], start, end, whole=False)
        else:
            sign = {"tag": "#", "name": "@", "dot": "."}.get(found.lastgroup or "", "")
            word = fold(found["tag"] or found["name"] or found["dot"] or found["plus"])
            if word:
                yield Mark(sign + word + (found["sign"] or ""), start, end, whole=True)


def plain_run(run: str) -> str:
    """The characters of a run as they are indexed."""
    if unicodedata.is_normalized("NFKC", run) and not _SELECTOR.search(run):
        return run
    return unicodedata.normalize("NFKC", _SELECTOR.sub("", run))


def characters(run: str, start: int) -> Iterator[Piece]:
    """The characters of a run as they are indexed, each with the place it has in the text."""
    if plain_run(run) == run:
        for at, character in enumerate(run, start):
            yield Piece("gram", character, at, at + 1)
        return
    first = 0
    for offset in range(1, len(run) + 1):
        if offset < len(run) and _CONTINUING.match(run, offset):
            continue
        for character in plain_run(run[first:offset]):
            yield Piece("gram", character, start + first, start + offset)
        first = offset
