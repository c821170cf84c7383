"""People as search finds them."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec

from cgraph.searchable import Reached, Scanned, Searchable
from cgraph_kit.db import Repo


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    username: str
    display_name: str | None
    inserted_at: datetime
    shown: bool

    def thing(self) -> Searchable:
        return Searchable(
            kind="user",
            id=self.id,
            container_id=self.id,
            author_id=self.id,
            inserted_at=self.inserted_at,
            title=self.display_name or self.username,
            text=self.username if self.display_name else "",
        )


async def list_searchable(db: Repo, ids: Collection[UUID]) -> list[Searchable]:
    """People by their names; who has left, or was locked out, is left out. One statement."""
    rows = await db.all(_Row, f"SELECT {_COLUMNS} FROM users WHERE id = ANY($1)", list(ids))
    return [row.thing() for row in rows if row.shown]


async def scan_searchable(db: Repo, after: Reached, limit: int) -> Scanned:
    """Everybody there is."""
    rows = await db.all(_Row, _SCAN, after.id, limit)
    reached = Reached(rows[-1].id) if len(rows) == limit else None
    return Scanned([row.thing() for row in rows if row.shown], reached)


_COLUMNS = "id, username, display_name, inserted_at, state = 'active'"
_SCAN = f"SELECT {_COLUMNS} FROM users WHERE id > $1 ORDER BY id LIMIT $2"
