"""Threads that become posts, and posts that become threads: looked at first, then done."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec

from cgraph import files, forums, groups, previews
from cgraph.accounts import Actor
from cgraph.files import Hung
from cgraph.forums import ImportedComment
from cgraph.groups import ImportedThread
from cgraph.previews import Placed
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.ids import new_id

from . import shapes
from .audience import Change, Difference, describe, difference
from .errors import AudienceChanged, NothingToConvert, TooLongToConvert
from .kept import Target, find_facts, find_known, keep, keep_items
from .limits import DEFAULT_LIMITS, Limits
from .shapes import PostFacts, ThreadFacts


class Preview(msgspec.Struct, frozen=True):
    """What a conversion would do to access, before it is done."""

    gains: Change
    """Who could read it then and cannot now."""
    loses: Change
    """Who can read it now and could not then."""
    token: str
    """To be sent with the conversion: it is done only if access still changes like this."""


async def preview_post(db: Repo, actor: Actor, thread_id: UUID, forum: UUID | str) -> Preview:
    """What it would do to make a post of a thread, for who manages threads there and moderates the forum.

    Raises `ThreadNotFound`, `MissingPermission`, `ForumNotFound`, `NotModerator`, `ForumArchived`, `BannedFromForum`.
    """
    facts = await groups.can_convert_thread(db, actor, thread_id)
    access = await forums.can_receive_post(db, actor, forum)
    found = await _to_forum(db, facts.group_id, thread_id, access.forum_id)
    return await _preview(db, found, thread_id, access.forum_id)


async def preview_thread(db: Repo, actor: Actor, post_id: UUID, channel_id: UUID) -> Preview:
    """What it would do to make a thread of a post, for who moderates its forum and manages threads in the channel.

    Raises `PostNotFound`, `NotModerator`, `CannotConvert`, `ChannelNotFound`, `MissingPermission`, `ChannelArchived`.
    """
    access = await forums.can_convert_post(db, actor, post_id)
    group_id = await groups.can_receive_thread(db, actor, channel_id)
    found = await _to_channel(db, group_id, channel_id, access.forum_id)
    return await _preview(db, found, post_id, channel_id)


async def make_post_of_thread(
    db: Repo,
    actor: Actor,
    thread_id: UUID,
    forum: UUID | str,
    token: str,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> Target:
    """Make a post of a thread, as it was shown; the thread is gone, and its address leads to the post.

    Raises as `preview_post`, `AudienceChanged`, `NothingToConvert`, `TooLongToConvert`.
    """
    async with db.transaction() as tx:
        facts = await groups.can_convert_thread(tx, actor, thread_id)
        access = await forums.can_receive_post(tx, actor, forum)
        found = await _to_forum(tx, facts.group_id, thread_id, access.forum_id)
        _check(found, token, thread_id, access.forum_id)
        # The forum before anything of the group, whichever way it goes: two ways at once wait for each other.
        await forums.hold_forum(tx, actor, access.forum_id)
        before = await find_facts(tx, thread_id, PostFacts)
        taken = await groups.take_thread(tx, actor, thread_id, most=limits.conversion_max + 1)
        if not taken.messages:
            raise NothingToConvert
        if len(taken.messages) > limits.conversion_max:
            raise TooLongToConvert(most=limits.conversion_max)
        messages = shapes.facts_of_messages(taken.messages)
        await keep_items(tx, messages=messages)
        others = [taken.messages, before, taken.thread]
        known = await find_known(tx, list(messages), others)
        post_id = new_id()
        post, comments = shapes.as_post(taken, post_id, access.forum_id, before, known)
        await forums.put_post(tx, actor, post, comments)
        opening_id = next(
            one.id for one in taken.messages if one.id not in {c.id for c in comments}
        )
        became = {
            one.id: Placed("post", post_id) if one.id == opening_id else Placed("comment", one.id)
            for one in taken.messages
        }
        await files.move(tx, [Hung("message", id) for id in became], _hung(became.values()))
        await _show_again(tx, before)
        links = await previews.lift_links(tx, "message", list(became))
        await previews.lay_links(tx, links, became)
        kept = ThreadFacts(opening_id, taken.thread)
        await keep(tx, actor, ("thread", thread_id), ("post", post_id), kept)
        return Target("post", post_id)


async def make_thread_of_post(
    db: Repo,
    actor: Actor,
    post_id: UUID,
    channel_id: UUID,
    token: str,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> Target:
    """Make a thread of a post, as it was shown; the post is gone, and its address leads to the thread.

    What moderators had removed is kept for the way back, with its files. Raises as `preview_thread`, `OutrankedInForum`,
    `AudienceChanged`, `TooLongToConvert`.
    """
    async with db.transaction() as tx:
        access = await forums.can_convert_post(tx, actor, post_id)
        group_id = await groups.can_receive_thread(tx, actor, channel_id)
        found = await _to_channel(tx, group_id, channel_id, access.forum_id)
        _check(found, token, post_id, channel_id)
        before = await find_facts(tx, post_id, ThreadFacts)
        taken = await forums.take_post(tx, actor, post_id)
        shown = [one for one in taken.comments if one.shown]
        if len(shown) >= limits.conversion_max:
            raise TooLongToConvert(most=limits.conversion_max)
        comments = shapes.facts_of_comments(shown)
        await keep_items(tx, comments=comments)
        opening_id = before.opening_id if before else post_id
        known = await find_known(tx, [*comments, opening_id], [taken, before])
        thread = await _thread(tx, actor, before, taken.post.title, _Place(group_id, channel_id))
        messages = shapes.as_thread(taken, opening_id, known)
        await groups.put_thread(tx, actor, thread, messages)
        became = {
            id: Placed("message", message_id, thread.id)
            for id, message_id in ((post_id, opening_id), *((one.id, one.id) for one in shown))
        }
        was = [Hung("post", post_id), *(Hung("comment", one.id) for one in shown)]
        await files.move(tx, was, _hung(became.values()))
        await previews.lay_links(tx, taken.links, became)
        hidden = await _put_away(tx, [one for one in taken.comments if not one.shown], thread.id)
        kept = PostFacts(opening_id, taken.post, hidden)
        await keep(tx, actor, ("post", post_id), ("thread", thread.id), kept)
        return Target("thread", thread.id)


def _hung(placed: Iterable[Placed]) -> list[Hung]:
    return [Hung(one.kind, one.item_id, one.place_id) for one in placed]


async def _put_away(
    tx: Transaction, hidden: Sequence[ImportedComment], thread_id: UUID
) -> list[ImportedComment]:
    """What is shown to nobody for as long as it is a thread: its files are kept for that, what its links show is not."""
    was = [Hung("comment", one.id) for one in hidden]
    await files.move(tx, was, [Hung(files.KEPT, one.id, thread_id) for one in hidden])
    return [msgspec.structs.replace(one, previews=()) for one in hidden]


async def _show_again(tx: Transaction, before: PostFacts | None) -> None:
    """The files of what was put away hang on the comments again."""
    ids = [one.id for one in before.hidden] if before else []
    await files.move(tx, [Hung(files.KEPT, id) for id in ids], [Hung("comment", id) for id in ids])


class _Place(NamedTuple):
    group_id: UUID
    channel_id: UUID


async def _thread(
    tx: Transaction, actor: Actor, before: ThreadFacts | None, title: str, place: _Place
) -> ImportedThread:
    """As it was, if it was one before; where it began only in the same channel, and if no other has begun there.

    It is never private: whoever sees the channel was shown as its audience.
    """
    id = new_id()
    if before is None:
        name = shapes.name_of(title)
        return ImportedThread(id, *place, name, actor.id, clock.now(), followers=[actor.id])
    kept = before.thread
    at = kept.message_id
    free = at is not None and await groups.find_free_message(tx, place.channel_id, at)
    return msgspec.structs.replace(
        kept,
        id=id,
        group_id=place.group_id,
        channel_id=place.channel_id,
        name=shapes.name_of(title),
        message_id=at if free and place.channel_id == kept.channel_id else None,
        followers=[*await groups.find_member_ids(tx, place.group_id, kept.followers)],
        private=False,
    )


async def _to_forum(db: Repo, group_id: UUID, thread_id: UUID, forum_id: UUID) -> Difference:
    viewers = await groups.list_viewers(db, group_id, thread_id)
    return difference(viewers, await forums.list_readers(db, forum_id))


async def _to_channel(db: Repo, group_id: UUID, channel_id: UUID, forum_id: UUID) -> Difference:
    viewers = await groups.list_viewers(db, group_id, channel_id)
    return difference(await forums.list_readers(db, forum_id), viewers)


async def _preview(db: Repo, found: Difference, source_id: UUID, target_id: UUID) -> Preview:
    gains, loses = await describe(db, found.gains), await describe(db, found.loses)
    return Preview(gains, loses, found.token(source_id, target_id))


def _check(found: Difference, token: str, source_id: UUID, target_id: UUID) -> None:
    if found.token(source_id, target_id) != token:
        raise AudienceChanged
