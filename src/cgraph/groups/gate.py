"""The way into channels and threads: rights are asked each time; see `messaging.gates`."""

from uuid import UUID

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.messaging import Access, AllowedMentions, Called
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import NotFound

from .access import ChannelAccess, get_access
from .calls import find_called
from .errors import ChannelNotFound
from .thread_life import go_on


class Channels:
    """Members come in as far as their roles and the channel's overwrites let them."""

    gated = True
    not_found: type[NotFound] = ChannelNotFound

    async def enter(self, db: Repo, actor: Actor, place_id: UUID) -> ChannelAccess:
        """Raises `ChannelNotFound`."""
        access = await get_access(db, actor.id, place_id)
        taken = await messaging.take_place(db, place_id, actor.id, access.entered_at)
        return await self._still(db, actor, access, taken)

    async def hold(self, tx: Transaction, actor: Actor, place_id: UUID) -> ChannelAccess:
        """Raises `ChannelNotFound`."""
        access = await get_access(tx, actor.id, place_id)
        taken = await messaging.hold_place(tx, place_id, actor.id, access.entered_at)
        return await self._still(tx, actor, access, taken)

    async def _still(
        self, db: Repo, actor: Actor, access: ChannelAccess, taken: messaging.Taken | None
    ) -> ChannelAccess:
        """Whoever shows people out takes their rows first: a row made after that must not let them in again."""
        if taken is None:
            raise ChannelNotFound
        if taken == "there":
            return access
        return await get_access(db, actor.id, access.conversation_id)

    async def admit(self, db: Repo, actor: Actor, place_id: UUID) -> ChannelAccess:
        """Raises `ChannelNotFound`, and as `ChannelAccess.check_speaking`."""
        access = await get_access(db, actor.id, place_id)
        access.check_speaking()
        return access

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
        """Members by their names, as far as they can see the place, and many at once, for who may call them."""
        if "@" not in text:
            return messaging.NOBODY
        entered = access if isinstance(access, ChannelAccess) else None
        return await find_called(
            db, entered or await get_access(db, actor.id, place_id), text, allowed
        )

    async def said(self, db: Repo, actor: Actor, access: Access) -> None:
        """A thread that was put away is open again, and whoever speaks in it follows it."""
        if isinstance(access, ChannelAccess) and access.is_thread:
            await go_on(db, actor, access)


CHANNELS = Channels()
