"""A post: as it is given, and as a reader sees it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from cgraph.accounts import Person
from cgraph.files import Attachment, NewAttachment
from cgraph.previews import Preview
from cgraph_kit.errors import Invalid
from cgraph_kit.validation import NO_NUL, Input, Text

from .forum import ForumName, Language, check_visible

PostKind = Literal["text", "link", "poll", "image"]
PostTitle = Annotated[str, msgspec.Meta(min_length=3, max_length=200, pattern=NO_NUL)]
URL_LENGTH = 2048
ANSWERS = 10
PORTS = {"http": 80, "https": 443}
_AS_THEY_ARE = "%/:@!$&'()*+,;=~-._?[]"

Instant = Annotated[datetime, msgspec.Meta(tz=True, examples=["2099-12-31T12:00:00Z"])]
Answer = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=NO_NUL)]


class NewPoll(Input, frozen=True):
    """A question with answers to choose from."""

    answers: Annotated[
        list[Answer], msgspec.Meta(min_length=2, max_length=ANSWERS, examples=[["yes", "no"]])
    ]
    multiple: bool = False
    """Whether one may choose several."""
    ends_at: Instant | None = None
    """Null: it goes on."""
    hide_results: bool = False
    """Nobody sees how it stands before it has ended, which it then must."""

    def __post_init__(self) -> None:
        if len({answer.strip().casefold() for answer in self.answers}) < len(self.answers):
            raise Invalid.field("poll.answers", "must differ")
        for answer in self.answers:
            check_visible("poll.answers", answer)
        if self.hide_results and self.ends_at is None:
            raise Invalid.field("poll.ends_at", "is required where results are hidden")


class NewPost(Input, frozen=True):
    """Something to post: a text, a link (with `url`), or a poll (with `poll`).

    A text that an image comes with is of the kind `image`.
    """

    title: PostTitle
    content: Text = ""
    """Markdown. `![](attachment:<file_id>)` shows an image that comes with it."""
    url: Text | None = None
    """An http or https address."""
    poll: NewPoll | None = None
    crosspost_of_id: UUID | None = None
    """A post of another forum that this one points to."""
    language: Language | None = None
    nsfw: bool = False
    attachments: list[NewAttachment] = msgspec.field(default_factory=list)
    """Files that come with it, in this order; the first image is shown."""
    suppress_previews: bool = False
    """Show no previews of its links."""

    def __post_init__(self) -> None:
        check_visible("title", self.title)
        if self.url is not None:
            if self.poll is not None:
                raise Invalid.field("url", "cannot be given with a poll")
            msgspec.structs.force_setattr(self, "url", canonical_url(self.url))

    @property
    def kind(self) -> PostKind:
        if self.poll is not None:
            return "poll"
        return "text" if self.url is None else "link"


class PostChange(Input, frozen=True):
    """What shall be different; what is left out stays."""

    title: PostTitle | UnsetType = UNSET
    content: Text | UnsetType = UNSET
    language: Language | UnsetType | None = UNSET
    nsfw: bool | UnsetType = UNSET
    attachments: list[NewAttachment] | UnsetType = UNSET
    """All that shall come with it, in this order: what did before and is not among them is taken away."""
    suppress_previews: bool | UnsetType = UNSET
    """Show no previews of its links, or have them looked at anew."""

    def __post_init__(self) -> None:
        if isinstance(self.title, str):
            check_visible("title", self.title)


class PollAnswer(msgspec.Struct, frozen=True):
    """What one may choose."""

    answer: int
    """Its number, from 1."""
    text: str
    votes: int | None
    """Null while results are hidden."""
    chosen: bool
    """By the reader."""


class Poll(msgspec.Struct, frozen=True):
    """A poll as it stands."""

    answers: Sequence[PollAnswer]
    multiple: bool
    hide_results: bool
    ends_at: datetime | None
    ended: bool
    voter_count: int


class Crossposted(msgspec.Struct, frozen=True):
    """Another post, where it is only named."""

    id: UUID
    forum: ForumName
    title: str
    author_id: UUID | None
    score: int
    comment_count: int


class Post(msgspec.Struct, frozen=True):
    """A post as a reader sees it. Of a deleted or removed one only a stub is left."""

    id: UUID
    forum: ForumName
    author: Person | None
    """Null: the account is gone, or the post is."""
    kind: PostKind
    title: str
    content: str
    """Markdown; in lists its beginning."""
    html: str
    """The same, to be shown."""
    truncated: bool
    """There is more of it."""
    url: str | None
    language: str | None
    nsfw: bool
    crosspost_of: Crossposted | None
    poll: Poll | None
    attachments: Sequence[Attachment]
    """Files that came with it; lists show the first image."""
    upvotes: int
    downvotes: int
    score: int
    comment_count: int
    my_vote: int
    """1, 0 or -1."""
    saved: bool
    hidden: bool
    followed: bool
    new_comments: int | None
    """Since the reader last read it; null: they never have."""
    blocked: bool
    """A block stands between reader and author: to be shown folded."""
    distinguished: bool
    """Said in the name of the forum."""
    seq: int
    """Last number of its stream."""
    inserted_at: datetime
    edited_at: datetime | None
    last_comment_at: datetime | None
    deleted_at: datetime | None
    removed_at: datetime | None
    locked_at: datetime | None
    archived_at: datetime | None
    pinned_at: datetime | None
    pinned_until: datetime | None
    previews: Sequence[Preview] = ()
    """What the pages behind its links say of themselves; they come some moments later."""


def canonical_url(text: str) -> str:
    """The one spelling of an http or https address, by which the same link is known again. Raises `Invalid`.

    Scheme and host in lower case, other letters by IDNA and in percents, no default port, no fragment, no empty path.
    """
    text = text.strip()
    if len(text) > URL_LENGTH or not text.isprintable() or " " in text or "\\" in text:
        raise Invalid.field("url", "is not an http or https address")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        host = host.rstrip(".") if ":" in host else host.rstrip(".").encode("idna").decode()
    except ValueError:  # UnicodeError too
        raise Invalid.field("url", "is not an http or https address") from None
    if parts.scheme not in PORTS or not host or "@" in parts.netloc or port == 0:
        raise Invalid.field("url", "is not an http or https address")
    named = f"[{host}]" if ":" in host else host
    netloc = named if port in {None, PORTS[parts.scheme]} else f"{named}:{port}"
    path, query = quote(parts.path or "/", safe=_AS_THEY_ARE), quote(parts.query, safe=_AS_THEY_ARE)
    url = urlunsplit((parts.scheme, netloc, path, query, ""))
    if len(url) > URL_LENGTH:
        raise Invalid.field("url", f"must have at most {URL_LENGTH} characters")
    return url
