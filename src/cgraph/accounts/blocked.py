"""Between whom and a person there is a block: for those who show things of many people at once."""

from uuid import UUID

import msgspec

from cgraph_kit.db import Repo

from .user import Actor


class Blocks(msgspec.Struct, frozen=True):
    """Whom a person does not want to hear from, and who does not want to hear from them."""

    by: frozenset[UUID]
    """Blocked by the person."""
    of: frozenset[UUID]
    """Those who block the person."""

    @property
    def either(self) -> frozenset[UUID]:
        """Between whom and the person there is a block."""
        return self.by | self.of


NO_BLOCKS = Blocks(frozenset(), frozenset())


class _Pair(msgspec.Struct, frozen=True):
    other_id: UUID
    blocks: bool


async def get_blocks(db: Repo, actor: Actor) -> Blocks:
    """All of them; one statement. What it says of others is never to be told to the actor."""
    rows = await db.all(
        _Pair, "SELECT other_id, blocks FROM blocked_pairs WHERE user_id = $1", actor.id
    )
    by = frozenset(row.other_id for row in rows if row.blocks)
    return Blocks(by, frozenset(row.other_id for row in rows if not row.blocks))
