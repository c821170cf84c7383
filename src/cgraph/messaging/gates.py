"""How people reach the places where things are said.

In a conversation the row of `participants` is the right: whoever has one is in it. In channels and threads rights come
and go with roles, so the context above is asked each time, and the row (`gated`) only keeps how far somebody has read;
it is made when they first look in. Statements that stand on the row alone leave gated ones out.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Error, NotFound

from .access import Access, get_access, hold_access
from .calling import AllowedMentions, allow_people
from .errors import ConversationNotFound
from .mentions import find_mentioned


class Called(msgspec.Struct, frozen=True):
    """Whom a text calls."""

    user_ids: Sequence[UUID] = ()
    """By their names."""
    audiences: Sequence[UUID] = ()
    """Many at once: roles, the group for @everyone, the place itself for @here."""


NOBODY = Called()


class Gate(Protocol):
    """One way in. What it raises for who may not: what `not_found` says, for nothing is there to them."""

    gated: bool
    """Whether rights are asked each time."""
    not_found: type[NotFound]

    async def enter(self, db: Repo, actor: Actor, place_id: UUID) -> Access:
        """The actor's place there; from now on they have a row."""
        ...

    async def hold(self, tx: Transaction, actor: Actor, place_id: UUID) -> Access:
        """As `enter`, and nobody removes them before this transaction ends."""
        ...

    async def admit(self, db: Repo, actor: Actor, place_id: UUID) -> Access | None:
        """What the statement that says something cannot find out itself, one statement; None: it needs nothing.

        Raises for who may not say anything there.
        """
        ...

    async def calls(
        self,
        db: Repo,
        actor: Actor,
        place_id: UUID,
        text: str,
        *,
        access: Access | None,
        allowed: AllowedMentions | None,
    ) -> Called:
        """Whom a text of theirs calls there. `access`: what `admit`, `enter` or `hold` gave."""
        ...

    async def said(self, db: Repo, actor: Actor, access: Access) -> None:
        """Something was said by who was admitted with this access."""
        ...


class Participants:
    """Conversations: who is in them may."""

    gated = False
    not_found: type[NotFound] = ConversationNotFound

    async def enter(self, db: Repo, actor: Actor, place_id: UUID) -> Access:
        return await get_access(db, actor, place_id)

    async def hold(self, tx: Transaction, actor: Actor, place_id: UUID) -> Access:
        return await hold_access(tx, actor, place_id)

    async def admit(self, db: Repo, actor: Actor, place_id: UUID) -> Access | None:  # noqa: ARG002
        return None

    async def calls(
        self,
        db: Repo,
        actor: Actor,
        place_id: UUID,
        text: str,
        *,
        access: Access | None,  # noqa: ARG002
        allowed: AllowedMentions | None,
    ) -> Called:
        if "@" not in text:
            return NOBODY
        return Called(allow_people(await find_mentioned(db, place_id, actor.id, text), allowed))

    async def said(self, db: Repo, actor: Actor, access: Access) -> None:
        """Nothing follows."""


PARTICIPANTS: Gate = Participants()


async def can_type(db: Repo, actor: Actor, place_id: UUID, *, gate: Gate = PARTICIPANTS) -> bool:
    """Whether others may be told that the actor is about to say something there: whether they could, and are not slowed."""
    try:
        access = await gate.enter(db, actor, place_id)
        access.check_speaking()
    except Error:
        return False
    return access.slow_mode == 0


Taken = Literal["there", "made"]
"""With a row that was made just now, whoever took it asks for the rights again: they may have been shown out since."""


async def take_place(db: Repo, place_id: UUID, user_id: UUID, entered_at: datetime) -> Taken | None:
    """Give somebody a row in a channel or thread, unless they have one; None: there is no such place.

    `entered_at`: since when they may know of it. What was said before then is read, to them.
    """
    taken: Taken | None = await db.value(_TAKE, place_id, user_id, first_id(entered_at))
    return taken


async def hold_place(
    tx: Transaction, place_id: UUID, user_id: UUID, entered_at: datetime
) -> Taken | None:
    """As `take_place`, and nobody takes it from them before this transaction ends."""
    if await tx.value(_HOLD, place_id, user_id):
        return "there"
    taken = await take_place(tx, place_id, user_id, entered_at)
    return taken if await tx.value(_HOLD, place_id, user_id) else None


def first_id(at: datetime) -> UUID:
    """What all ids made from an instant on are greater than: they are UUIDv7 (RFC 9562)."""
    return UUID(int=max(0, int(at.timestamp() * 1000)) << 80)


ENTERED = """
SELECT greatest(m.seq, i.seq) AS seq, greatest(m.nth, i.nth) AS nth FROM (SELECT) one
LEFT JOIN LATERAL (
    SELECT seq, nth FROM messages WHERE conversation_id = {place} AND id < {id} ORDER BY id DESC LIMIT 1
) m ON true
LEFT JOIN LATERAL (
    SELECT seq, nth FROM imported_runs
    WHERE conversation_id = {place} AND (until_id <= {id} OR from_nth <= coalesce(m.nth, 0)) ORDER BY nth DESC LIMIT 1
) i ON true
"""
"""Where a place stood when somebody came into the group; null: nothing had been said.

Ids of what was imported tell nothing of when it came. It is read to who came later, and as for everybody else to those for
whom there was nothing unread before it.
"""

# Whoever is rid of the place holds it: this waits, and then finds nothing. How slow they are stays, though they leave.
_TAKE = f"""
WITH there AS (
    SELECT FROM participants WHERE conversation_id = $1 AND user_id = $2 AND gated AND left_seq IS NULL
), place AS (
    SELECT c.id, coalesce(m.seq, 0) AS seq, coalesce(m.nth, 0) AS nth
    FROM conversations c LEFT JOIN LATERAL ({ENTERED.format(place="c.id", id="$3")}) m ON true
    WHERE c.id = $1 AND c.kind IN ('channel', 'thread') AND NOT EXISTS (SELECT FROM there) FOR KEY SHARE OF c
), made AS (
    INSERT INTO participants AS p (conversation_id, user_id, gated, read_seq, read_nth, shown_read_seq, delivered_seq,
        entered_seq, own_above)
    SELECT id, $2, true, seq, nth, seq, seq, seq, true FROM place
    ON CONFLICT (conversation_id, user_id) DO UPDATE SET left_seq = NULL, read_seq = excluded.read_seq,
        read_nth = excluded.read_nth, shown_read_seq = excluded.shown_read_seq, delivered_seq = excluded.delivered_seq,
        entered_seq = excluded.entered_seq, own_above = true, marked_unread = false, archived_seq = NULL, inserted_at = now()
    WHERE p.left_seq IS NOT NULL
)
SELECT CASE WHEN EXISTS (SELECT FROM there) THEN 'there' WHEN EXISTS (SELECT FROM place) THEN 'made' END
"""
_HOLD = """
SELECT true FROM participants WHERE conversation_id = $1 AND user_id = $2 AND gated AND left_seq IS NULL FOR NO KEY UPDATE
"""
