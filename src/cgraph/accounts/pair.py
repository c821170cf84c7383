"""A pair of tokens: an access token and the refresh token that came with it.

A session has one pair in use. Refreshing with its token issues a new pair, which waits until either of its tokens is
first used: then it is the one in use, and the refresh token before it is spent. A client that never got the answer asks
again with the token it has and gets another pair; those that wait side by side are rivals, the first one used wins, and
the others are dead, access token and all. So a repeated request is harmless whichever answer arrives, and in any order.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

import msgspec

from cgraph_kit.db import Repo, Transaction, columns
from cgraph_kit.ids import new_id

MOST_WAITING = 4
"""Pairs that may wait side by side; the oldest makes room."""


class Pair(msgspec.Struct, frozen=True):
    """A row of `token_pairs`."""

    id: UUID
    session_id: UUID
    parent_id: UUID | None
    """The pair whose refresh token this one was issued for."""
    refresh_hash: bytes
    used_at: datetime | None
    inserted_at: datetime


class Standing(Enum):
    """What a pair is to its session."""

    IN_USE = "in use"
    WAITING = "waiting"
    SPENT = "spent"


def standing(pair_id: UUID, parent_id: UUID | None, in_use: UUID) -> Standing:
    """What a pair is, given which one the session has in use."""
    if pair_id == in_use:
        return Standing.IN_USE
    return Standing.WAITING if parent_id == in_use else Standing.SPENT


def new_pair(session_id: UUID, parent_id: UUID | None, refresh_hash: bytes, now: datetime) -> Pair:
    """A pair nobody has used; the session's first one is in use from birth."""
    used_at = now if parent_id is None else None
    return Pair(new_id(), session_id, parent_id, refresh_hash, used_at, now)


async def insert_pair(tx: Transaction, pair: Pair) -> None:
    await tx.value(_INSERT, *msgspec.structs.astuple(pair))


_INSERT = f"INSERT INTO token_pairs ({columns(Pair)}) VALUES ($1, $2, $3, $4, $5, $6)"


async def list_pairs(tx: Transaction, session_id: UUID) -> list[Pair]:
    """What is kept of a session's pairs, oldest first."""
    return await tx.all(
        Pair,
        f"SELECT {columns(Pair)} FROM token_pairs WHERE session_id = $1 ORDER BY id",
        session_id,
    )


async def drop_surplus(tx: Transaction, pairs: Sequence[Pair], in_use: UUID) -> None:
    """Make room for one more waiting pair."""
    waiting = [p.id for p in pairs if standing(p.id, p.parent_id, in_use) is Standing.WAITING]
    surplus = waiting[: max(0, len(waiting) - MOST_WAITING + 1)]
    if surplus:
        await tx.value("DELETE FROM token_pairs WHERE id = ANY($1)", surplus)


async def use_pair(
    db: Repo, session_id: UUID, pair_id: UUID, parent_id: UUID, *, now: datetime, access: timedelta
) -> bool:
    """Put a waiting pair in use: its rivals die, and its predecessor is spent. False: a rival was faster.

    Predecessors are kept while their access tokens live (`access`), which in-flight requests may still carry.
    """
    used = await db.value(_USE, session_id, pair_id, parent_id, now, now - access)
    return used is not None


# Rivals meet at the session's row: whoever comes second finds another pair in use.
_USE = """
WITH session AS (
    UPDATE sessions SET pair_id = $2, last_seen_at = $4
    WHERE id = $1 AND pair_id = $3 AND revoked_at IS NULL RETURNING id
), dead AS (
    DELETE FROM token_pairs p USING session
    WHERE p.session_id = session.id AND p.id <> $2 AND (p.used_at IS NULL OR p.inserted_at < $5)
)
UPDATE token_pairs p SET used_at = $4 FROM session WHERE p.id = $2 RETURNING true
"""
