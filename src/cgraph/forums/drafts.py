"""What somebody has begun to write: kept for all their devices, never overwritten by who has not seen the newest."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo, columns
from cgraph_kit.errors import Invalid
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page
from cgraph_kit.validation import NO_NUL, Input

from .errors import DraftNotFound, StaleDraft, TooManyDrafts
from .limits import DEFAULT_LIMITS, Limits

KEPT = timedelta(days=180)
"""How long a draft is kept that nobody touches."""
SPARE = 20_000
"""Bytes a draft may have beside the longest post."""

DraftKey = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=NO_NUL)]


class SaveDraft(Input, frozen=True):
    """A draft as it is now."""

    content: dict[str, Any]
    """Whatever the client wants to find again."""
    revision: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 2)] = 0
    """Which one the client has changed; 0: it knows of none."""


class Draft(msgspec.Struct, frozen=True):
    """A draft as it is kept."""

    key: str
    """Where it is being written, in the client's words: `post:cooking`, `comment:<id>`."""
    revision: int
    content: dict[str, Any]
    updated_at: datetime


async def save_draft(
    db: Repo, actor: Actor, key: str, draft: SaveDraft, *, limits: Limits = DEFAULT_LIMITS
) -> Draft:
    """Keep it. Raises `StaleDraft` unless it changes the newest revision, `TooManyDrafts`, `Invalid` for too much, or no key."""
    _check(key, draft, limits)
    async with db.transaction() as tx:
        # One device at a time, so that drafts are counted one after the other.
        await tx.value("SELECT 1 FROM streams WHERE id = $1 FOR NO KEY UPDATE", actor.id)
        kept: int = await tx.value(_REVISION, actor.id, key) or 0
        if kept != draft.revision:
            raise StaleDraft(revision=kept)
        if kept == 0 and await tx.value(_COUNT, actor.id) >= limits.drafts_max:
            raise TooManyDrafts
        return await tx.one(Draft, _SAVE, actor.id, key, kept + 1, draft.content, clock.now())


async def get_draft(db: Repo, actor: Actor, key: str) -> Draft:
    """One draft. Raises `DraftNotFound`."""
    draft = await db.first(Draft, _GET, actor.id, key)
    if draft is None:
        raise DraftNotFound
    return draft


async def list_drafts(
    db: Repo, actor: Actor, *, limit: int = DEFAULT_LIMIT, after: str | None = None
) -> Page[Draft]:
    """One's drafts, by key. Raises `Invalid` for another list's cursor."""
    start = decode_cursor(after, str, "after") if after else ""
    rows = await db.all(Draft, _LIST, actor.id, start, limit + 1)
    return forward_page(rows, limit, lambda row: row.key)


async def delete_draft(db: Repo, actor: Actor, key: str) -> None:
    """Throw it away; where there is none, nothing happens."""
    await db.value("DELETE FROM drafts WHERE user_id = $1 AND key = $2", actor.id, key)


async def forget_drafts(db: Repo) -> None:
    """Drop those nobody has touched for half a year. Twice is harmless."""
    await db.value("DELETE FROM drafts WHERE updated_at < $1", clock.now() - KEPT)


def _check(key: str, draft: SaveDraft, limits: Limits) -> None:
    try:
        msgspec.convert(key, DraftKey)
    except msgspec.ValidationError:
        raise Invalid.field("key", "must have 1 to 100 characters") from None
    encoded = msgspec.json.encode(draft.content)
    most = 4 * limits.post_max + SPARE
    if len(encoded) > most:
        raise Invalid.field("content", f"must have at most {most} bytes")
    if b"\\u0000" in encoded:
        raise Invalid.field("content", "must not hold NUL characters")


_COLUMNS = columns(Draft)
_REVISION = "SELECT revision FROM drafts WHERE user_id = $1 AND key = $2"
_COUNT = "SELECT count(*) FROM drafts WHERE user_id = $1"
_GET = f"SELECT {_COLUMNS} FROM drafts WHERE user_id = $1 AND key = $2"
_LIST = f"SELECT {_COLUMNS} FROM drafts WHERE user_id = $1 AND key > $2 ORDER BY key LIMIT $3"
_SAVE = f"""
INSERT INTO drafts (user_id, key, revision, content, updated_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (user_id, key) DO UPDATE
SET revision = excluded.revision, content = excluded.content, updated_at = excluded.updated_at
RETURNING {_COLUMNS}
"""
