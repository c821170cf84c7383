"""Folding: what two spellings of a word have in common.

Compatibility forms (NFKC), case, accents of Latin and Greek, points of Arabic and Hebrew, invisible characters and
apostrophes go. What makes another letter stays: й is not и.
"""
# ruff: noqa: RUF001 (these are the letters)

import unicodedata
from collections.abc import Iterator, Mapping

from .scripts import JOINERS

LONGEST = 100
"""Code points of a word that are looked at; longer ones are found by their beginning."""

_ACCENTED = ((0x00C0, 0x0250), (0x0370, 0x0400), (0x1E00, 0x1F00), (0x1F00, 0x2000))
_LETTERS = {
    "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ŧ": "t", "ŋ": "n", "ı": "i",
    "æ": "ae", "œ": "oe", "ĸ": "k", "ŀ": "l", "ƒ": "f", "ə": "e", "ς": "σ",
    "ё": "е", "ѐ": "е", "ѝ": "и",
    "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه",
}  # fmt: skip
_UNSEEN = (
    *range(0x0300, 0x0370),  # combining accents
    *range(0x0591, 0x05C8),  # Hebrew points
    *(*range(0x0610, 0x061B), 0x0640, *range(0x064B, 0x0660), 0x0670, *range(0x06D6, 0x06ED)),
    *range(0xFE00, 0xFE10),
    *range(0xE0100, 0xE01F0),
    *(0x0027, 0x2019, 0x02BC),
    *map(ord, JOINERS),
)
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})


def _bases() -> Iterator[tuple[int, str]]:
    """Accented letters of Latin and Greek, without accents."""
    for first, last in _ACCENTED:
        for code in range(first, last):
            base = unicodedata.normalize("NFD", chr(code))[0]
            if base.isalpha() and base != chr(code):
                yield code, base


_TABLE: Mapping[int, str | None] = {
    **dict(_bases()),
    **{ord(letter): base for letter, base in _LETTERS.items()},
    **dict.fromkeys(_UNSEEN),
}


def lower(word: str) -> str:
    """One case and one way of writing each letter, accents kept."""
    if word.isascii():
        return word.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", word).casefold())


def fold(word: str) -> str:
    """As `lower`, and without accents: the exact form by which a word is found."""
    small = lower(word)
    folded = small.replace("'", "") if word.isascii() else small.translate(_TABLE)
    return folded[:LONGEST]


def spelt_out(word: str) -> str | None:
    """As Germans and Danes write it without umlauts (ä: ae); None where there is none."""
    small = lower(word)
    spelt = small.translate(_UMLAUTS)
    return None if spelt == small else fold(spelt)
