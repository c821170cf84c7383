"""What moderators have decided about a person's own things, as that person may know it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page

from .case import PlaceKind
from .measure import Measure
from .report import ItemKind


class Notice(msgspec.Struct, frozen=True):
    """A decision that did something about a thing of theirs. Who decided is told to nobody, nor who had reported it."""

    id: UUID
    """That of the decision: the subject of its notification."""
    kind: ItemKind
    item_id: UUID
    place_kind: PlaceKind
    place_id: UUID | None
    container_id: UUID | None
    measures: Sequence[Measure]
    note: str | None
    undone: bool
    """It was taken back."""
    inserted_at: datetime


async def list_notices(
    db: Repo, actor: Actor, *, limit: int = DEFAULT_LIMIT, after: str | None = None
) -> Page[Notice]:
    """The actor's own, the newest first. Raises `Invalid` for another list's cursor."""
    before = decode_cursor(after, UUID, "after") if after else None
    rows = await db.all(_Row, _LIST, actor.id, before, limit + 1)
    page = forward_page(rows, limit, lambda row: row.id)
    return Page([row.notice() for row in page.items], after=page.after)


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    kind: ItemKind
    item_id: UUID
    place_kind: PlaceKind
    place_id: UUID | None
    container_id: UUID | None
    effects: list[dict[str, Any]]
    note: str | None
    undone: bool
    inserted_at: datetime

    def notice(self) -> Notice:
        facts = msgspec.structs.asdict(self)
        facts["measures"] = [effect["kind"] for effect in facts.pop("effects")]
        return Notice(**facts)


_LIST = """
SELECT a.id, c.item_kind, c.item_id, c.place_kind, c.place_id, c.container_id, a.effects, a.note,
    a.undone_at IS NOT NULL, a.inserted_at
FROM moderation_cases c JOIN moderation_actions a ON a.case_id = c.id
WHERE c.author_id = $1 AND a.effects <> '[]' AND ($2::uuid IS NULL OR a.id < $2)
ORDER BY a.id DESC LIMIT $3
"""
