"""Where in a text a query's words are: offsets, never markup."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count

import msgspec

from .analysis import Among, Token, tokens
from .analysis_matching import Fragments, matches_of
from .backend import AllOf, AnyOf, Match, NoneOf, Phrase, Word
from .query import Query

WINDOW = 240
"""Code points of a snippet."""
SPANS_MOST = 100
LOOKED_AT_MOST = 20_000
"""Code points from the beginning of a text in which matches are looked for."""
_MARGIN = 40
"""Code points before the first match of a snippet, where there are more."""
_WORD_MOST = 20
"""How far a cut moves to fall between words."""

Range = tuple[int, int]


class Highlighted(msgspec.Struct, frozen=True):
    """Matches, and the part of the text that shows the best of them. All in code points of the text as it was given."""

    start: int
    length: int
    """The part to show; the whole text where it is short."""
    spans: Sequence[Range]
    """Start and length of each match within that part, in order; none overlap."""


class Highlighter:
    """Finds the words of one query in texts. `fragments` as it was searched with (`match_of`)."""

    def __init__(self, query: Query, fragments: Fragments | None = None) -> None:
        self._matches = matches_of(query, fragments)
        words = [word for match in self._matches for word in _words(match)]
        self._among = Among(
            frozenset(word.text for word in words if not word.prefix),
            tuple(word.text for word in words if word.prefix),
        )

    def highlight(
        self, text: str, language: str | None = None, *, window: int = WINDOW
    ) -> Highlighted:
        """What of a text the query found. `language` as it was indexed with."""
        some = tokens(text[:LOOKED_AT_MOST], language, among=self._among)
        occurrences = _Occurrences(some)
        found = [occurrences.of(match) for match in self._matches]
        spans = _merged(chain.from_iterable(found))
        start, end = _part(text, spans, found, window)
        shown = [(a, b - a) for a, b in spans if start <= a and b <= end]
        return Highlighted(start, end - start, shown[:SPANS_MOST])


def _words(match: Match) -> Iterator[Word]:
    match match:
        case Word():
            yield match
        case Phrase(parts=parts) | AnyOf(of=parts) | AllOf(of=parts):
            for part in parts:
                yield from _words(part)
        case NoneOf():
            return


class _Occurrences:
    """The terms of a text by where they stand."""

    def __init__(self, found: Iterable[Token]) -> None:
        self._by_term: dict[str, list[Token]] = defaultdict(list)
        for token in found:
            for term in token.terms:
                self._by_term[term].append(token)

    def of(self, match: Match) -> list[Range]:
        """Start and end of whatever makes the match hold; nothing where it does not."""
        match match:
            case Word():
                return [found for _, found in self._of_word(match)]
            case AnyOf(of=parts):
                return [found for part in parts for found in self.of(part)]
            case AllOf(of=parts):
                found = [self.of(part) for part in parts]
                return list(chain.from_iterable(found)) if all(found) else []
            case Phrase():
                return list(chain.from_iterable(self._of_phrase(match)))
            case NoneOf():
                return []

    def _of_word(self, word: Word) -> Iterator[tuple[int, Range]]:
        terms: Iterable[str] = [word.text]
        if word.prefix:
            terms = [term for term in self._by_term if term.startswith(word.text)]
        for term in terms:
            for token in self._by_term.get(term, ()):
                # One character of a pair.
                alone = token.kind == "gram" and len(word.text) == 1
                yield token.position, (token.start, token.start + 1 if alone else token.end)

    def _of_part(self, part: Word | AnyOf) -> dict[int, Range]:
        words = [part] if isinstance(part, Word) else [w for w in part.of if isinstance(w, Word)]
        return dict(chain.from_iterable(map(self._of_word, words)))

    def _of_phrase(self, phrase: Phrase) -> Iterator[list[Range]]:
        parts = [self._of_part(part) for part in phrase.parts]
        steps = phrase.steps or [1] * (len(parts) - 1)
        for first in parts[0]:
            at = [first]
            for step in steps:
                at.append(at[-1] + step)
            if all(place in part for place, part in zip(at, parts, strict=True)):
                yield [part[place] for place, part in zip(at, parts, strict=True)]


def _merged(spans: Iterable[Range]) -> list[Range]:
    """In order, those that overlap made one."""
    merged: list[Range] = []
    for start, end in sorted(set(spans)):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _part(
    text: str, spans: Sequence[Range], found: Sequence[Sequence[Range]], window: int
) -> Range:
    """The part of a long text with the most of what was looked for, cut between words."""
    if len(text) <= window:
        return 0, len(text)
    best = _best(spans, found, window - _MARGIN)
    start = max(0, min(best - _MARGIN, len(text) - window))
    start = _between_words(text, start, range(start, min(start + _WORD_MOST, best + 1)))
    end = min(start + window, len(text))
    return start, _between_words(text, end, range(end, max(end - _WORD_MOST, start), -1))


def _best(spans: Sequence[Range], found: Sequence[Sequence[Range]], width: int) -> int:
    """Where the part begins that has matches of the most terms, and of those the most; the first of equals."""
    marks = sorted((start, term) for term, ranges in zip(count(), found) for start, _ in ranges)
    best, most, first = (spans[0][0] if spans else 0), (0, 0), 0
    terms: dict[int, int] = {}
    for number, (start, term) in enumerate(marks):
        terms[term] = terms.get(term, 0) + 1
        while marks[first][0] < start - width:
            left = marks[first][1]
            terms[left] -= 1
            first += 1
        held = (sum(1 for held in terms.values() if held), number - first + 1)
        if held > most:
            best, most = marks[first][0], held
    return best


def _between_words(text: str, at: int, places: range) -> int:
    """The first of these places with a space before or behind it; `at` if there is none."""
    if at in (0, len(text)):
        return at
    return next((place for place in places if text[place - 1 : place].isspace()), at)
