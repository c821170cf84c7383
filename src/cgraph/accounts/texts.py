"""Short texts people give themselves: display names and status texts."""

import unicodedata

DISPLAY_NAME_LENGTH = 32
STATUS_TEXT_LENGTH = 100

_UNSEEN = {"Cc", "Cs", "Zl", "Zp"}
"""Categories that break lines or terminals."""
_STEERING = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
"""Bidirectional overrides: they would turn the text around them too."""


def normalize(text: str) -> str:
    """Trimmed, and composed alike whatever keyboard it came from (NFC)."""
    return unicodedata.normalize("NFC", text).strip()


def problems(text: str, longest: int) -> list[str]:
    """Why a normalized text cannot be shown in one line; empty: it can. Lengths in code points."""
    if not any(unicodedata.category(char)[0] not in "ZC" for char in text):
        return ["can't be blank"]
    if len(text) > longest:
        return [f"must have at most {longest} characters"]
    if any(unicodedata.category(char) in _UNSEEN or char in _STEERING for char in text):
        return ["must not contain control characters"]
    return []
