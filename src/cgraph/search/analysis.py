"""Analysis: by which terms a text is found. Pure, and the same for what is indexed and for what is searched.

Every piece of a text (see `analysis_pieces`) takes one position and has one term or more there:

    running        a word in its exact form, folded; its other spellings and the parts of camelCase beside it
    ~en:run        its stem, with the language it was stemmed in
    東京            two characters of a run without spaces; the last one of a run stands alone
    👍              an emoji; with its skin too, and each of those joined
    #tag @name c++ words with signs that mean something

What begins with `~` is no word, and nothing of what is made up of signs is ever cut by PostgreSQL: terms are given to it
as they are.
"""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from .analysis_forms import Forms, forms_of
from .analysis_pieces import (
    MARKED,
    Kind,
    Mark,
    characters,
    marks,
    piece_pattern,
    plain_run,
    word_pattern,
)
from .document import Analysed
from .languages import fallback, guess
from .scripts import SELECTORS, SKINS, ZWJ
from .stems import LATIN, UNSTEMMED, known_language

TITLE_MOST = 1_000
TEXT_MOST = 50_000
"""Code points that are indexed, so that what it becomes fits into a tsvector (1 MB)."""
POSITION_MOST = 16_383
PLACES_MOST = 255
"""Positions PostgreSQL keeps, and how many of one term."""
GAP = 10
"""Positions between a title and the text, so that no phrase reaches over."""

TokenKind = Kind | Literal["mark"]


class Token(NamedTuple):
    """A place of a text, and the terms it is found by there."""

    kind: TokenKind
    terms: Sequence[str]
    words: Sequence[str]
    start: int
    end: int
    """In code points of the text as it was given."""
    position: int


_ASCII_WORD = re.compile(r"[A-Za-z0-9]+(?:'[A-Za-z0-9]+)*")
_SELECTOR = re.compile(f"[{SELECTORS}]")
_NUMBERS = [str(number) for number in range(POSITION_MOST + 1)]
_CACHE_MOST = 20_000
_CACHED_LONGEST = 40


def analysed(title: str, text: str, language: str | None = None) -> Analysed:
    """The words of a thing as they are indexed. `language`: ISO 639-1, where somebody has said it."""
    places = _Places()
    position = 0
    if title:
        spoken = language or language_of(text)
        position = places.read(title[:TITLE_MOST], spoken, 0, "A") + GAP
    places.read(text[:TEXT_MOST], language, position, "")
    return Analysed(places.literal(), tuple(sorted(places.words)))


def language_of(text: str) -> str | None:
    """What a text's own words say of its language; None: nothing. Titles are mostly too short to tell theirs."""
    return guess(word_pattern().findall(text[:TITLE_MOST]))


class Among(NamedTuple):
    """Terms that are looked for, and beginnings of terms."""

    terms: frozenset[str]
    prefixes: tuple[str, ...] = ()

    def has(self, terms: Sequence[str]) -> bool:
        """Whether one of these is among them."""
        if not self.terms.isdisjoint(terms):
            return True
        return bool(self.prefixes) and any(term.startswith(self.prefixes) for term in terms)


def tokens(
    text: str, language: str | None = None, *, position: int = 0, among: Among | None = None
) -> Iterator[Token]:
    """What is found where, or only what is among some terms. Positions count on from `position`; that of a mark is that of
    its first piece."""
    for token in _all_tokens(text, language, position):
        if among is None or among.has(token.terms):
            yield token


def _all_tokens(text: str, language: str | None, position: int) -> Iterator[Token]:
    found = [(match.lastgroup, match[0], match.start()) for match in piece_pattern().finditer(text)]
    forms = _forms_in([word for kind, word, _ in found if kind == "word"], language)
    ahead = deque(marks(text))
    for kind, piece, start in found:
        if ahead:
            yield from _due(ahead, start, position + 1, forms)
        if kind == "gram":
            for token in _run_tokens(piece, start, position):
                position = token.position
                yield token
            continue
        position += 1
        if kind == "word":
            terms, words = forms[piece]
            yield Token("word", terms, words, start, start + len(piece), position)
        else:
            yield Token("emoji", emoji_terms(piece), (), start, start + len(piece), position)


def _due(ahead: deque[Mark], start: int, position: int, forms: "_Cached") -> Iterator[Token]:
    """Marks that begin before this piece, or with it; those before it that end there, too, have no piece."""
    while ahead and ahead[0].start <= start:
        mark = ahead.popleft()
        if mark.end > start:
            terms = (mark.term,) if mark.whole else forms[mark.term].terms
            yield Token("mark", terms, (), mark.start, mark.end, position)


def _run_tokens(run: str, start: int, position: int) -> Iterator[Token]:
    """Each character of a run with the one behind it; the last one alone."""
    found = list(characters(run, start))
    for number, (_, text, first, end) in enumerate(found, start=1):
        following = found[number] if number < len(found) else None
        pair = text + following.text if following else text
        yield Token(
            "gram", (pair,), (), first, following.end if following else end, position + number
        )


def emoji_terms(emoji: str) -> list[str]:
    """What an emoji is found by: as it is, without its skin, and each of those joined in it."""
    plain = _SELECTOR.sub("", emoji)
    bare = "".join(mark for mark in plain if mark not in SKINS) or plain
    joined = bare.split(ZWJ) if ZWJ in bare else []
    return list(dict.fromkeys((plain, bare, *filter(None, joined))))


class _Cached(dict[str, Forms]):
    """The forms of words of one language, as far as they have been asked for."""

    def __init__(self, latin: str | None, declared: str | None) -> None:
        super().__init__()
        self._latin = latin
        self._declared = declared

    def __missing__(self, word: str) -> Forms:
        forms = forms_of(word, self._latin, self._declared)
        if len(word) <= _CACHED_LONGEST:
            if len(self) >= _CACHE_MOST:
                self.clear()
            self[word] = forms
        return forms


_caches: dict[tuple[str | None, str | None], _Cached] = {}
"""By the language of Latin words and, where it says more than the script, the one that was declared."""


def _forms_in(words: Sequence[str], language: str | None) -> _Cached:
    declared = known_language(language)
    latin = declared if declared in LATIN else guess(words) or fallback(words)
    key = (latin, declared if declared in UNSTEMMED else None)
    forms = _caches.get(key)
    if forms is None:
        forms = _caches[key] = _Cached(*key)
    return forms


class _Places:
    """Where each term stands, while a thing is read."""

    def __init__(self) -> None:
        self.of: dict[str, list[str]] = {}
        self.words: set[str] = set()

    def read(self, text: str, language: str | None, position: int, weight: str) -> int:
        """Take in a text behind a position; the last position of it."""
        # Most of what people write has no marks, and needs no places in the text.
        if not MARKED.search(text):
            plain = self._read_ascii if text.isascii() else self._read_plain
            return plain(text, language, position, weight)
        for token in tokens(text, language, position=position):
            position = token.position
            self._put(token.terms, token.words, _NUMBERS[min(position, POSITION_MOST)] + weight)
        return position

    def literal(self) -> str:
        """The text of a tsvector. No term has what would have to be escaped."""
        places = self.of.items()
        return " ".join(f"'{term}':{','.join(of[:PLACES_MOST])}" for term, of in places)

    def _read_ascii(self, text: str, language: str | None, position: int, weight: str) -> int:
        words = _ASCII_WORD.findall(text)
        forms = _forms_in(words, language)
        for word in words:
            position += 1
            self._put(*forms[word], _NUMBERS[min(position, POSITION_MOST)] + weight)
        return position

    def _read_plain(self, text: str, language: str | None, position: int, weight: str) -> int:
        found = [(match.lastgroup, match[0]) for match in piece_pattern().finditer(text)]
        forms = _forms_in([text for kind, text in found if kind == "word"], language)
        for kind, piece in found:
            if kind == "gram":
                position = self._put_run(plain_run(piece), position, weight)
                continue
            position += 1
            terms, words = forms[piece] if kind == "word" else (emoji_terms(piece), ())
            self._put(terms, words, _NUMBERS[min(position, POSITION_MOST)] + weight)
        return position

    def _put_run(self, run: str, position: int, weight: str) -> int:
        for pair in (*map("".join, pairwise(run)), run[-1:]):
            position += 1
            self._put((pair,), (), _NUMBERS[min(position, POSITION_MOST)] + weight)
        return position

    def _put(self, terms: Sequence[str], words: Sequence[str], place: str) -> None:
        of = self.of
        for term in terms:
            if term in of:
                of[term].append(place)
            else:
                of[term] = [place]
        self.words.update(words)
