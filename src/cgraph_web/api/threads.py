"""Threads of channels. What is said in one is at `/channels/{thread_id}/messages`."""

from uuid import UUID

from cgraph import conversions, groups, messaging
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.groups import NewThread, Thread, ThreadChange, ThreadMember
from cgraph_kit.db import Repo
from cgraph_kit.paging import WhichPage
from cgraph_web.action import Body, Query, action
from cgraph_web.leading import leading_on
from cgraph_web.views.base import Data, Many, many

from .channel_messages import SPEAKING

NEW = (
    groups.ChannelNotFound,
    groups.MissingPermission,
    groups.ChannelArchived,
    groups.TooManyThreads,
)


class ListThreads(WhichPage, frozen=True):
    """Which page, and of which."""

    archived: bool = False
    """The archived ones, the last archived first; else the open ones, the newest first."""


@action(errors=(groups.ChannelNotFound,))
async def index(
    db: Repo, actor: Actor, channel_id: UUID, query: Query[ListThreads]
) -> Many[Thread]:
    """The threads of a channel one can see. Archived ones take READ_MESSAGE_HISTORY; without it there are none."""
    page = await groups.list_threads(
        db, actor, channel_id, archived=query.archived, limit=query.limit, after=query.after
    )
    return many(page)


@action(status=201, errors=NEW)
async def create(
    db: Repo, actor: Actor, app: App, channel_id: UUID, new: Body[NewThread]
) -> Data[Thread]:
    """Begin a thread by itself, with CREATE_PUBLIC_THREADS or CREATE_PRIVATE_THREADS; one follows it."""
    return Data(await groups.create_thread(db, actor, channel_id, new, limits=app.limits.groups))


@action(status=201, errors=(*NEW, messaging.MessageNotFound, groups.ThreadExists))
async def create_at(
    db: Repo, actor: Actor, app: App, *, channel_id: UUID, message_id: UUID, new: Body[NewThread]
) -> Data[Thread]:
    """Begin a thread at a message of the channel; a message has at most one."""
    limits = app.limits.groups
    thread = await groups.create_thread(
        db, actor, channel_id, new, message_id=message_id, limits=limits
    )
    return Data(thread)


@action(errors=(groups.ThreadNotFound, conversions.ConvertedAway))
async def show(db: Repo, actor: Actor, thread_id: UUID) -> Data[Thread]:
    """One thread. The address of one that has become a post leads there."""
    async with leading_on(db, actor, thread_id):
        return Data(await groups.get_thread(db, actor, thread_id))


@action(errors=(groups.ThreadNotFound, groups.TooManyThreads, *SPEAKING))
async def update(
    db: Repo, actor: Actor, app: App, thread_id: UUID, change: Body[ThreadChange]
) -> Data[Thread]:
    """Name it differently, archive or open it, lock it, change its pace.

    Who began it may name, archive and open it and say when it is archived by itself; the rest takes MANAGE_THREADS. Who may
    speak in it may open it, unless it is locked.
    """
    limits = app.limits.groups
    return Data(await groups.update_thread(db, actor, thread_id, change, limits=limits))


@action(status=204, errors=(groups.ThreadNotFound, groups.MissingPermission))
async def remove(db: Repo, actor: Actor, thread_id: UUID) -> None:
    """Delete a thread and all that was said in it, with MANAGE_THREADS."""
    await groups.delete_thread(db, actor, thread_id)


@action(errors=(groups.ThreadNotFound,))
async def members(
    db: Repo, actor: Actor, thread_id: UUID, query: Query[WhichPage]
) -> Many[ThreadMember]:
    """Who follows a thread, by id."""
    page = await groups.list_thread_members(
        db, actor, thread_id, limit=query.limit, after=query.after
    )
    return many(page)


@action(status=204, errors=(groups.ThreadNotFound, groups.ThreadFull))
async def follow(db: Repo, actor: Actor, thread_id: UUID) -> None:
    """Hear what is said in a thread. Whoever speaks in it follows it anyway."""
    await groups.follow_thread(db, actor, thread_id)


@action(status=204, errors=(groups.ThreadNotFound,))
async def unfollow(db: Repo, actor: Actor, thread_id: UUID) -> None:
    """Hear of it no more. Whoever leaves a private one sees it no more."""
    await groups.unfollow_thread(db, actor, thread_id)


@action(
    status=204,
    errors=(
        groups.ThreadNotFound,
        groups.MemberNotFound,
        groups.ThreadFull,
        messaging.CannotAdd,
        *SPEAKING,
    ),
)
async def add_member(db: Repo, actor: Actor, thread_id: UUID, user_id: UUID) -> None:
    """Bring somebody who can see the channel into a thread, as one who may speak there; again: nothing happens."""
    await groups.add_thread_member(db, actor, thread_id, user_id)


@action(status=204, errors=(groups.ThreadNotFound, groups.MemberNotFound, groups.MissingPermission))
async def remove_member(db: Repo, actor: Actor, thread_id: UUID, user_id: UUID) -> None:
    """Show somebody out of a thread, with MANAGE_THREADS."""
    await groups.remove_thread_member(db, actor, thread_id, user_id)
