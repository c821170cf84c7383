"""What somebody has begun to write: kept for all their devices, never overwritten by who has not seen the newest."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID, uuid5

import msgspec

from cgraph import files
from cgraph.accounts import Actor
from cgraph.files import Attachment, Hung, NewAttachment
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction, columns
from cgraph_kit.errors import Invalid
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page
from cgraph_kit.validation import NO_NUL, Input

from .errors import DraftNotFound, StaleDraft, TooManyDrafts
from .limits import DEFAULT_LIMITS, Limits

KEPT = timedelta(days=180)
"""How long a draft is kept that nobody touches."""
DRAFT: files.Kind = "draft"
SPARE = 20_000
"""Bytes a draft may have beside the longest post."""

DraftKey = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=NO_NUL)]


class SaveDraft(Input, frozen=True):
    """A draft as it is now."""

    content: dict[str, Any]
    """Whatever the client wants to find again."""
    revision: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 2)] = 0
    """Which one the client has changed; 0: it knows of none."""
    file_ids: list[UUID] = msgspec.field(default_factory=list)
    """Files that are to come with it: kept as long as the draft is."""


class Draft(msgspec.Struct, frozen=True):
    """A draft as it is kept."""

    key: str
    """Where it is being written, in the client's words: `post:cooking`, `comment:<id>`."""
    revision: int
    content: dict[str, Any]
    updated_at: datetime
    attachments: Sequence[Attachment] = ()
    """What is kept with it."""


class _Row(msgspec.Struct, frozen=True):
    key: str
    revision: int
    content: dict[str, Any]
    updated_at: datetime


async def save_draft(
    db: Repo, actor: Actor, key: str, draft: SaveDraft, *, limits: Limits = DEFAULT_LIMITS
) -> Draft:
    """Keep it. Raises `StaleDraft` unless it changes the newest revision, `TooManyDrafts`, `Invalid` for too much, or no
    key, and as `files.attach`.
    """
    _check(key, draft, limits)
    async with db.transaction() as tx:
        # Files before the stream, as whoever uploads is counted and told.
        await _attach(tx, actor, key, draft.file_ids, limits)
        # One device at a time, so that drafts are counted one after the other.
        await tx.value("SELECT 1 FROM streams WHERE id = $1 FOR NO KEY UPDATE", actor.id)
        kept: int = await tx.value(_REVISION, actor.id, key) or 0
        if kept != draft.revision:
            raise StaleDraft(revision=kept)
        if kept == 0 and await tx.value(_COUNT, actor.id) >= limits.drafts_max:
            raise TooManyDrafts
        row = await tx.one(_Row, _SAVE, actor.id, key, kept + 1, draft.content, clock.now())
        (kept_draft,) = await _drafts(tx, actor, [row])
        return kept_draft


async def _attach(
    tx: Transaction, actor: Actor, key: str, file_ids: Sequence[UUID], limits: Limits
) -> None:
    hung, most = Hung(DRAFT, _id(actor.id, key)), limits.post_attachments_max
    before = (await files.list_attached(tx, DRAFT, [hung.item_id])).get(hung.item_id, ())
    named = [NewAttachment(id) for id in file_ids]
    await files.attach(tx, actor, hung, named, most=most, before=before)


async def get_draft(db: Repo, actor: Actor, key: str) -> Draft:
    """One draft. Raises `DraftNotFound`."""
    row = await db.first(_Row, _GET, actor.id, key)
    if row is None:
        raise DraftNotFound
    (draft,) = await _drafts(db, actor, [row])
    return draft


async def list_drafts(
    db: Repo, actor: Actor, *, limit: int = DEFAULT_LIMIT, after: str | None = None
) -> Page[Draft]:
    """One's drafts, by key. Raises `Invalid` for another list's cursor."""
    start = decode_cursor(after, str, "after") if after else ""
    rows = await db.all(_Row, _LIST, actor.id, start, limit + 1)
    return forward_page(await _drafts(db, actor, rows), limit, lambda draft: draft.key)


async def _drafts(db: Repo, actor: Actor, rows: Sequence[_Row]) -> list[Draft]:
    ids = {row.key: _id(actor.id, row.key) for row in rows}
    attached = await files.list_attached(db, DRAFT, ids.values())
    return [
        Draft(**msgspec.structs.asdict(row), attachments=attached.get(ids[row.key], ()))
        for row in rows
    ]


def _id(user_id: UUID, key: str) -> UUID:
    """What its files hang on."""
    return uuid5(user_id, key)


async def delete_draft(db: Repo, actor: Actor, key: str) -> None:
    """Throw it away; where there is none, nothing happens."""
    async with db.transaction() as tx:
        await files.release(tx, DRAFT, [_id(actor.id, key)])
        await tx.value("DELETE FROM drafts WHERE user_id = $1 AND key = $2", actor.id, key)


async def forget_drafts(db: Repo) -> None:
    """Drop those nobody has touched for half a year. Twice is harmless."""
    async with db.transaction() as tx:
        gone = await tx.all(_Gone, _FORGET, clock.now() - KEPT)
        await files.release(tx, DRAFT, [_id(one.user_id, one.key) for one in gone])


class _Gone(msgspec.Struct, frozen=True):
    user_id: UUID
    key: str


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


_COLUMNS = columns(_Row)
_REVISION = "SELECT revision FROM drafts WHERE user_id = $1 AND key = $2"
_COUNT = "SELECT count(*) FROM drafts WHERE user_id = $1"
_GET = f"SELECT {_COLUMNS} FROM drafts WHERE user_id = $1 AND key = $2"
_LIST = f"SELECT {_COLUMNS} FROM drafts WHERE user_id = $1 AND key > $2 ORDER BY key LIMIT $3"
_FORGET = "DELETE FROM drafts WHERE updated_at < $1 RETURNING user_id, key"
_SAVE = f"""
INSERT INTO drafts (user_id, key, revision, content, updated_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (user_id, key) DO UPDATE
SET revision = excluded.revision, content = excluded.content, updated_at = excluded.updated_at
RETURNING {_COLUMNS}
"""
