"""Votes another system knew: how many there are of each, and what they give the author of what they are for."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from cgraph_kit.db import Transaction

from .counting import CHANGED, TABLES, counting
from .vote import VotedKind


class ImportedVote(msgspec.Struct, frozen=True):
    """Somebody's vote for the thing it comes with; one for each person."""

    user_id: UUID
    value: Literal[-1, 1]
    inserted_at: datetime


class Counted(msgspec.Struct, frozen=True):
    """Votes, counted."""

    up: int
    down: int


class Scale(msgspec.Struct, frozen=True):
    """How a forum counts time; its posts carry it."""

    forum_id: UUID
    hot_epoch: int
    hot_seconds: int


Voted = tuple[UUID, UUID, UUID | None, Sequence[ImportedVote]]
"""A thing, its forum, its author, and the votes for it."""


async def scales(tx: Transaction, forum_ids: Iterable[UUID]) -> dict[UUID, Scale]:
    """Of these forums, which stay as they are until the transaction ends."""
    rows = await tx.all(Scale, _SCALES, list(forum_ids))
    return {row.forum_id: row for row in rows}


def count(votes: Iterable[ImportedVote]) -> Counted:
    """How many there are of each."""
    values = [vote.value for vote in votes]
    return Counted(values.count(1), values.count(-1))


async def write_votes(tx: Transaction, kind: VotedKind, things: Sequence[Voted]) -> None:
    """Write the votes, and what they give the authors.

    How many they are, comments' own rows say already; posts, which come after their votes, get it with their ranks.
    """
    rows = [
        (id, vote.user_id, kind, forum_id, vote.value, vote.inserted_at, vote.inserted_at)
        for id, forum_id, _, votes in things
        for vote in votes
    ]
    await tx.copy_rows("votes", _COLUMNS, rows)
    given: Counter[tuple[UUID, UUID]] = Counter()
    for _, forum_id, author_id, votes in things:
        for vote in votes:
            if author_id is not None and vote.user_id != author_id:
                given[forum_id, author_id] += vote.value
    await _give(tx, kind, given)


async def import_votes(
    tx: Transaction, kind: VotedKind, votes: Sequence[tuple[UUID, ImportedVote]]
) -> int:
    """Add votes for things that are there; who has voted for one already keeps that. Returns how many are new.

    Votes for what is not there, and of people for what they wrote themselves, are left out.
    """
    if not votes:
        return 0
    new: int = await tx.value(
        _ADD[kind],
        [id for id, _ in votes],
        [vote.user_id for _, vote in votes],
        [vote.value for _, vote in votes],
        [vote.inserted_at for _, vote in votes],
    )
    return new


async def _give(tx: Transaction, kind: VotedKind, given: Counter[tuple[UUID, UUID]]) -> None:
    rows = sorted(given.items())
    await tx.value(
        _KARMA,
        [forum_id for (forum_id, _), _ in rows],
        [user_id for (_, user_id), _ in rows],
        [value if kind == "post" else 0 for _, value in rows],
        [value if kind == "comment" else 0 for _, value in rows],
    )


_COLUMNS = (
    "item_id",
    "user_id",
    "item_kind",
    "forum_id",
    "value",
    "inserted_at",
    "updated_at",
)
_SCALES = """
SELECT id, hot_epoch, hot_seconds FROM forums WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE
"""
_KARMA = """
INSERT INTO karma AS k (forum_id, user_id, posts, comments)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::integer[])
ON CONFLICT (forum_id, user_id) DO UPDATE SET
    posts = k.posts + excluded.posts, comments = k.comments + excluded.comments
"""


def _add(kind: VotedKind) -> str:
    return f"""
WITH held AS MATERIALIZED (
    SELECT t.id, t.forum_id, t.author_id FROM {TABLES[kind]} t WHERE t.id = ANY($1) ORDER BY t.id FOR NO KEY UPDATE
), given AS (
    INSERT INTO votes (item_id, user_id, item_kind, forum_id, value, inserted_at, updated_at)
    SELECT h.id, v.user_id, '{kind}', h.forum_id, v.value, v.at, v.at
    FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::timestamptz[]) AS v(item_id, user_id, value, at)
    JOIN held h ON h.id = v.item_id
    WHERE h.author_id IS DISTINCT FROM v.user_id
    ORDER BY h.id, v.user_id
    ON CONFLICT DO NOTHING RETURNING {CHANGED}
), {counting(kind)}
SELECT count(*) FROM given
"""


_ADD: dict[VotedKind, str] = {"post": _add("post"), "comment": _add("comment")}
