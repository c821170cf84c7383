"""What a forum is known by at a glance: a picture somebody uploaded."""

from uuid import UUID

from cgraph import files
from cgraph.accounts import Actor
from cgraph.files import Picture
from cgraph_kit.db import Repo

from .access import hold_forum
from .forum import Forum
from .forums import change_icon, read_forum


async def set_forum_icon(db: Repo, actor: Actor, forum: UUID | str, picture: Picture) -> Forum:
    """Show a forum by this image of the actor's, a moderator; the one before goes.

    Raises `ForumNotFound`, `NotModerator`, and as `files.hang_picture`.
    """
    async with db.transaction() as tx:
        access = await hold_forum(tx, actor, forum)
        access.demand_moderator()
        address = await files.hang_picture(tx, actor, picture, "icon", access.forum_id)
        await files.drop_pictures(tx, "icon", access.forum_id, but=picture.file_id)
        await change_icon(tx, actor, access.forum_id, address)
        return await read_forum(tx, actor, access.forum_id)


async def remove_forum_icon(db: Repo, actor: Actor, forum: UUID | str) -> None:
    """Show a forum by none; again: nothing happens. Raises `ForumNotFound`, `NotModerator`."""
    async with db.transaction() as tx:
        access = await hold_forum(tx, actor, forum)
        access.demand_moderator()
        await files.drop_pictures(tx, "icon", access.forum_id)
        await change_icon(tx, actor, access.forum_id, None)
