"""Being in a forum: what everything done in one begins with."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction

from .errors import (
    BannedFromForum,
    ForumArchived,
    ForumNotFound,
    NotCreator,
    NotModerator,
    PostArchived,
    PostingRestricted,
    PostLocked,
    PostNotFound,
)

Visibility = Literal["public", "unlisted", "private"]
Posting = Literal["anyone", "subscribers", "moderators"]
Level = Literal["watching", "first_posts", "tracking", "normal", "muted"]

ForumRef = Annotated[
    str, msgspec.Meta(min_length=2, max_length=36, pattern="^[0-9A-Za-z-]+$", examples=["cooking"])
]
"""A forum's id or slug, in an address."""

UUID_LENGTH = 36
ABOVE_ALL = -1
"""The rank of the site's administrators."""


class Access(msgspec.Struct, frozen=True):
    """A person's place in a forum, or that of somebody who has not said who they are. They may read it."""

    forum_id: UUID
    slug: str
    title: str
    visibility: Visibility
    posting: Posting
    downvotes: bool
    archived: bool
    creator_id: UUID | None
    default_sort: str
    hot_epoch: int
    """As `ranking.hot` takes it, and the next one too."""
    hot_seconds: int
    user_id: UUID | None
    """None: nobody in particular, without any rights but to read."""
    position: int | None
    """Among the moderators; None: they are none."""
    subscription: Literal["active", "pending"] | None
    level: Level | None
    banned: bool
    administrator: bool
    """Of the whole site: may what the creator may, in every forum."""

    @property
    def subscriber(self) -> bool:
        return self.subscription == "active"

    @property
    def creator(self) -> bool:
        """Whether the forum is theirs."""
        return self.user_id is not None and self.user_id == self.creator_id

    @property
    def moderator(self) -> bool:
        """Whether they moderate it; creator and administrators do."""
        return self.rank is not None

    @property
    def rank(self) -> int | None:
        """The lower, the higher they stand; None: they do not moderate."""
        return ABOVE_ALL if self.administrator else self.position

    def outranks(self, position: int | None) -> bool:
        """Whether they may act on somebody at this place among the moderators; None: who is none."""
        return self.rank is not None and (position is None or self.rank < position)

    def demand_moderator(self) -> None:
        """Raise `NotModerator`."""
        if not self.moderator:
            raise NotModerator

    def demand_creator(self) -> None:
        """Raise `NotCreator`; administrators may too."""
        if not (self.creator or self.administrator):
            raise NotCreator

    def demand_taking_part(self) -> None:
        """To vote, save drafts or say anything. Raise `BannedFromForum`, `ForumArchived`."""
        if self.banned and not self.administrator:
            raise BannedFromForum
        if self.archived:
            raise ForumArchived

    def demand_commenting(self) -> None:
        """As `demand_taking_part`. Raise `PostingRestricted` too, where only subscribers may say anything."""
        self.demand_taking_part()
        if self.posting == "subscribers" and not (self.subscriber or self.moderator):
            raise PostingRestricted

    def demand_posting(self) -> None:
        """As `demand_commenting`, and where only moderators may begin something."""
        self.demand_commenting()
        if self.posting == "moderators" and not self.moderator:
            raise PostingRestricted


class PostAccess(msgspec.Struct, frozen=True):
    """A post, as far as rules ask, and a person's place in its forum."""

    forum: Access
    id: UUID
    author_id: UUID | None
    kind: str
    deleted: bool
    removed: bool
    locked: bool
    archived: bool
    inserted_at: datetime
    edited_at: datetime | None

    @property
    def authored(self) -> bool:
        """Whether they wrote it."""
        return self.forum.user_id is not None and self.forum.user_id == self.author_id

    @property
    def there(self) -> bool:
        """Whether it is more than a stub."""
        return not (self.deleted or self.removed)

    def demand_open(self) -> None:
        """To change, comment on or vote for it. Raise `PostNotFound` for a stub, `PostArchived`, `PostLocked`.

        Locks bind everybody but moderators.
        """
        if not self.there:
            raise PostNotFound
        if self.archived:
            raise PostArchived
        if self.locked and not self.forum.moderator:
            raise PostLocked


async def get_forum(db: Repo, actor: Actor | None, forum: UUID | str) -> Access:
    """A person's place in a forum, named by its id or slug; one statement.

    Raises `ForumNotFound`, also for who may not read it: private forums are there for moderators and those they let in.
    """
    access = await find_place(db, actor, forum)
    if access is None or not _may_read(access):
        raise ForumNotFound
    return access


async def hold_forum(tx: Transaction, actor: Actor, forum: UUID | str) -> Access:
    """As `get_forum`; nobody else changes the forum, its moderators, bans or counters before this transaction ends.

    To be called before anything else is locked.
    """
    id = await tx.value(f"SELECT id FROM forums WHERE {_named(forum)} FOR NO KEY UPDATE", forum)
    if id is None:
        raise ForumNotFound
    return await get_forum(tx, actor, id)


async def find_place(db: Repo, actor: Actor | None, forum: UUID | str) -> Access | None:
    """As `get_forum`, even of a forum they may not read: only for asking to be let in."""
    user_id = None if actor is None else actor.id
    return await db.first(Access, _ACCESS[_named(forum)], forum, user_id, clock.now())


async def get_post_place(db: Repo, actor: Actor | None, post_id: UUID) -> PostAccess:
    """A post and the person's place in its forum; one statement. Stubs are found too: see `PostAccess.there`.

    Raises `PostNotFound`, also for who may not read the forum.
    """
    return await _find_post(db, actor, post_id)


async def hold_post(tx: Transaction, actor: Actor, post_id: UUID) -> PostAccess:
    """As `get_post_place`; nobody else changes the post before this transaction ends.

    Whoever holds the forum too does that first.
    """
    held = await tx.value("SELECT 1 FROM posts WHERE id = $1 FOR NO KEY UPDATE", post_id)
    if held is None:
        raise PostNotFound
    return await _find_post(tx, actor, post_id)


def forum_name(text: str) -> UUID | str:
    """A forum as an address names it: its id, or else its slug in whatever case."""
    if len(text) == UUID_LENGTH:
        try:
            return UUID(text)
        except ValueError:
            pass
    return text.lower()


async def _find_post(db: Repo, actor: Actor | None, post_id: UUID) -> PostAccess:
    user_id = None if actor is None else actor.id
    row = await db.first(_PostRow, _POST, post_id, user_id, clock.now())
    if row is None:
        raise PostNotFound
    access = Access(*(getattr(row, name) for name in Access.__struct_fields__))
    if not _may_read(access):
        raise PostNotFound
    return PostAccess(
        access,
        row.post_id,
        row.author_id,
        row.kind,
        row.deleted,
        row.removed,
        row.post_locked,
        row.post_archived,
        row.inserted_at,
        row.edited_at,
    )


def _may_read(access: Access) -> bool:
    if access.visibility != "private" or access.moderator:
        return True
    return access.subscriber and not access.banned


def _named(forum: UUID | str) -> str:
    return "id = $1" if isinstance(forum, UUID) else "slug = $1"


class _PostRow(Access, frozen=True):
    post_id: UUID
    author_id: UUID | None
    kind: str
    deleted: bool
    removed: bool
    post_locked: bool
    post_archived: bool
    inserted_at: datetime
    edited_at: datetime | None


ACCESS = """
f.id, f.slug, f.title, f.visibility, f.posting, f.downvotes, f.archived_at IS NOT NULL, f.creator_id, f.default_sort,
f.hot_epoch, f.hot_seconds, $2::uuid, m.position, s.state, s.level, b.user_id IS NOT NULL, a.user_id IS NOT NULL
"""
"""Columns of `Access`, over forums `f` and the joins below; $2 is the person or null, $3 the time."""
JOINS = """
LEFT JOIN forum_moderators m ON m.forum_id = f.id AND m.user_id = $2
LEFT JOIN forum_subscriptions s ON s.forum_id = f.id AND s.user_id = $2
LEFT JOIN forum_bans b ON b.forum_id = f.id AND b.user_id = $2 AND (b.expires_at IS NULL OR b.expires_at > $3)
LEFT JOIN administrators a ON a.user_id = $2
"""
_ACCESS = {
    named: f"SELECT {ACCESS} FROM forums f {JOINS} WHERE f.{named} AND f.deleted_at IS NULL"
    for named in ("id = $1", "slug = $1")
}
_POST = f"""
SELECT {ACCESS}, p.id, p.author_id, p.kind, p.deleted_at IS NOT NULL, p.removed_at IS NOT NULL,
    p.locked_at IS NOT NULL, p.archived_at IS NOT NULL OR f.archived_at IS NOT NULL, p.inserted_at, p.edited_at
FROM posts p JOIN forums f ON f.id = p.forum_id {JOINS}
WHERE p.id = $1 AND f.deleted_at IS NULL
"""
