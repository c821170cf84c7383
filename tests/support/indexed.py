"""Documents as analysis makes them, for tests of what finds them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from cgraph.search.analysis import analysed
from cgraph.search.document import Document, document_of
from cgraph.searchable import Searchable
from cgraph_kit.ids import new_id

EPOCH = datetime(2026, 3, 30, tzinfo=UTC)
"""Two days before a quarter ends."""


def document(text: str = "", *, at: float = 0, **fields: Any) -> Document:
    """A message, unless it is said to be something else, so many hours after the epoch."""
    thing: dict[str, Any] = {
        "kind": "message",
        "id": new_id(),
        "container_id": new_id(),
        "inserted_at": EPOCH + timedelta(hours=at),
        "text": text,
    }
    made = Searchable(**thing | fields)
    return document_of(made, analysed(made.title, made.text, made.language))


def of_forum(forum_id: UUID, text: str = "", *, at: float = 0, **fields: Any) -> Document:
    """A post."""
    return document(text, at=at, **{"kind": "post", "container_id": forum_id} | fields)
