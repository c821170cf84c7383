"""Who follows a thread; of a private one, who may see it."""

from uuid import UUID

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page

from .access import ChannelAccess, hold_seers
from .errors import MemberNotFound, ThreadFull, ThreadNotFound
from .events import RightsChanged
from .permissions import Permission
from .thread import FOLLOW, FOLLOWERS_MAX, ThreadMember
from .thread_events import ThreadFollowed, ThreadPayload, ThreadUnfollowed, tell_follower
from .threads import get_thread_access


async def list_thread_members(
    db: Repo,
    actor: Actor,
    thread_id: UUID,
    *,
    limit: int = DEFAULT_LIMIT,
    after: str | None = None,
) -> Page[ThreadMember]:
    """Who follows a thread, by id. Raises `ThreadNotFound`, `Invalid` for a cursor of another list."""
    await get_thread_access(db, actor, thread_id)
    start = decode_cursor(after, UUID, "after") if after else UUID(int=0)
    rows = await db.all(ThreadMember, _LIST, thread_id, start, limit + 1)
    return forward_page(rows, limit, lambda row: row.id)


async def follow_thread(db: Repo, actor: Actor, thread_id: UUID) -> None:
    """Hear what is said in a thread; again: nothing happens. Raises `ThreadNotFound`, `ThreadFull`."""
    async with db.transaction() as tx:
        access = await _hold(tx, actor, thread_id)
        if not await hold_seers(tx, thread_id, [actor.id]):
            raise ThreadNotFound
        await _follow(tx, access, actor.id)


async def add_thread_member(db: Repo, actor: Actor, thread_id: UUID, user_id: UUID) -> None:
    """Bring somebody into a thread; again: nothing happens. Who may speak there may; of a private one its people.

    Raises `ThreadNotFound`, `MissingPermission`, `ChannelArchived`, `ThreadLocked`, `MemberNotFound` for who cannot see
    the channel, `CannotAdd` where a block stands between the two, `ThreadFull`.
    """
    if user_id == actor.id:
        await follow_thread(db, actor, thread_id)
        return
    async with db.transaction() as tx:
        access = await _hold(tx, actor, thread_id)
        access.check_speaking()
        if user_id not in await hold_seers(tx, access.channel_id, [user_id]):
            raise MemberNotFound
        if await tx.value(_BLOCKED, actor.id, user_id):
            raise messaging.CannotAdd
        await _follow(tx, access, user_id)


async def unfollow_thread(db: Repo, actor: Actor, thread_id: UUID) -> None:
    """Hear of it no more; whoever leaves a private one sees it no more. Raises `ThreadNotFound`."""
    async with db.transaction() as tx:
        await _leave(tx, await _hold(tx, actor, thread_id), actor.id)


async def remove_thread_member(db: Repo, actor: Actor, thread_id: UUID, user_id: UUID) -> None:
    """Show somebody out of a thread, with MANAGE_THREADS; oneself always may go.

    Raises `ThreadNotFound`, `MissingPermission`, `MemberNotFound` for who does not follow it.
    """
    async with db.transaction() as tx:
        access = await _hold(tx, actor, thread_id)
        if user_id != actor.id:
            access.demand(Permission.MANAGE_THREADS)
        if not await _leave(tx, access, user_id):
            raise MemberNotFound


async def _hold(tx: Transaction, actor: Actor, thread_id: UUID) -> ChannelAccess:
    """The actor's place in a thread into which others come one at a time."""
    await tx.value("SELECT 1 FROM group_threads WHERE id = $1 FOR NO KEY UPDATE", thread_id)
    return await get_thread_access(tx, actor, thread_id)


async def _follow(tx: Transaction, access: ChannelAccess, user_id: UUID) -> None:
    followed = await tx.value(FOLLOW, access.conversation_id, user_id)
    if followed is None:
        raise ThreadFull(f"at most {FOLLOWERS_MAX} people follow a thread")
    if followed:
        await tell_follower(tx, ThreadFollowed, _payload(access), user_id)


async def _leave(tx: Transaction, access: ChannelAccess, user_id: UUID) -> bool:
    thread_id = access.conversation_id
    if not await tx.value(_FOLLOWS, thread_id, user_id):
        return False
    if access.private:
        # What is theirs there is locked before they are taken off the list, as wherever people go.
        await messaging.silence_in_places(tx, [user_id], [thread_id])
    await tx.value(_UNFOLLOW, thread_id, user_id)
    if access.private:
        await messaging.leave_places(tx, user_id, [thread_id])
        tx.publish(RightsChanged(access.group_id, [user_id], [thread_id]))
    await tell_follower(tx, ThreadUnfollowed, _payload(access), user_id)
    return True


def _payload(access: ChannelAccess) -> ThreadPayload:
    return ThreadPayload(access.conversation_id, access.channel_id, access.group_id)


_LIST = """
SELECT u.id, u.user_id, u.username, u.display_name, u.avatar_url, f.inserted_at
FROM group_thread_members f JOIN users u ON u.id = f.user_id
WHERE f.thread_id = $1 AND f.user_id > $2 ORDER BY f.user_id LIMIT $3
"""
_FOLLOWS = "SELECT true FROM group_thread_members WHERE thread_id = $1 AND user_id = $2"
_UNFOLLOW = "DELETE FROM group_thread_members WHERE thread_id = $1 AND user_id = $2"
_BLOCKED = "SELECT EXISTS (SELECT FROM blocked_pairs WHERE user_id = $1 AND other_id = $2)"
