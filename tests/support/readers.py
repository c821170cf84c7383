"""What somebody can read, found out the long way: by getting everything there is, one after the other, as they would.

Nothing of search is used here. What comes out is what a search over everything must find for them, no more and no less.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

import msgspec

from cgraph import accounts, forums, groups, messaging
from cgraph.accounts import Actor
from cgraph.forums import Comment, Forum, WhichComments, WhichPosts
from cgraph.groups import CHANNELS
from cgraph.messaging import PARTICIPANTS, Gate, Message
from cgraph_kit.errors import Error
from support.worlds import World


class Thing(msgspec.Struct, frozen=True):
    """Something somebody can read."""

    kind: str
    id: UUID
    container_id: UUID
    at: datetime
    texts: tuple[str, ...]
    """Of its title, and of what it says."""
    author_id: UUID | None = None
    group_id: UUID | None = None
    marks: frozenset[str] = frozenset()
    """What `is:`, `has:` and the like ask for."""
    score: int | None = None

    def words(self) -> list[list[str]]:
        return [text.lower().replace("-", " ").split() for text in self.texts]


async def read_everything(world: World, reader: Actor) -> list[Thing]:
    """All that this person can read of a world."""
    blocked = {one.id for one in (await accounts.list_blocks(world.db, reader, limit=100)).items}
    things = [
        *[one async for one in _conversations(world, reader)],
        *[one async for one in _groups(world, reader)],
        *[one async for one in _forums(world, reader)],
        *[one async for one in _people(world, reader)],
    ]
    return [one for one in things if one.author_id not in blocked]


async def _conversations(world: World, reader: Actor) -> AsyncIterator[Thing]:
    page = await messaging.list_conversations(world.db, reader, limit=100)
    for one in page.items:
        for message in await _messages(world, reader, one.id, PARTICIPANTS):
            yield _said(message, reader, one.read_seq, None, set())


async def _groups(world: World, reader: Actor) -> AsyncIterator[Thing]:
    for group in (await groups.list_groups(world.db, reader, limit=100)).items:
        yield _named("group", group.id, group.name, group.id, group.inserted_at)
        member = await groups.get_member(world.db, reader, group.id, reader.id)
        channels = await groups.list_channels(world.db, reader, group.id)
        seen = [(one.id, one.name, one.inserted_at) for one in channels if one.kind != "category"]
        seen += await _threads(world, reader, group.id)
        for id, name, at in seen:
            yield _named("channel", id, name, group.id, at)
            async for said in _talk(world, reader, id, group.id, {group.id, *member.role_ids}):
                yield said


async def _threads(world: World, reader: Actor, group_id: UUID) -> list[tuple[UUID, str, datetime]]:
    found = []
    for channel_id, thread_id in world.threads:
        if (group_id, channel_id) in world.channels:
            with suppress(Error):
                thread = await groups.get_thread(world.db, reader, thread_id)
                found.append((thread.id, thread.name, thread.inserted_at))
    return found


async def _talk(
    world: World, reader: Actor, place_id: UUID, group_id: UUID, calls: set[UUID]
) -> AsyncIterator[Thing]:
    messages = await _messages(world, reader, place_id, CHANNELS)
    if messages:
        unread = await groups.get_channel_unread(world.db, reader, place_id)
        for message in messages:
            yield _said(message, reader, unread.read_seq, group_id, calls)


async def _messages(world: World, reader: Actor, place_id: UUID, gate: Gate) -> list[Message]:
    found: list[Message] = []
    before: str | None = None
    while True:
        page = await messaging.list_messages(
            world.db, reader, place_id, limit=100, before=before, gate=gate
        )
        found += page.items
        before = page.before
        if before is None:
            break
    return [one for one in found if one.kind == "text" and one.deleted_at is None]


def _said(
    message: Message, reader: Actor, read_seq: int, group_id: UUID | None, calls: set[UUID]
) -> Thing:
    marks = {
        "edited": message.edited_at is not None,
        "pinned": message.pinned_at is not None,
        "reply": message.reply_to_id is not None,
        "mention": bool(message.mentions),
        "mentioned": bool({reader.id, *calls} & {*message.mentions, *message.mention_roles}),
        "unread": message.seq > read_seq and message.sender_id != reader.id,
    }
    marks |= {f"mentions {id}": True for id in message.mentions}
    return Thing(
        "message",
        message.id,
        message.conversation_id,
        message.inserted_at,
        (message.content,),
        message.sender_id,
        group_id,
        frozenset(name for name, holds in marks.items() if holds),
    )


def _named(kind: str, id: UUID, name: str, group_id: UUID, at: datetime) -> Thing:
    return Thing(kind, id, id, at, (name,), None, group_id)


async def _forums(world: World, reader: Actor) -> AsyncIterator[Thing]:
    for forum_id in world.forums:
        try:
            forum = await forums.read_forum(world.db, reader, forum_id)
        except Error:
            continue
        # Unlisted ones are read by whoever knows of them, and only found by who has joined them, or looks after them.
        known = forum.visibility != "unlisted" or forum.subscription == "active" or forum.moderator
        marks = frozenset[str]() if known else frozenset({"unlisted"})
        texts = (forum.title, f"{forum.description or ''} {forum.slug}")
        yield Thing("forum", forum.id, forum.id, forum.inserted_at, texts, marks=marks)
        async for one in _posts(world, reader, forum):
            yield msgspec.structs.replace(one, marks=one.marks | marks)


async def _posts(world: World, reader: Actor, forum: Forum) -> AsyncIterator[Thing]:
    which = WhichPosts(sort="new", limit=100)
    for post in (await forums.list_forum_posts(world.db, reader, forum.id, which)).items:
        marks = {
            "edited": post.edited_at is not None,
            "pinned": post.pinned_at is not None,
            "locked": post.locked_at is not None,
            "saved": post.saved,
        }
        yield Thing(
            "post",
            post.id,
            forum.id,
            post.inserted_at,
            (post.title, post.content),
            post.author.id if post.author else None,
            marks=frozenset(name for name, holds in marks.items() if holds)
            | _mentions(world, reader, post.html),
            score=post.score,
        )
    for post_id in world.posts:
        try:
            post = await forums.get_post(world.db, reader, post_id)
            page = await forums.list_comments(
                world.db, reader, post_id, WhichComments(sort="new", limit=100)
            )
        except Error:
            continue
        if post.forum.id != forum.id or post.hidden:
            continue
        for comment in _there(page.comments):
            yield Thing(
                "comment",
                comment.id,
                forum.id,
                comment.inserted_at,
                (comment.content,),
                comment.author.id if comment.author else None,
                marks=frozenset({"edited"} if comment.edited_at else ())
                | _mentions(world, reader, comment.html),
                score=comment.score,
            )


def _mentions(world: World, reader: Actor, html: str) -> frozenset[str]:
    """Whose names lead to them."""
    mentioned = {person.id for person in world.people if f'"/users/{person.id}"' in html}
    marks = {f"mentions {id}" for id in mentioned}
    return frozenset(marks | ({"mentioned"} if reader.id in mentioned else set()))


def _there(comments: Sequence[Comment]) -> list[Comment]:
    return [
        one
        for one in comments
        if one.deleted_at is None and one.removed_at is None and not one.blocked
    ]


async def _people(world: World, reader: Actor) -> AsyncIterator[Thing]:
    for person in world.people:
        one = await accounts.get_profile(world.db, reader, person.id)
        if one.state == "active":
            texts = (one.display_name or one.username, one.username)
            yield Thing("user", one.id, one.id, one.inserted_at, texts, one.id)
