"""Forums of people, made as people make them."""

from typing import Any
from uuid import UUID

from cgraph import forums
from cgraph.accounts import Actor
from cgraph.forums import Forum, NewForum, NewPost, Post, SetSubscription
from cgraph_kit.db import Repo
from cgraph_kit.ids import new_id


def slug() -> str:
    """One that nobody has."""
    return f"f{new_id().hex[-14:]}"


async def make_forum(db: Repo, creator: Actor, **more: Any) -> Forum:
    """A forum of somebody's."""
    new = {"slug": slug(), "title": "Beekeeping"} | more
    return await forums.create_forum(db, creator, NewForum(**new))


async def make_post(db: Repo, author: Actor, forum_id: UUID, **more: Any) -> Post:
    """A post of somebody's."""
    return await forums.create_post(db, author, forum_id, NewPost(**{"title": "Swarms"} | more))


async def subscribe(db: Repo, actor: Actor, forum_id: UUID, level: Any = "normal") -> None:
    """Somebody subscribes, or asks to be let in."""
    await forums.subscribe(db, actor, forum_id, SetSubscription(level))


async def ban(db: Repo, forum_id: UUID, user_id: UUID) -> None:
    """Somebody may only read from now on."""
    await db.value("INSERT INTO forum_bans (forum_id, user_id) VALUES ($1, $2)", forum_id, user_id)
