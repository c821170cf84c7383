"""Whom what is said in channels and threads concerns, and what of it somebody may see."""

from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec

from cgraph import messaging, notifications
from cgraph.messaging import Call, Hearing
from cgraph.notifications import Look, Scope, Wanted
from cgraph_kit.db import Repo, Transaction

from .access import ChannelAccess, hold_seers, list_accesses
from .calling import tell_called
from .limits import DEFAULT_LIMITS, Limits
from .scopes import Place, get_place_facts, scopes_of

LISTENERS = 1000
"""People who hear of everything said in one place, at most; to more it is as if they heard of replies."""


class Members:
    """The people of channels and threads: members who can see them. See `messaging.Audience`."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits

    async def hear(
        self, tx: Transaction, place_id: UUID, user_ids: Collection[UUID]
    ) -> Hearing | None:
        """Those of these people who see it, who wants to hear everything, and who follows the thread it is."""
        place = await get_place_facts(tx, place_id)
        if place is None:
            return None
        scopes = scopes_of(place, self._limits)
        listening = await _listening(tx, place, scopes)
        following = await _following(tx, place)
        seers = await hold_seers(tx, place_id, [*{*user_ids, *listening, *following}])
        return Hearing(
            scopes,
            seers.intersection(user_ids),
            seers.intersection(listening),
            seers.intersection(following),
        )

    async def call(self, tx: Transaction, calls: Sequence[Call]) -> None:
        """A job tells them, some at a time."""
        for call in calls:
            await tell_called.enqueue(tx, **msgspec.structs.asdict(call))

    async def look(self, db: Repo, wanted: Sequence[Wanted]) -> list[Look]:
        """Messages in channels and threads as these people may see them now. Two statements for all."""
        accesses = await list_accesses(db, [(one.scope_id, one.user_id) for one in wanted])
        looks = await messaging.look_in_places(db, wanted)
        return [
            self._shown(look, accesses.get((one.scope_id, one.user_id)), one)
            for look, one in zip(looks, wanted, strict=True)
        ]

    def _shown(self, look: Look, access: ChannelAccess | None, wanted: Wanted) -> Look:
        if access is None or (wanted.object_id is not None and not access.reads_history):
            return Look(gone=look.gone, may_see=False, read=look.read)
        title = access.name if access.is_thread else f"#{access.name}"
        places = scopes_of(access, self._limits)
        return msgspec.structs.replace(look, title=title, places=places)


AUDIENCE = Members()


async def _listening(tx: Transaction, place: Place, scopes: Sequence[Scope]) -> list[UUID]:
    """By their own setting for one of these, or by the group's in a small one."""
    if scopes[-1].default == "all":
        sql = "SELECT user_id FROM group_members WHERE group_id = $1"
        return await tx.values(sql, place.group_id)
    ids = [scope.id for scope in scopes]
    return await notifications.list_listeners(tx, ids, most=LISTENERS)


async def _following(tx: Transaction, place: Place) -> list[UUID]:
    if not place.is_thread:
        return []
    return await tx.values(
        "SELECT user_id FROM group_thread_members WHERE thread_id = $1", place.id
    )
