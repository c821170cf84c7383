"""The forms of one written word: by what a document with it is found, and for what a search for it looks."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from .folding import fold, spelt_out
from .scripts import APOSTROPHES
from .stems import languages_of, plausible_languages, stems

_HUMPS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_VERSION = re.compile(r"^[vV](\d+)$")
_APOSTROPHE = re.compile(f"[{APOSTROPHES}]")
_CLITIC = 2
"""Letters behind an apostrophe that are no word of their own: n't, 's, 'll."""
SHORTEST_WORD = 3
"""Characters of a word that is looked up by fragments."""
_HUMP = 2
"""Letters a part of a word has at least to be found alone."""


class Forms(NamedTuple):
    """What one word becomes in a document."""

    terms: Sequence[str]
    """All by which it is found, its exact form first."""
    words: Sequence[str]
    """Those that people could look for by fragments."""


class Spelling(NamedTuple):
    """What one word somebody looks for may be written like."""

    exact: Sequence[str]
    """Spellings of the word itself."""
    stems: Sequence[str]
    humps: Sequence[str]
    """The parts of camelCase, which a word must have all."""


def forms_of(word: str, latin: str | None, declared: str | None = None) -> Forms:
    """What a word of a text is found by; `latin`: the language of its Latin words."""
    exact = _spellings(word)
    parts = [*exact]
    parts += (hump for hump in _humps(word) if len(hump) >= _HUMP)
    parts += _VERSION.findall(word)
    base = _base(word)
    if base != word:
        parts += _spellings(base)
        if not _is_clitic(word):
            parts += (fold(part) for part in _APOSTROPHE.split(word) if len(part) >= _HUMP)
    found = [
        stem
        for part in _humps(word) or [base]
        for stem in stems(part, languages_of(part, latin, declared))
    ]
    terms = tuple(dict.fromkeys((*parts, *found)))
    words = (part for part in parts if len(part) >= SHORTEST_WORD)
    return Forms(terms, tuple(dict.fromkeys(words)))


@lru_cache(maxsize=4096)
def spelling_of(word: str) -> Spelling:
    """What a search for a word looks for."""
    base = _base(word)
    exact = _spellings(word) if _is_clitic(word) else _spellings(base)
    humps = _humps(word)
    return Spelling(exact, [] if humps else stems(base, plausible_languages(base)), humps)


def _spellings(word: str) -> list[str]:
    folded = fold(word)
    spelt = None if word.isascii() else spelt_out(word)
    return [folded] if spelt is None or spelt == folded else [folded, spelt]


def _humps(word: str) -> list[str]:
    """The parts of camelCase and PascalCase, folded; none where there is one case."""
    if word.islower() or word[1:].islower() or word.isupper():
        return []
    humps = [hump.lower() for hump in _HUMPS.findall(word)]
    return humps if len(humps) > 1 and word.isascii() else []


def _base(word: str) -> str:
    """Without its clitic (Ann's: Ann; don't: don), or what follows an elision (l'homme: homme)."""
    first, *rest = _APOSTROPHE.split(word)
    if not rest:
        return word
    return first if _is_clitic(word) else rest[-1]


def _is_clitic(word: str) -> bool:
    last = _APOSTROPHE.split(word)[-1]
    return last != word and len(last) <= _CLITIC
