"""Forums another system knew, taken over many at a time: who reads them, and what is said in them, is `bulk_posts`.

Nobody is told. Whoever is looking finds it when they read again: number lines move on without events, so a client that
resumes from before is told to reload.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from itertools import count
from uuid import UUID

import msgspec

from cgraph_kit.db import Repo, Transaction

from .access import Level, Posting, Visibility
from .forum import RESERVED

NAMELESS = "discussions"
SLUG_MAX = 32
TAIL = 5
"""Of a slug: what tells those apart who would have the same."""
_FOREIGN = re.compile(r"[^a-z0-9]+")


class ImportedForum(msgspec.Struct, frozen=True):
    """A forum to be made, under an id of the caller's choice; its parent exists or comes before it."""

    id: UUID
    slug: str
    """Nobody has it; see `fit_slug`."""
    title: str
    inserted_at: datetime
    parent_id: UUID | None = None
    description: str | None = None
    sidebar: str | None = None
    rules: Sequence[str] = ()
    visibility: Visibility = "public"
    posting: Posting = "anyone"
    downvotes: bool = True
    nsfw: bool = False
    languages: Sequence[str] = ()
    creator_id: UUID | None = None
    moderators: Sequence[UUID] = ()
    """In order, the creator among them."""
    archived_at: datetime | None = None
    deleted_at: datetime | None = None


class ImportedSubscription(msgspec.Struct, frozen=True):
    """Somebody who follows a forum."""

    user_id: UUID
    inserted_at: datetime
    level: Level = "normal"


class ImportedForumBan(msgspec.Struct, frozen=True):
    """Somebody who may not speak in a forum."""

    user_id: UUID
    inserted_at: datetime
    banned_by: UUID | None = None
    reason: str | None = None
    expires_at: datetime | None = None


async def import_forums(tx: Transaction, forums: Sequence[ImportedForum]) -> None:
    """Make forums with their moderators; nobody follows them yet."""
    await tx.copy_rows(
        "streams", ("id", "active_at"), [(new.id, new.inserted_at) for new in forums]
    )
    await tx.copy_rows("forums", _FORUM, [_row(new) for new in forums])
    moderators = [
        (new.id, user_id, position, new.inserted_at)
        for new in forums
        for position, user_id in enumerate(new.moderators)
    ]
    await tx.copy_rows("forum_moderators", _MODERATOR, moderators)


async def import_subscriptions(
    tx: Transaction, forum_id: UUID, subscriptions: Sequence[ImportedSubscription]
) -> int:
    """Let people follow a forum; who does already stays as they are. Returns how many are new."""
    new: int = await tx.value(
        _SUBSCRIBE,
        forum_id,
        [one.user_id for one in subscriptions],
        [one.level for one in subscriptions],
        [one.inserted_at for one in subscriptions],
    )
    return new


async def import_forum_bans(
    tx: Transaction, forum_id: UUID, bans: Sequence[ImportedForumBan]
) -> None:
    """Keep people from speaking in a forum; who is banned already stays as they are."""
    await tx.value(
        _BAN,
        forum_id,
        [ban.user_id for ban in bans],
        [ban.banned_by for ban in bans],
        [ban.reason for ban in bans],
        [ban.expires_at for ban in bans],
        [ban.inserted_at for ban in bans],
    )


async def find_forum_ids(db: Repo, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these ids that are forums, deleted or not."""
    return set(await db.values("SELECT id FROM forums WHERE id = ANY($1)", list(ids)))


async def fit_slug(db: Repo, name: str) -> str:
    """The nearest slug to a name that nobody has: accents go, what is no letter or digit becomes `-`."""
    base = _fitted(name)
    like = f"{base[: SLUG_MAX - TAIL]}%"
    taken = set(await db.values("SELECT slug FROM forums WHERE slug LIKE $1", like)) | RESERVED
    if base not in taken:
        return base
    cut = base[: SLUG_MAX - TAIL].rstrip("-")
    return next(slug for n in count(2) if (slug := f"{cut}-{n}") not in taken)


def _fitted(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    slug = _FOREIGN.sub("-", plain).strip("-")[:SLUG_MAX].strip("-")
    return slug if len(slug) > 1 else NAMELESS


def _row(new: ImportedForum) -> tuple[object, ...]:
    return (
        new.id,
        new.slug,
        new.parent_id,
        new.title,
        new.description,
        new.sidebar,
        list(new.rules),
        new.visibility,
        new.posting,
        new.downvotes,
        new.nsfw,
        list(new.languages),
        new.creator_id,
        new.archived_at,
        new.deleted_at,
        new.inserted_at,
        new.inserted_at,
    )


_FORUM = (
    "id",
    "slug",
    "parent_id",
    "title",
    "description",
    "sidebar",
    "rules",
    "visibility",
    "posting",
    "downvotes",
    "nsfw",
    "languages",
    "creator_id",
    "archived_at",
    "deleted_at",
    "inserted_at",
    "updated_at",
)
_MODERATOR = ("forum_id", "user_id", "position", "inserted_at")
_SUBSCRIBE = """
WITH held AS MATERIALIZED (SELECT 1 FROM forums WHERE id = $1 FOR NO KEY UPDATE),
made AS (
    INSERT INTO forum_subscriptions (forum_id, user_id, level, inserted_at)
    SELECT $1, v.user_id, v.level, v.at
    FROM held, unnest($2::uuid[], $3::text[], $4::timestamptz[]) AS v(user_id, level, at)
    ON CONFLICT DO NOTHING RETURNING 1
), counted AS (SELECT count(*) AS n FROM made)
UPDATE forums f SET subscriber_count = f.subscriber_count + n FROM counted WHERE f.id = $1 RETURNING n
"""
_BAN = """
INSERT INTO forum_bans (forum_id, user_id, banned_by, reason, expires_at, inserted_at)
SELECT $1, * FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::timestamptz[])
ON CONFLICT DO NOTHING
"""
