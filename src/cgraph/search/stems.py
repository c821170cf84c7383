"""Stems, by Snowball, each marked with its language: `~en:connect` is what `connected` and `connection` share.

PyStemmer is the binding of the Snowball project itself (MIT and BSD, wheels for every platform we run on): 0.7 µs a word.
`snowballstemmer`, of the same project, is pure Python and takes 50 µs. A stemmer holds the GIL while it works and has no
state a caller sees, so that all threads may share them.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import chain

import Stemmer  # type: ignore[import-not-found]  # compiled, without stubs

from .folding import fold, lower
from .languages import FUNCTION_WORDS
from .scripts import Script, script_of

_ALGORITHMS: Mapping[str, str] = {
    "en": "english", "de": "german", "fr": "french", "es": "spanish", "it": "italian",
    "pt": "portuguese", "nl": "dutch", "sv": "swedish", "da": "danish", "no": "norwegian",
    "fi": "finnish", "pl": "polish", "cs": "czech", "tr": "turkish", "hu": "hungarian",
    "ro": "romanian", "ru": "russian", "el": "greek", "ar": "arabic", "hi": "hindi",
    "hy": "armenian", "ta": "tamil",
}  # fmt: skip
LATIN = (
    "en",
    "de",
    "fr",
    "es",
    "it",
    "pt",
    "nl",
    "sv",
    "da",
    "no",
    "fi",
    "pl",
    "cs",
    "tr",
    "hu",
    "ro",
)
"""The languages of Latin script that are stemmed. A word somebody searches for is stemmed in each of them."""
_BY_SCRIPT: Mapping[Script, Sequence[str]] = {
    "latin": LATIN,
    "cyrillic": ("ru",),
    "greek": ("el",),
    "arabic": ("ar",),
    "devanagari": ("hi",),
    "armenian": ("hy",),
    "tamil": ("ta",),
}
_UNSTEMMED: Mapping[Script, Sequence[str]] = {
    "cyrillic": ("uk", "be", "bg", "mk", "sr", "kk", "mn"),
    "arabic": ("fa", "ur", "ps", "ku"),
    "devanagari": ("mr", "ne", "sa"),
}
UNSTEMMED = frozenset(chain.from_iterable(_UNSTEMMED.values()))
"""Languages of which the script alone would say another."""
_SYNONYMS = {"nb": "no", "nn": "no"}
MARK = "~"
"""No word begins with it."""
SHORTEST = 3
"""Letters of a word that is worth a stem."""


def known_language(code: str | None) -> str | None:
    """ISO 639-1 of what somebody declared (`de-AT`, `NB`); None for nothing."""
    if not code:
        return None
    short = code.replace("_", "-").partition("-")[0].lower()
    return _SYNONYMS.get(short, short)


def languages_of(word: str, latin: str | None, declared: str | None) -> Sequence[str]:
    """In which language a word of a text is stemmed, at most one: its script decides, `latin` where that is Latin."""
    script = script_of(word)
    if script == "latin":
        return (latin,) if latin in LATIN else ()
    if declared in _UNSTEMMED.get(script, ()):
        return ()
    return _BY_SCRIPT.get(script, ())[:1]


def plausible_languages(word: str) -> Sequence[str]:
    """In which languages a word somebody searches for may have been stemmed."""
    return _BY_SCRIPT.get(script_of(word), ())


def stems(word: str, languages: Sequence[str]) -> list[str]:
    """The marked stems of one word, each once; none for short words, numbers and words that carry no meaning.

    A word with accents has two: as it is written and as lazy typists write it, so that both are found by either.
    """
    small = lower(word)
    plain = fold(word)
    if len(plain) < SHORTEST or any(map(str.isdigit, plain)):
        return []
    spellings = (small,) if small == plain else (small, plain)
    return list(
        dict.fromkeys(
            f"{MARK}{language}:{fold(_stemmer(language).stemWord(spelling))}"
            for language in languages
            if small not in FUNCTION_WORDS.get(language, ())
            for spelling in spellings
        )
    )


@cache
def _stemmer(language: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(_ALGORITHMS[language], 0)
