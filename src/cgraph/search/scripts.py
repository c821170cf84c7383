"""Which characters make a word, a run without spaces or an emoji: character classes for the one scanner of texts."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Literal

Script = Literal[
    "latin", "greek", "cyrillic", "armenian", "hebrew", "arabic", "devanagari", "tamil", "other"
]

WIDE = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3041-\u309f"
    "\u30a1-\u30fa\u30fc-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff"
    "\uf900-\ufaff\uff66-\uffdc\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
"""Han, kana, bopomofo and hangul."""
UNSPACED = (
    "\u0e01-\u0e2e\u0e30-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u0edc-\u0edf"
    "\u1000-\u103f\u1050-\u109f\u1780-\u17d3\u17d7\u17dc\u17dd"
)
"""Thai, Lao, Burmese and Khmer, which have no spaces between words, without their digits."""
RUN = WIDE + UNSPACED
SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
"""Variation selectors: another drawing of the same character."""
JOINERS = "\u00ad\u200c\u200d\u2060"
"""Invisible within words: soft hyphens, joiners."""
APOSTROPHES = "'\u2019"


_HOLLOW = "\u02bc\u0640\u06e5\u06e6\ufcf2-\ufcf4\ufe71\ufe77\ufe79\ufe7b\ufe7d\ufe7f"
"""Letters that are apostrophes or marks, and leave nothing when they are folded."""
ALNUM = rf"[^\W_{RUN}{_HOLLOW}]"
"""What a word begins with."""


def _letters() -> Iterator[str]:
    """What `ALNUM` is, as ranges, so that marks can stand in the same class: alternatives are slow."""
    planes = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x20000))))
    for found in re.finditer(f"{ALNUM}+", planes):
        yield f"{found[0][0]}-{found[0][-1]}"


def _marks() -> Iterator[str]:
    """Signs upon and around letters, which are no letters to `re`; not those of keycaps and runs."""
    run = re.compile(f"[{RUN}]")
    for code in (*range(0x0300, 0x20D0), *range(0xA66F, 0xAC00), *range(0xFE20, 0xFE30)):
        if unicodedata.category(chr(code))[0] == "M" and not run.match(chr(code)):
            yield chr(code)


@cache
def word_class() -> str:
    """One character of a word: a letter, digit or mark of a script with spaces.

    Made when a text is first read: it asks Unicode for every character, and most commands read no text.
    """
    return f"[{''.join((*_letters(), *_marks()))}{_HOLLOW}{JOINERS}]"


_SKIN = "\U0001f3fb-\U0001f3ff"
_FLAG = "\U0001f1e6-\U0001f1ff"
_TAGS = "\U000e0020-\U000e007f"
_PICTURE = (
    "\U0001f000-\U0001faff\u2600-\u27bf\u231a\u231b\u2328\u23cf\u23e9-\u23fa\u2b05-\u2b07"
    "\u2b1b\u2b1c\u2b50\u2b55"
)
_TEXTUAL = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u25aa\u25ab\u25b6\u25c0"
    "\u25fb-\u25fe\u2934\u2935\u3030\u303d\u3297\u3299"
)
_ONE = f"(?:[{_PICTURE}]|[{_TEXTUAL}]\ufe0f)\ufe0f?[{_SKIN}]?[{_TAGS}]{{0,7}}"
EMOJI = f"(?:[{_FLAG}]{{2}}|[0-9#*]\ufe0f?\u20e3|{_ONE}(?:\u200d{_ONE}){{0,9}})"
"""One emoji with its modifiers, or several joined to one."""
ZWJ = "\u200d"
SKINS = frozenset(map(chr, range(0x1F3FB, 0x1F400)))

_SCRIPTS: tuple[tuple[int, int, Script], ...] = (
    (0x0041, 0x024F, "latin"),
    (0x0370, 0x03FF, "greek"),
    (0x0400, 0x052F, "cyrillic"),
    (0x0530, 0x058F, "armenian"),
    (0x0590, 0x05FF, "hebrew"),
    (0x0600, 0x077F, "arabic"),
    (0x0900, 0x097F, "devanagari"),
    (0x0B80, 0x0BFF, "tamil"),
    (0x1E00, 0x1EFF, "latin"),
    (0x1F00, 0x1FFF, "greek"),
)


def script_of(word: str) -> Script:
    """The script of a word, by its first letter."""
    letter = next(filter(str.isalpha, word), "")
    code = ord(letter) if letter else 0
    return next((script for low, high, script in _SCRIPTS if low <= code <= high), "other")
