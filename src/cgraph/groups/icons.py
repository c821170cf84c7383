"""What a group is known by at a glance: a picture somebody uploaded."""

from uuid import UUID

from cgraph import files
from cgraph.accounts import Actor
from cgraph.files import Picture
from cgraph_kit.db import Repo

from .group import Group
from .groups import change_group
from .overview import get_group
from .permissions import Permission
from .standing import hold_group


async def set_icon(
    db: Repo, actor: Actor, group_id: UUID, picture: Picture, *, reason: str | None = None
) -> Group:
    """Show a group by this image of the actor's; the one before goes.

    Raises `GroupNotFound`, `MissingPermission`, and as `files.hang_picture`.
    """
    async with db.transaction() as tx:
        (await hold_group(tx, actor, group_id)).demand(Permission.MANAGE_GROUP)
        address = await files.hang_picture(tx, actor, picture, "icon", group_id)
        await files.drop_pictures(tx, "icon", group_id, but=picture.file_id)
        await change_group(tx, actor, group_id, {"icon_url": address}, reason=reason)
        return await get_group(tx, actor, group_id)


async def remove_icon(db: Repo, actor: Actor, group_id: UUID, *, reason: str | None = None) -> None:
    """Show a group by none; again: nothing happens. Raises `GroupNotFound`, `MissingPermission`."""
    async with db.transaction() as tx:
        (await hold_group(tx, actor, group_id)).demand(Permission.MANAGE_GROUP)
        await files.drop_pictures(tx, "icon", group_id)
        await change_group(tx, actor, group_id, {"icon_url": None}, reason=reason)
