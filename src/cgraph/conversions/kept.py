"""What is kept of conversions: where addresses lead, and what only the other side knows."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal, TypeVar
from uuid import UUID

import msgspec

from cgraph import accounts
from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction

from .shapes import CommentFacts, Known, MessageFacts, people_in

Kind = Literal["thread", "post"]
F = TypeVar("F", bound=msgspec.Struct)


async def keep(
    tx: Transaction,
    actor: Actor,
    source: tuple[Kind, UUID],
    target: tuple[Kind, UUID],
    facts: msgspec.Struct,
) -> None:
    """One has become the other; what had become the one has, too."""
    await tx.value(_LEAD_ON, source[1], target[1], target[0])
    await tx.value(_KEEP, *source, *target, actor.id, msgspec.to_builtins(facts), clock.now())


async def find_facts(tx: Transaction, target_id: UUID, facts: type[F]) -> F | None:
    """What was kept when something last became this."""
    row: dict[str, Any] | None = await tx.value(_FACTS, target_id)
    return None if row is None else msgspec.convert(row, facts)


async def keep_items(
    tx: Transaction,
    *,
    messages: Mapping[UUID, MessageFacts] | None = None,
    comments: Mapping[UUID, CommentFacts] | None = None,
) -> None:
    """Keep what the other side does not know of these."""
    for kind, facts in (("message", messages), ("comment", comments)):
        if facts:
            rows = [{"id": str(id), "facts": msgspec.to_builtins(one)} for id, one in facts.items()]
            await tx.value(_KEEP_ITEMS.format(kind=kind), rows)


class _Item(msgspec.Struct, frozen=True):
    item_id: UUID
    message: dict[str, Any] | None
    comment: dict[str, Any] | None


async def find_known(tx: Transaction, ids: Collection[UUID], others: Iterable[Any]) -> Known:
    """What was kept of these items; and who of those named there, or in the others, has an account."""
    rows = await tx.all(_Item, _ITEMS, list(ids))
    messages = {
        row.item_id: msgspec.convert(row.message, MessageFacts) for row in rows if row.message
    }
    comments = {
        row.item_id: msgspec.convert(row.comment, CommentFacts) for row in rows if row.comment
    }
    named = people_in([*messages.values(), *comments.values(), *others])
    people = await accounts.get_people(tx, list(named))
    return Known(messages, comments, frozenset(people))


class Target(msgspec.Struct, frozen=True):
    """What something has become."""

    kind: Kind
    id: UUID


async def find_target(db: Repo, source_id: UUID) -> Target | None:
    """What a thread or post is now; None: it was not converted."""
    return await db.first(
        Target, "SELECT target_kind, target_id FROM conversions WHERE source_id = $1", source_id
    )


_LEAD_ON = "UPDATE conversions SET target_id = $2, target_kind = $3 WHERE target_id = $1"
_KEEP = """
INSERT INTO conversions (source_kind, source_id, target_kind, target_id, actor_id, facts, inserted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_FACTS = "SELECT facts FROM conversions WHERE target_id = $1 ORDER BY inserted_at DESC LIMIT 1"
_ITEMS = "SELECT item_id, message, comment FROM converted_items WHERE item_id = ANY($1)"
_KEEP_ITEMS = """
INSERT INTO converted_items (item_id, {kind}) SELECT id, facts FROM jsonb_to_recordset($1) r (id uuid, facts jsonb)
ON CONFLICT (item_id) DO UPDATE SET {kind} = excluded.{kind}
"""
