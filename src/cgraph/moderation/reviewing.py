"""Who decides what: moderators of a forum, members who may moderate where it was said, and administrators everything."""

from collections.abc import Collection
from typing import Protocol
from uuid import UUID

import msgspec

from cgraph import accounts, forums, groups
from cgraph.accounts import Actor
from cgraph_kit.db import Repo


class Placed(Protocol):
    """Whatever belongs to a place: a case, or the evidence for one."""

    @property
    def place_kind(self) -> str: ...
    @property
    def place_id(self) -> UUID | None: ...
    @property
    def channel_id(self) -> UUID | None: ...


class Reviewer(msgspec.Struct, frozen=True):
    """What a person decides."""

    everything: bool
    """They are an administrator of the site."""
    forum_ids: Collection[UUID] = ()
    channel_ids: Collection[UUID] = ()

    @property
    def anything(self) -> bool:
        """Whether there can be a case for them."""
        return self.everything or bool(self.forum_ids or self.channel_ids)


async def is_reviewer(db: Repo, actor: Actor, case: Placed) -> bool:
    """Whether somebody decides what was reported in this place."""
    if await accounts.is_admin(db, actor):
        return True
    if case.place_kind == "group" and case.channel_id is not None:
        return bool(await groups.list_reviewed_channels(db, actor.id, [case.channel_id]))
    if case.place_kind == "forum":
        return case.place_id in await forums.list_moderated_ids(db, actor.id)
    return False


async def get_reviewer(db: Repo, actor: Actor) -> Reviewer:
    """All that a person decides, of what there are cases for."""
    if await accounts.is_admin(db, actor):
        return Reviewer(everything=True)
    theirs = await groups.list_group_ids(db, actor.id)
    channels = await db.values(_CHANNELS, theirs) if theirs else []
    mine = await groups.list_reviewed_channels(db, actor.id, channels)
    moderated = await forums.list_moderated_ids(db, actor.id)
    return Reviewer(everything=False, forum_ids=moderated, channel_ids=mine)


_CHANNELS = """
SELECT DISTINCT channel_id FROM moderation_cases WHERE place_id = ANY($1) AND channel_id IS NOT NULL
"""
