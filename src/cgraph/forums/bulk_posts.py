"""Posts another system knew, with their votes, taken over many at a time."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from cgraph.files import Attachment
from cgraph.previews import Preview
from cgraph_kit.db import Repo, Transaction

from .attaching import keep_brought, kind_with
from .bulk_votes import ImportedVote, Scale, scales, write_votes


class ImportedPost(msgspec.Struct, frozen=True):
    """A post to be written as it was, with its votes, under an id of the caller's choice."""

    id: UUID
    forum_id: UUID
    author_id: UUID | None
    title: str
    inserted_at: datetime
    content: str = ""
    url: str | None = None
    language: str | None = None
    mentions: Sequence[UUID] = ()
    nsfw: bool = False
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    """By its author; then without text."""
    removed_at: datetime | None = None
    removed_by: UUID | None = None
    locked_at: datetime | None = None
    archived_at: datetime | None = None
    pinned_at: datetime | None = None
    votes: Sequence[ImportedVote] = ()
    attachments: Sequence[Attachment] = ()
    """Files that come with it, which the caller hangs on it."""
    previews: Sequence[Preview] = ()
    """What is shown of its links, which the caller lays there. Of nothing else pages are asked."""
    previews_off: bool = False
    """Its author wants no previews."""

    @property
    def shown(self) -> bool:
        """Whether readers see it: only then the forum counts it."""
        return self.deleted_at is None and self.removed_at is None


async def import_posts(tx: Transaction, posts: Sequence[ImportedPost]) -> None:
    """Write posts with their votes and what those give their authors; the forums are held until the transaction ends."""
    if not posts:
        return
    of = await scales(tx, {post.forum_id for post in posts})
    await tx.copy_rows(
        "streams", ("id", "active_at"), [(post.id, post.inserted_at) for post in posts]
    )
    await write_votes(
        tx, "post", [(post.id, post.forum_id, post.author_id, post.votes) for post in posts]
    )
    # Their ranks begin with them, by the votes that are there.
    await tx.copy_rows("posts", _COLUMNS, [_row(post, of[post.forum_id]) for post in posts])
    await keep_brought(tx, "posts", posts)
    await _count(tx, posts)


async def find_post_ids(db: Repo, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these ids that are posts, shown or not."""
    return set(await db.values("SELECT id FROM posts WHERE id = ANY($1)", list(ids)))


async def _count(tx: Transaction, posts: Sequence[ImportedPost]) -> None:
    """What the forums say of how much there is, and since when."""
    ids = sorted({post.forum_id for post in posts})
    await tx.value(
        _COUNT,
        ids,
        [_shown(posts, id) for id in ids],
        [sum(post.forum_id == id for post in posts) for id in ids],
        [max(post.inserted_at for post in posts if post.forum_id == id) for id in ids],
    )


def _shown(posts: Iterable[ImportedPost], forum_id: UUID) -> int:
    return sum(post.forum_id == forum_id and post.shown for post in posts)


def _row(post: ImportedPost, scale: Scale) -> tuple[object, ...]:
    return (
        post.id,
        post.forum_id,
        scale.hot_epoch,
        scale.hot_seconds,
        post.author_id,
        kind_with("text" if post.url is None else "link", post.attachments),
        post.title,
        post.content,
        post.url,
        post.language,
        list(post.mentions),
        post.nsfw,
        post.inserted_at,
        post.inserted_at,
        post.edited_at,
        post.deleted_at,
        post.removed_at,
        post.removed_by,
        post.locked_at,
        post.archived_at,
        post.pinned_at,
    )


_COLUMNS = (
    "id",
    "forum_id",
    "hot_epoch",
    "hot_seconds",
    "author_id",
    "kind",
    "title",
    "content",
    "url",
    "language",
    "mentions",
    "nsfw",
    "active_at",
    "inserted_at",
    "edited_at",
    "deleted_at",
    "removed_at",
    "removed_by",
    "locked_at",
    "archived_at",
    "pinned_at",
)
_COUNT = """
WITH v AS (SELECT * FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::timestamptz[]) AS v(id, shown, n, latest)),
moved AS (
    UPDATE streams s SET last_seq = s.last_seq + v.n, active_at = greatest(s.active_at, v.latest)
    FROM v WHERE s.id = v.id
)
UPDATE forums f SET post_count = f.post_count + v.shown FROM v WHERE f.id = v.id
"""
