"""A preview: what is shown of a link."""

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec

Kind = Literal["message", "post", "comment"]
"""What links stand in."""
Shown = Literal["page", "image"]


class PreviewImage(msgspec.Struct, frozen=True):
    """A picture of a page, made small and handed out by this server."""

    url: str
    """Of this server: `/api/v1/previews/<id>/image`."""
    width: int
    height: int


class Preview(msgspec.Struct, frozen=True):
    """What a page says of itself. All of it is plain text that strangers wrote: to be escaped, never to be trusted."""

    id: UUID
    url: str
    """Where the link leads; a host in other letters than ASCII's is shown as punycode."""
    kind: Shown
    """`image`: the address is a picture itself."""
    site_name: str | None
    title: str | None
    description: str | None
    image: PreviewImage | None


class Placed(msgspec.Struct, frozen=True):
    """A thing links stand in."""

    kind: Kind
    item_id: UUID
    place_id: UUID | None = None
    """Of a message: its conversation, channel or thread."""


def from_stored(rows: Sequence[dict[str, Any]] | None) -> list[Preview]:
    """Previews as they are kept beside a text."""
    return msgspec.convert(rows, list[Preview]) if rows else []


def stored(previews: Sequence[Preview]) -> list[dict[str, Any]] | None:
    """As they are kept there."""
    return msgspec.to_builtins(previews) if previews else None
