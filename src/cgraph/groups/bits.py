"""Permissions on the wire: the decimal digits of a 64-bit number, which JavaScript would round."""

from typing import Annotated

import msgspec

from cgraph_kit.errors import Invalid

from .permissions import GROUP_WIDE, KNOWN, names_of

Bits = Annotated[str, msgspec.Meta(pattern=r"^(0|[1-9][0-9]*)$", max_length=19, examples=["1024"])]


def parse(text: str, field: str) -> int:
    """The number. Raises `Invalid` for bits that mean nothing, and so would come to mean something one day."""
    bits = int(text)
    if unknown := bits & ~KNOWN:
        raise Invalid.field(field, f"has unknown bits: {unknown}")
    return bits


def parse_of_channel(text: str, field: str) -> int:
    """The number, for what a channel allows or denies. Raises `Invalid` for bits that are the whole group's, too."""
    bits = parse(text, field)
    if wide := bits & GROUP_WIDE:
        raise Invalid.field(field, f"is for roles only: {', '.join(names_of(wide))}")
    return bits
