"""Other people's words, made harmless: in a mail they are one line of text, and never anything to click on."""

import re
import unicodedata

BETWEEN = "\u200b"
"""A zero-width space: invisible, and the end of a word for whoever looks for addresses."""

_JOINTS = re.compile(r"(?<=\S)[.@。．｡＠](?=\S)|:(?=//)")  # noqa: RUF001 (dots and ats of other keyboards)
_JOINERS = frozenset("\u200c\u200d")
"""Parts of words in some scripts, and of emoji. The rest of their kind turns text around or hides it."""


class Link(str):
    """An address of our own: may be clicked."""

    __slots__ = ()


def inert(text: str) -> str:
    """The text in one line, without characters nobody sees, in which no mail program finds an address.

    `example.org`, `ann@example.org` and `https://…` look as before, but have an invisible space at their joints.
    """
    line = " ".join("".join(map(_visible, text)).split())
    return _JOINTS.sub(lambda joint: joint[0] + BETWEEN, line)


def shortened(text: str, most: int) -> str:
    """At most so many characters, the last of them an ellipsis where something is missing."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _visible(character: str) -> str:
    match unicodedata.category(character):
        case "Cc" | "Cs":  # control characters, and halves of one that is none
            return " "
        case "Cf" if character not in _JOINERS:
            return ""
    return character
