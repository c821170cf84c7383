"""What somebody can read, found out the long way: by getting everything there is, one after the other, as they would.

Nothing of search is used here. What comes out is what a search over everything must find for them, no more and no less.
"""

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

import msgspec

from cgraph import accounts, forums, groups, messaging
from cgraph.accounts import Actor
from cgraph.files import Attachment
from cgraph.forums import Post, WhichComments, WhichPosts
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
    """What `is:`, `has:` and the like ask for. `unlisted`: in a forum that is found by its name alone; `muted`: left out of
    lists for the words of a title."""
    score: int | None = None

    def words(self) -> list[list[str]]:
        return [_PARTED.sub(" ", text.lower()).split() for text in self.texts]


class Acquaintance(msgspec.Struct, frozen=True):
    """Whom and what somebody knows by name, beside what they read."""

    people: frozenset[str] = frozenset()
    """Usernames of those in their conversations and groups, but for who is blocked, on whichever side."""
    conversations: frozenset[str] = frozenset()
    """Names of those they are in."""


async def read_everything(world: World, reader: Actor | None) -> list[Thing]:
    """All that this person can read of a world; None: nobody in particular, from whom forums alone are not kept."""
    of_forums = [one async for one in _forums(world, reader)]
    if reader is None:
        return of_forums
    blocked = {one.id for one in (await accounts.list_blocks(world.db, reader, limit=100)).items}
    things = [
        *[one async for one in _conversations(world, reader)],
        *[one async for one in _groups(world, reader)],
        *of_forums,
        *[one async for one in _people(world, reader)],
    ]
    return [one for one in things if one.author_id not in blocked]


async def read_acquaintance(world: World, reader: Actor) -> Acquaintance:
    """Whom somebody meets where they are."""
    met: dict[UUID, str] = {}
    names = set[str]()
    for one in (await messaging.list_conversations(world.db, reader, limit=100)).items:
        names |= {one.name} if one.name else set()
        there = await messaging.list_participants(world.db, reader, one.id, limit=100)
        met |= {person.id: person.username for person in there.items}
    for group in (await groups.list_groups(world.db, reader, limit=100)).items:
        members = await groups.list_members(world.db, reader, group.id, limit=100)
        met |= {member.id: member.username for member in members.items}
    shy = {reader.id}
    for person in world.people:
        blocked = {one.id for one in (await accounts.list_blocks(world.db, person)).items}
        if person.id == reader.id:
            shy |= blocked
        elif reader.id in blocked:
            shy.add(person.id)
    people = frozenset(name for id, name in met.items() if id not in shy)
    return Acquaintance(people, frozenset(names))


async def _conversations(world: World, reader: Actor) -> AsyncIterator[Thing]:
    page = await messaging.list_conversations(world.db, reader, limit=100)
    for one in page.items:
        for message in await _messages(world, reader, one.id, PARTICIPANTS):
            for said in _said(message, reader, one.read_seq, None, set()):
                yield said


async def _groups(world: World, reader: Actor) -> AsyncIterator[Thing]:
    for group in (await groups.list_groups(world.db, reader, limit=100)).items:
        yield _named("group", group.id, group.name, group.id, group.inserted_at)
        member = await groups.get_member(world.db, reader, group.id, reader.id)
        channels = await groups.list_channels(world.db, reader, group.id)
        seen = [
            _named("channel", one.id, one.name, group.id, one.inserted_at)
            for one in channels
            if one.kind != "category"
        ]
        for one in [*seen, *await _threads(world, reader, group.id)]:
            yield one
            async for said in _talk(world, reader, one.id, group.id, {group.id, *member.role_ids}):
                yield said


async def _threads(world: World, reader: Actor, group_id: UUID) -> list[Thing]:
    found = []
    for channel_id, thread_id in world.threads:
        if (group_id, channel_id) in world.channels:
            with suppress(Error):
                thread = await groups.get_thread(world.db, reader, thread_id)
                marks = _holding(thread=True, locked=thread.locked)
                one = _named("channel", thread.id, thread.name, group_id, thread.inserted_at)
                found.append(msgspec.structs.replace(one, marks=marks))
    return found


async def _talk(
    world: World, reader: Actor, place_id: UUID, group_id: UUID, calls: set[UUID]
) -> AsyncIterator[Thing]:
    messages = await _messages(world, reader, place_id, CHANNELS)
    if messages:
        unread = await groups.get_channel_unread(world.db, reader, place_id)
        for message in messages:
            for said in _said(message, reader, unread.read_seq, group_id, calls):
                yield said


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
) -> Iterator[Thing]:
    """A message, and the files that came with it."""
    marks = _holding(
        edited=message.edited_at is not None,
        pinned=message.pinned_at is not None,
        reply=message.reply_to_id is not None,
        mention=bool(message.mentions),
        mentioned=bool({reader.id, *calls} & {*message.mentions, *message.mention_roles}),
        unread=message.seq > read_seq and message.sender_id != reader.id,
    )
    yield from _with_files(
        Thing(
            "message",
            message.id,
            message.conversation_id,
            message.inserted_at,
            (message.content,),
            message.sender_id,
            group_id,
            marks | {f"mentions {id}" for id in message.mentions},
        ),
        message.attachments,
    )


def _with_files(thing: Thing, attached: Sequence[Attachment]) -> Iterator[Thing]:
    """A thing and its files, which are where it is, from whom and when it is; all of them are images."""
    if not attached:
        yield thing
        return
    hold = frozenset({"file", "image"})
    yield msgspec.structs.replace(thing, marks=thing.marks | hold)
    inherited = thing.marks & {"unlisted", "muted"}
    for file in attached:
        yield msgspec.structs.replace(
            thing,
            kind="file",
            id=file.id,
            texts=(file.name,),
            marks=hold | inherited,
            score=None,
        )


def _named(kind: str, id: UUID, name: str, group_id: UUID, at: datetime) -> Thing:
    return Thing(kind, id, id, at, (name,), None, group_id)


async def _forums(world: World, reader: Actor | None) -> AsyncIterator[Thing]:
    marks: dict[UUID, frozenset[str]] = {}
    listed: set[UUID] = set()
    for forum_id in world.forums:
        try:
            forum = await forums.read_forum(world.db, reader, forum_id)
        except Error:
            continue
        # Unlisted ones are read by whoever knows of them, and only found by who has joined them, or looks after them.
        known = forum.visibility != "unlisted" or forum.subscription == "active" or forum.moderator
        marks[forum.id] = _holding(unlisted=not known)
        texts = (forum.title, f"{forum.description or ''} {forum.slug}")
        yield Thing("forum", forum.id, forum.id, forum.inserted_at, texts, marks=marks[forum.id])
        which = WhichPosts(sort="new", limit=100)
        page = await forums.list_forum_posts(world.db, reader, forum.id, which)
        listed |= {post.id for post in page.items}
    for post_id in world.posts:
        try:
            post = await forums.get_post(world.db, reader, post_id)
        except Error:
            continue
        for thing in _post(world, reader, post, listed):
            yield msgspec.structs.replace(thing, marks=thing.marks | marks[post.forum.id])
        if not post.hidden:
            async for thing in _comments(world, reader, post):
                yield msgspec.structs.replace(thing, marks=thing.marks | marks[post.forum.id])


def _post(world: World, reader: Actor | None, post: Post, listed: set[UUID]) -> Iterator[Thing]:
    if post.hidden or post.blocked or post.deleted_at is not None or post.removed_at is not None:
        return
    marks = _holding(
        edited=post.edited_at is not None,
        pinned=post.pinned_at is not None,
        locked=post.locked_at is not None,
        saved=post.saved,
        muted=post.id not in listed,
    )
    yield from _with_files(
        Thing(
            "post",
            post.id,
            post.forum.id,
            post.inserted_at,
            (post.title, post.content),
            post.author.id if post.author else None,
            marks=marks | _mentions(world, reader, post.html),
            score=post.score,
        ),
        post.attachments,
    )


async def _comments(world: World, reader: Actor | None, post: Post) -> AsyncIterator[Thing]:
    page = await forums.list_comments(
        world.db, reader, post.id, WhichComments(sort="new", limit=100)
    )
    rest = [page.more, *(comment.more for comment in page.comments)]
    assert not any(rest), "there are more than are shown"
    for comment in page.comments:
        if comment.deleted_at is not None or comment.removed_at is not None or comment.blocked:
            continue
        marks = _holding(
            edited=comment.edited_at is not None,
            reply=comment.parent_id is not None,
            locked=comment.locked_at is not None,
        )
        thing = Thing(
            "comment",
            comment.id,
            post.forum.id,
            comment.inserted_at,
            (comment.content,),
            comment.author.id if comment.author else None,
            marks=marks | _mentions(world, reader, comment.html),
            score=comment.score,
        )
        for one in _with_files(thing, comment.attachments):
            yield one


def _mentions(world: World, reader: Actor | None, html: str) -> frozenset[str]:
    """Whose names lead to them."""
    mentioned = {person.id for person in world.people if f'"/users/{person.id}"' in html}
    marks = {f"mentions {id}" for id in mentioned}
    me = reader is not None and reader.id in mentioned
    return frozenset(marks) | _holding(mention=bool(mentioned), mentioned=me)


async def _people(world: World, reader: Actor) -> AsyncIterator[Thing]:
    for person in world.people:
        one = await accounts.get_profile(world.db, reader, person.id)
        if one.state == "active":
            texts = (one.display_name or one.username, one.username)
            yield Thing("user", one.id, one.id, one.inserted_at, texts, one.id)


def _holding(**marks: bool) -> frozenset[str]:
    return frozenset(name for name, holds in marks.items() if holds)


_PARTED = re.compile(r"[-.*]")
"""What stands between words, in names and in what was a title."""
