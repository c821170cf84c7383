"""What has happened in forums.

`ForumEvent`s and `PostEvent`s are durable: written into the forum's or the post's own stream, with the payload that goes over
the wire. Both streams say only what every reader may know. `PostCounted` lives only while it is told.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import msgspec

from cgraph.accounts import Person
from cgraph.files import Attachment
from cgraph.previews import Preview
from cgraph_kit import streams
from cgraph_kit.db import Transaction
from cgraph_kit.streams import splice


class ForumEvent(msgspec.Struct, frozen=True):
    """A durable event of a forum, pushed as `type` on `forum:<forum_id>`."""

    type: ClassVar[str]
    forum_id: UUID
    seq: int
    payload: bytes
    """The JSON object clients get, `seq` included."""


class PostEvent(msgspec.Struct, frozen=True):
    """A durable event of a post and what is said about it, pushed as `type` on `post:<post_id>`."""

    type: ClassVar[str]
    forum_id: UUID
    post_id: UUID
    seq: int
    payload: bytes
    """The JSON object clients get, `seq` included."""


F = TypeVar("F", bound=ForumEvent)
P = TypeVar("P", bound=PostEvent)


class ForumUpdated(ForumEvent, frozen=True):
    """Its text, rules or switches changed; the payload is all of it."""

    type: ClassVar[str] = "forum_updated"


class ForumDeleted(ForumEvent, frozen=True):
    """It is no more."""

    type: ClassVar[str] = "forum_deleted"


class ModeratorsUpdated(ForumEvent, frozen=True):
    """The payload is the whole list, the first first."""

    type: ClassVar[str] = "moderators_updated"


class PostCreated(ForumEvent, frozen=True):
    """Something new to read."""

    type: ClassVar[str] = "new_post"


class PostListed(ForumEvent, frozen=True):
    """A post of the forum is another now: edited, locked, pinned, taken out or back in. The payload is all of it."""

    type: ClassVar[str] = "post_updated"


class PostUpdated(PostEvent, frozen=True):
    """The same for those who read the post itself."""

    type: ClassVar[str] = "post_updated"


class CommentsMoved(PostEvent, frozen=True):
    """Comments went from one post to another: both trees are to be fetched anew. Told in both."""

    type: ClassVar[str] = "comments_moved"


class PostCounted(msgspec.Struct, frozen=True):
    """Votes, answers of a poll or comments of a post are others now; how many is to be looked up."""

    forum_id: UUID
    post_id: UUID


class AccessLost(msgspec.Struct, frozen=True):
    """A person may no longer read a forum: its topics and those of its posts must close now, on every node.

    `user_id` None: many may not; whoever listens is to be looked at.
    """

    forum_id: UUID
    user_id: UUID | None


class ForumPayload(msgspec.Struct, frozen=True):
    """Payload of `forum_updated`."""

    id: UUID
    slug: str
    parent_id: UUID | None
    title: str
    description: str | None
    sidebar: str | None
    rules: Sequence[str]
    icon_url: str | None
    visibility: str
    posting: str
    downvotes: bool
    nsfw: bool
    languages: Sequence[str]
    default_sort: str
    archived_at: datetime | None


class ForumDeletedPayload(msgspec.Struct, frozen=True):
    """Payload of `forum_deleted`."""

    id: UUID


class ModeratorsPayload(msgspec.Struct, frozen=True):
    """Payload of `moderators_updated`."""

    forum_id: UUID
    moderators: Sequence[Person]


class PostPayload(msgspec.Struct, frozen=True):
    """Payload of `new_post` and `post_updated`; of what is deleted or removed only that it is."""

    id: UUID
    forum_id: UUID
    author: Person | None
    kind: str
    title: str
    content: str
    """Markdown."""
    url: str | None
    language: str | None
    nsfw: bool
    crosspost_of_id: UUID | None
    inserted_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    removed_at: datetime | None
    locked_at: datetime | None
    archived_at: datetime | None
    pinned_at: datetime | None
    pinned_until: datetime | None
    attachments: Sequence[Attachment] = ()
    previews: Sequence[Preview] = ()


class CommentsMovedPayload(msgspec.Struct, frozen=True):
    """Payload of `comments_moved`."""

    from_post_id: UUID
    to_post_id: UUID
    comment_id: UUID | None
    """What has become a post, or a post has become; null: the whole post came from another place."""


async def tell_forum(
    tx: Transaction, event: type[F], forum_id: UUID, payload: msgspec.Struct, **facts: Any
) -> F:
    """Write what has happened into the forum's stream, and publish it with its number. `facts`: what the event has besides."""
    seq = await streams.append(tx, forum_id, event.type, payload)
    happened = event(forum_id, seq, splice(msgspec.json.encode(payload), seq), **facts)
    tx.publish(happened)
    return happened


async def tell_post(
    tx: Transaction,
    event: type[P],
    forum_id: UUID,
    post_id: UUID,
    payload: msgspec.Struct,
    **facts: Any,
) -> P:
    """The same in the post's stream."""
    seq = await streams.append(tx, post_id, event.type, payload)
    happened = event(forum_id, post_id, seq, splice(msgspec.json.encode(payload), seq), **facts)
    tx.publish(happened)
    return happened
