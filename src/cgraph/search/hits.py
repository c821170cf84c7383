"""What was found, as a reader sees it: each thing as its own API shows it, and where it is."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec

from cgraph.accounts import Person, Profile
from cgraph.files import Attachment
from cgraph.forums import Comment, ForumName, ForumSummary, Post
from cgraph.groups import Channel, Group, Thread
from cgraph.messaging import Message

PlaceKind = Literal["conversation", "channel", "thread"]


class Span(msgspec.Struct, frozen=True):
    """Where in a text something matched, in code points."""

    start: int
    length: int


class Highlight(msgspec.Struct, frozen=True):
    """A piece of what was found, and what matched in it. Plain text: nothing is escaped or marked up."""

    field: str
    """Of the thing: `content`, `title`, `name` …"""
    text: str
    start: int
    """Where the piece begins in the whole field, in code points."""
    spans: Sequence[Span]
    """Within the piece, in order, none over another."""


class GroupName(msgspec.Struct, frozen=True):
    """A group where it is only named."""

    id: UUID
    name: str


class Place(msgspec.Struct, frozen=True):
    """Where a message stands, with all that its address is made of."""

    type: PlaceKind
    id: UUID
    name: str | None
    """Of a channel, thread, or conversation that has one."""
    group: GroupName | None = None
    channel_id: UUID | None = None
    """Of a thread: that of its channel."""
    peer: Person | None = None
    """The other one of a direct conversation."""


class PostName(msgspec.Struct, frozen=True):
    """A post where it is only named."""

    id: UUID
    title: str
    """Empty where it is only a stub."""


Texts = dict[str, str | None]
"""Fields that words are looked for in, by their names."""


class _Hit(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    highlights: Sequence[Highlight] = ()


class MessageHit(_Hit, frozen=True, kw_only=True, tag="message"):
    message: Message
    place: Place
    before: Sequence[Message] = ()
    """What was said before it, as much as was asked for, the oldest first."""
    after: Sequence[Message] = ()

    def texts(self) -> Texts:
        return {"content": self.message.content}


class PostHit(_Hit, frozen=True, kw_only=True, tag="post"):
    post: Post
    """With the beginning of what it says."""

    def texts(self) -> Texts:
        return {"title": self.post.title, "content": self.post.content}


class CommentHit(_Hit, frozen=True, kw_only=True, tag="comment"):
    comment: Comment
    post: PostName
    forum: ForumName

    def texts(self) -> Texts:
        return {"content": self.comment.content}


class FileHit(_Hit, frozen=True, kw_only=True, tag="file"):
    """A file, and the one of these it hangs on."""

    file: Attachment
    message: Message | None = None
    place: Place | None = None
    """Of the message."""
    post: PostName | None = None
    comment_id: UUID | None = None
    forum: ForumName | None = None

    def texts(self) -> Texts:
        return {"name": self.file.name, "alt_text": self.file.alt_text}


class UserHit(_Hit, frozen=True, kw_only=True, tag="user"):
    user: Profile

    def texts(self) -> Texts:
        return {"display_name": self.user.display_name, "username": self.user.username}


class GroupHit(_Hit, frozen=True, kw_only=True, tag="group"):
    group: Group

    def texts(self) -> Texts:
        return {"name": self.group.name, "description": self.group.description}


class ChannelHit(_Hit, frozen=True, kw_only=True, tag="channel"):
    """A channel, or a thread."""

    channel: Channel | None
    thread: Thread | None
    group: GroupName

    def texts(self) -> Texts:
        if self.channel is not None:
            return {"name": self.channel.name, "topic": self.channel.topic}
        return {"name": self.thread.name if self.thread else None}


class ForumHit(_Hit, frozen=True, kw_only=True, tag="forum"):
    forum: ForumSummary

    def texts(self) -> Texts:
        forum = self.forum
        return {"title": forum.title, "description": forum.description, "slug": forum.slug}


SearchHit = MessageHit | PostHit | CommentHit | FileHit | UserHit | GroupHit | ChannelHit | ForumHit
