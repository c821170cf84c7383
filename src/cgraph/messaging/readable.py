"""What somebody reads of all that is said: for those who look through many places at once."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo

from .gates import ENTERED, first_id
from .message import TEXT, Message
from .message_row import MessageRow, selecting
from .policy import Kind


class ReadableConversation(msgspec.Struct, frozen=True):
    """A conversation the reader is in."""

    id: UUID
    kind: Kind
    name: str | None
    peer_id: UUID | None
    """The other one of a direct conversation."""
    joined_seq: int
    """They see what has a greater seq."""
    read_seq: int
    last_seq: int
    """Of what was said there last."""


class Spot(NamedTuple):
    """Where a message stands."""

    place_id: UUID
    """Of a conversation, channel or thread."""
    seq: int


class Neighbours(msgspec.Struct, frozen=True):
    """What was said around a message, in the order it was said."""

    before: list[Message]
    after: list[Message]


async def list_readable_conversations(db: Repo, actor: Actor) -> list[ReadableConversation]:
    """All conversations the actor is in; one statement."""
    return await db.all(ReadableConversation, _CONVERSATIONS, actor.id)


async def list_messages_at(
    db: Repo, actor: Actor, spots: Sequence[Spot], *, gated: Collection[UUID]
) -> dict[Spot, Message]:
    """What people say at these spots, as the actor sees it; one statement.

    Left out is what was deleted, or lies where they may not read. `gated`: the channels and threads among these that they
    may read now, as the context above knows.
    """
    if not spots:
        return {}
    places, seqs = [spot.place_id for spot in spots], [spot.seq for spot in spots]
    rows = await db.all(MessageRow, _AT, actor.id, places, seqs, list(gated))
    return {Spot(row.conversation_id, row.seq): row.message() for row in rows}


async def list_neighbours(
    db: Repo,
    actor: Actor,
    spots: Sequence[Spot],
    *,
    each_way: int,
    gated: Collection[UUID],
    without: Collection[UUID] = (),
) -> dict[Spot, Neighbours]:
    """What was said just before and after each spot, so many messages each way; one statement.

    As in `list_messages_at`. `without`: people whose messages are passed over.
    """
    if not spots or not each_way:
        return {}
    places, seqs = [spot.place_id for spot in spots], [spot.seq for spot in spots]
    rows = await db.all(
        _Neighbour, _AROUND, actor.id, places, seqs, list(gated), each_way, list(without)
    )
    found = {spot: Neighbours([], []) for spot in spots}
    for row in rows:
        around = found[Spot(row.conversation_id, row.of_seq)]
        (around.before if row.seq < row.of_seq else around.after).append(row.message())
    return found


class ReadUntil(msgspec.Struct, frozen=True):
    """How far somebody has read in a place."""

    place_id: UUID
    read_seq: int
    last_seq: int
    """Of what was said there last."""


async def list_read_until(
    db: Repo, actor: Actor, places: Sequence[tuple[UUID, datetime]]
) -> list[ReadUntil]:
    """How far the actor has read in each of these channels and threads, by when they came into its group; one statement."""
    ids = [id for id, _ in places]
    return await db.all(ReadUntil, _MARKS, actor.id, ids, [first_id(at) for _, at in places])


class _Neighbour(MessageRow, frozen=True):
    of_seq: int


_CONVERSATIONS = """
SELECT c.id, c.kind, c.name, p.peer_id, p.joined_seq, p.read_seq, s.last_seq
FROM participants p JOIN conversations c ON c.id = p.conversation_id JOIN streams s ON s.id = c.id
WHERE p.user_id = $1 AND p.left_seq IS NULL AND NOT p.gated
"""
# Who has never looked into a place has read what was said before they came.
_MARKS = f"""
SELECT w.place_id, coalesce(p.read_seq, e.seq, 0), s.last_seq
FROM unnest($2::uuid[], $3::uuid[]) AS w (place_id, first_id) JOIN streams s ON s.id = w.place_id
LEFT JOIN participants p ON p.conversation_id = w.place_id AND p.user_id = $1 AND p.gated AND p.left_seq IS NULL
LEFT JOIN LATERAL ({ENTERED.format(place="w.place_id", id="w.first_id")}) e ON p.user_id IS NULL
"""
# Where each spot's reader begins to read; no row: they do not.
_READ = """
read AS MATERIALIZED (
    SELECT w.place_id, w.seq, CASE WHEN w.place_id = ANY ($4::uuid[]) THEN 0 ELSE p.joined_seq END AS joined_seq
    FROM (SELECT DISTINCT * FROM unnest($2::uuid[], $3::bigint[]) AS w (place_id, seq)) w
    LEFT JOIN participants p
        ON p.conversation_id = w.place_id AND p.user_id = $1 AND p.left_seq IS NULL AND NOT p.gated
    WHERE w.place_id = ANY ($4) OR p.user_id IS NOT NULL
)
"""
_SAID = f"m.kind = '{TEXT}' AND m.deleted_at IS NULL"
_AT = f"""
WITH {_READ}, m AS (
    SELECT m.*, w.joined_seq FROM read w
    JOIN messages m ON m.conversation_id = w.place_id AND m.seq = w.seq AND m.seq > w.joined_seq AND {_SAID}
)
SELECT {selecting("$1", "m.joined_seq").replace("FROM messages m", "FROM m")}
"""
_WAY = f"""
SELECT m.*, w.joined_seq, w.seq AS of_seq FROM read w, LATERAL (
    SELECT * FROM messages m
    WHERE m.conversation_id = w.place_id AND m.seq {{past}} w.seq AND m.seq > w.joined_seq AND {_SAID}
        AND (m.sender_id IS NULL OR m.sender_id <> ALL ($6::uuid[]))
    ORDER BY m.seq {{order}} LIMIT $5
) m
"""
_AROUND = f"""
WITH {_READ}, m AS (
    ({_WAY.format(past="<", order="DESC")}) UNION ALL ({_WAY.format(past=">", order="ASC")})
)
SELECT {selecting("$1", "m.joined_seq").replace("FROM messages m", ", m.of_seq FROM m")}
ORDER BY m.conversation_id, m.of_seq, m.seq
"""
