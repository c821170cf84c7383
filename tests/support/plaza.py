"""Forums for tests of votes and comments: rows as the contexts make them, without telling anybody."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph.forums import ranking
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.ids import new_id


class Counts(msgspec.Struct, frozen=True):
    """What a post or comment has."""

    upvotes: int
    downvotes: int
    score: int
    hot: float
    best: float
    controversy: float
    at: datetime


async def found(db: Repo, creator: Actor, **columns: Any) -> UUID:
    """A forum, as somebody might have made it, moderated by its creator."""
    id = new_id()
    columns = {"slug": f"f{id.hex[-16:]}", "title": "Beekeeping", **columns}
    await db.value("INSERT INTO streams (id) VALUES ($1)", id)
    await _insert(db, "forums", {"id": id, "creator_id": creator.id, **columns})
    sql = "INSERT INTO forum_moderators (forum_id, user_id, position) VALUES ($1, $2, 0)"
    await db.value(sql, id, creator.id)
    return id


async def post(
    db: Repo, author: Actor, forum_id: UUID, at: datetime | None = None, **columns: Any
) -> UUID:
    """A post with its author's own vote; counters may be given, whatever votes there are."""
    id, at = new_id(), at or clock.now()
    await db.value("INSERT INTO streams (id) VALUES ($1)", id)
    row = {
        "id": id,
        "forum_id": forum_id,
        "hot_epoch": ranking.HOT_EPOCH,
        "hot_seconds": ranking.HOT_SECONDS,
        "author_id": author.id,
        "kind": "text",
        "title": "Swarms",
        "active_at": at,
        "inserted_at": at,
        **columns,
    }
    counted = {name: row.pop(name) for name in ("upvotes", "downvotes") if name in row}
    await db.value(_OWN, id, author.id, "post", forum_id)
    await _insert(db, "posts", row)
    if counted:
        await change(db, "post_ranks", id, **counted)
    await db.value("UPDATE forums SET post_count = post_count + 1 WHERE id = $1", forum_id)
    return id


async def change(db: Repo, table: str, id: UUID, **columns: Any) -> None:
    """Set columns of one row."""
    names = ", ".join(f"{name} = ${n}" for n, name in enumerate(columns, 2))
    await db.value(f"UPDATE {table} SET {names} WHERE id = $1", id, *columns.values())


async def counts(db: Repo, table: str, id: UUID) -> Counts:
    """What its row says, for a post its ranks."""
    ranked = "post_ranks" if table == "posts" else table
    sql = f"SELECT upvotes, downvotes, score, hot, best, controversy, inserted_at FROM {ranked} WHERE id = $1"
    return await db.one(Counts, sql, id)


async def ban(db: Repo, forum_id: UUID, person: Actor, **columns: Any) -> None:
    """They are banned from it."""
    await _insert(db, "forum_bans", {"forum_id": forum_id, "user_id": person.id, **columns})


async def _insert(db: Repo, table: str, row: dict[str, Any]) -> None:
    places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
    sql = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})"
    await db.value(sql, *row.values())


_OWN = "INSERT INTO votes (item_id, user_id, item_kind, forum_id, value) VALUES ($1, $2, $3, $4, 1)"


async def fill(
    db: Repo, author: Actor, forum_id: UUID, n: int, *, apart: float = 60.0
) -> list[UUID]:
    """Many posts, one each `apart` seconds until now, with votes by their number. The newest last."""
    ids = [new_id() for _ in range(n)]
    await db.value("INSERT INTO streams (id) SELECT unnest($1::uuid[])", ids)
    await db.value(_FILL, ids, forum_id, author.id, clock.now(), apart, n)
    await db.value(_RANK, ids)
    return ids


_FILL = """
INSERT INTO posts (id, forum_id, hot_epoch, hot_seconds, author_id, kind, title, active_at, inserted_at)
SELECT i.id, f.id, f.hot_epoch, f.hot_seconds, $3, 'text', 'No. ' || i.n,
    $4::timestamptz - make_interval(secs => ($6 - i.n) * $5), $4 - make_interval(secs => ($6 - i.n) * $5)
FROM unnest($1::uuid[]) WITH ORDINALITY i (id, n), forums f WHERE f.id = $2
"""
_RANK = """
UPDATE post_ranks r SET upvotes = (i.n * 7919) % 100 + 1, downvotes = (i.n * 104729) % 60
FROM unnest($1::uuid[]) WITH ORDINALITY i (id, n) WHERE r.id = i.id
"""
