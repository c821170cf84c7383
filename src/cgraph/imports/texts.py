"""What people wrote elsewhere, made to fit here without losing any of it."""

import re
from collections.abc import Mapping

_FEW = 0.5
"""A break is good enough where it leaves a part at least this full."""


def without_nul(text: str) -> str:
    """The only character PostgreSQL cannot keep."""
    return text.replace("\x00", "")


def cut(text: str, limit: int) -> str:
    """One line of at most `limit` code points; the last is an ellipsis where there was more."""
    line = " ".join(without_nul(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def split(text: str, limit: int) -> list[str]:
    """In parts of at most `limit` code points, at the end of a line or else between words, where there is one."""
    parts = []
    while len(text) > limit:
        end = _break(text, limit)
        parts.append(text[:end].rstrip())
        text = text[end:].lstrip()
    parts.append(text)
    return [part for part in parts if part.strip()]


def _break(text: str, limit: int) -> int:
    for mark in ("\n", " "):
        end = text.rfind(mark, 0, limit + 1)
        if end >= limit * _FEW:
            return end
    return limit


def rename(text: str, names: Mapping[str, str]) -> str:
    """Put `@` and the name in place of each of the words that stand for somebody, longest first."""
    if not names:
        return text
    words = sorted(names, key=len, reverse=True)
    pattern = "|".join(re.escape(word) for word in words)
    return re.sub(rf"(?:{pattern})(?!\w)", lambda match: f"@{names[match[0]]}", text)
