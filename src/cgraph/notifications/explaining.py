"""What would happen if: a decision for oneself, with every reason."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo

from .facts import Decision, Explicit
from .kinds import Kind
from .quiet import quiet_until
from .recipients import get_recipients
from .resolve import resolve
from .rules import level_of
from .scopes import Level, Scope


class Explained(msgspec.Struct, frozen=True):
    """How a person would be told of something, and why so."""

    kind: Kind
    at: datetime
    scopes: Sequence[Explicit]
    """What is set, the nearest first: the first value of each setting counts."""
    level: Level
    level_scope: Scope | None
    """Where the level is set; null: nowhere, it is the place's own."""
    quiet_until: datetime | None
    decision: Decision


async def explain(
    db: Repo,
    actor: Actor,
    kind: Kind,
    places: Sequence[Scope],
    at: datetime,
    *,
    sender_id: UUID | None = None,
) -> Explained:
    """What the actor's own settings make of an event that others cause at an instant while the actor is away."""
    senders = [sender_id] if sender_id else []
    recipients = await get_recipients(db, [actor.id], places, actor_ids=senders)
    facts = recipients[actor.id].facts(kind, at, actor_id=sender_id)
    level, scope = level_of(facts)
    until = quiet_until(facts.quiet, at)
    return Explained(kind, at, facts.scopes, level, scope, until, resolve(facts))
