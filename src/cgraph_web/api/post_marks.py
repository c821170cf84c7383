"""What one does with posts for oneself: saved, hidden, followed and read ones, words one does not want to read."""

from uuid import UUID

import msgspec

from cgraph import forums
from cgraph.accounts import Actor
from cgraph.forums import MutedWords, Post, PostMarks, PostRead
from cgraph_kit.db import Repo
from cgraph_kit.paging import WhichPage
from cgraph_web.action import Body, Query, action
from cgraph_web.views.base import Data, Many, many

THERE = (forums.PostNotFound,)


class Words(msgspec.Struct, frozen=True):
    """The words, as they are compared."""

    words: list[str]


@action(errors=THERE)
async def save(db: Repo, actor: Actor, post_id: UUID) -> Data[PostMarks]:
    """Keep a post among one's saved ones."""
    return Data(await forums.save_post(db, actor, post_id, saved=True))


@action(errors=THERE)
async def unsave(db: Repo, actor: Actor, post_id: UUID) -> Data[PostMarks]:
    """Keep it no longer."""
    return Data(await forums.save_post(db, actor, post_id, saved=False))


@action(errors=THERE)
async def hide(db: Repo, actor: Actor, post_id: UUID) -> Data[PostMarks]:
    """Leave a post out of one's lists."""
    return Data(await forums.hide_post(db, actor, post_id, hidden=True))


@action(errors=THERE)
async def unhide(db: Repo, actor: Actor, post_id: UUID) -> Data[PostMarks]:
    """Let it be listed again."""
    return Data(await forums.hide_post(db, actor, post_id, hidden=False))


@action(errors=THERE)
async def follow(db: Repo, actor: Actor, post_id: UUID) -> Data[PostMarks]:
    """Hear of every comment on a post: the notification preference of the post is `all` from now on."""
    return Data(await forums.follow_post(db, actor, post_id, followed=True))


@action(errors=THERE)
async def unfollow(db: Repo, actor: Actor, post_id: UUID) -> Data[PostMarks]:
    """Hear of it as its forum has it."""
    return Data(await forums.follow_post(db, actor, post_id, followed=False))


@action(errors=THERE)
async def read(db: Repo, actor: Actor, post_id: UUID, read: Body[PostRead]) -> Data[PostMarks]:
    """Note that one has read a post and its comments: what comes later is new."""
    return Data(await forums.read_post(db, actor, post_id, read))


@action()
async def saved(db: Repo, actor: Actor, query: Query[WhichPage]) -> Many[Post]:
    """What one has saved, the latest first."""
    return many(await forums.list_kept(db, actor, "saved", limit=query.limit, after=query.after))


@action()
async def hidden(db: Repo, actor: Actor, query: Query[WhichPage]) -> Many[Post]:
    """What one has hidden, the latest first."""
    return many(await forums.list_kept(db, actor, "hidden", limit=query.limit, after=query.after))


@action()
async def muted_words(db: Repo, actor: Actor) -> Data[Words]:
    """Posts with one of these words in the title are left out of one's lists."""
    return Data(Words(await forums.list_muted_words(db, actor)))


@action()
async def set_muted_words(db: Repo, actor: Actor, muted: Body[MutedWords]) -> Data[Words]:
    """Put these in the place of what was."""
    return Data(Words(await forums.set_muted_words(db, actor, muted)))
