"""Names of groups, roles and channels."""

import unicodedata
from typing import Annotated

import msgspec

from cgraph.messaging import is_blank
from cgraph_kit.errors import Invalid
from cgraph_kit.validation import NO_NUL

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=NO_NUL)]

_UNSEEN = {"Cc", "Cs", "Zl", "Zp"}
"""Categories that break lines or terminals."""


LONGEST = 100


def tidy(text: str, field: str = "name", *, longest: int = LONGEST, lines: bool = False) -> str:
    """Trimmed and composed (NFC). Raises `Invalid` for what shows nothing, or breaks the line unless it may have `lines`.

    `longest` in code points: composing makes some texts longer.
    """
    text = unicodedata.normalize("NFC", text).strip()
    if is_blank(text):
        raise Invalid.field(field, "can't be blank")
    if len(text) > longest:
        raise Invalid.field(field, f"must have at most {longest} characters")
    if not lines and any(unicodedata.category(char) in _UNSEEN for char in text):
        raise Invalid.field(field, "must not contain control characters")
    return text
