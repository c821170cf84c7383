"""What of the audit log its reader may see: of channels and threads hidden from them, only that something was done."""

from collections.abc import Collection
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo

from .channel_list import look
from .permissions import Permission
from .standing import Standing


class Sight(msgspec.Struct, frozen=True):
    """Which of some places somebody sees."""

    seen: Collection[UUID]
    there: Collection[UUID]
    """Those that still are."""
    everything: bool
    """They may do anything, and so see also what is gone."""

    def shows(self, place_id: UUID | None, *, in_the_open: bool) -> bool:
        """Whether what was done to a place is shown; of one that is gone, what everybody could see when it was done."""
        if place_id is None or self.everything or place_id in self.seen:
            return True
        return in_the_open and place_id not in self.there


async def look_at(db: Repo, actor: Actor, standing: Standing, place_ids: Collection[UUID]) -> Sight:
    """Which of these channels, categories and threads a member sees; at most two statements, however many."""
    everything = standing.may(Permission.ADMINISTRATOR)
    if everything or not place_ids:
        return Sight((), (), everything)
    every = await look(db, actor.id, standing.group_id)
    bits = {channel.id: channel.bits for channel in every}
    seen = {id for id, held in bits.items() if held & Permission.VIEW_CHANNEL}
    around = {one.category_id for one in every if one.id in seen and one.category_id}
    threads = await db.all(_Thread, _THREADS, actor.id, list(place_ids))
    shown = {thread.id for thread in threads if thread.shown(bits.get(thread.channel_id, 0))}
    return Sight(seen | around | shown, bits.keys() | {thread.id for thread in threads}, everything)


class _Thread(msgspec.Struct, frozen=True):
    id: UUID
    channel_id: UUID
    open: bool
    """To them, if its channel is."""

    def shown(self, bits: int) -> bool:
        needed = Permission.VIEW_CHANNEL if self.open else Permission.MANAGE_THREADS
        return bool(bits & needed)


_THREADS = """
SELECT t.id, t.channel_id, NOT t.private OR EXISTS (
    SELECT FROM group_thread_members f WHERE f.thread_id = t.id AND f.user_id = $1
)
FROM group_threads t WHERE t.id = ANY($2)
"""
