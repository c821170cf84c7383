"""What a message may say."""

import unicodedata

from cgraph_kit.errors import Invalid

from .limits import Limits


def check_content(content: str, limits: Limits) -> None:
    """Raise `Invalid` for a text that shows nothing, or more than `limits.message_max` code points."""
    if is_blank(content):
        raise Invalid.field("content", "can't be blank")
    if len(content) > limits.message_max:
        raise Invalid.field("content", f"must have at most {limits.message_max} characters")


def is_blank(text: str) -> bool:
    """Whether there is nothing to see: only spaces, controls and formatting characters."""
    if text[:1].isalnum():
        return False
    return all(unicodedata.category(char)[0] in "ZC" for char in text)
