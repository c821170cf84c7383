"""What a post said before: public, with what changed from one text to the next."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from typing import Literal
from uuid import UUID

import msgspec

from cgraph import accounts
from cgraph.accounts import Actor, Person
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page

from .access import get_post_place
from .errors import PostNotFound, RevisionNotFound

MOST_PAIRS = 5_000
"""Pairs of equal lines up to which two texts are compared; beyond, the diff is all old, then all new. Finding the least
difference of texts full of repetition takes cubic time."""


class LineChange(msgspec.Struct, frozen=True):
    """Lines that stayed, came or went."""

    kind: Literal["same", "added", "removed"]
    lines: Sequence[str]


class PostRevision(msgspec.Struct, frozen=True):
    """What a post said from some time on."""

    revision: int
    """1: as it was posted."""
    title: str
    content: str
    """Markdown."""
    editor: Person | None
    inserted_at: datetime


class RevisionDiff(PostRevision, frozen=True):
    """The same, and what it changed."""

    diff: Sequence[LineChange]
    """From the revision before, by lines, the title being the first; of the first revision all is added."""


class _Row(msgspec.Struct, frozen=True):
    revision: int
    title: str
    content: str
    editor_id: UUID | None
    inserted_at: datetime

    @property
    def text(self) -> str:
        return f"{self.title}\n\n{self.content}"


async def keep_revision(
    tx: Transaction, post_id: UUID, *, written_at: datetime, now: datetime, grace_seconds: int
) -> None:
    """Keep what a post says until now, before its author changes it; the caller holds it.

    Within the grace of its own writing a text leaves no trace: it is as if it had been said right at once.
    """
    if now - written_at >= timedelta(seconds=grace_seconds):
        await tx.value(_KEEP, post_id, written_at)


async def forget_revisions(tx: Transaction, post_id: UUID) -> None:
    """What was taken back said nothing before, either."""
    await tx.value("DELETE FROM forum_revisions WHERE item_id = $1", post_id)


async def list_post_revisions(
    db: Repo,
    actor: Actor | None,
    post_id: UUID,
    *,
    limit: int = DEFAULT_LIMIT,
    after: str | None = None,
) -> Page[PostRevision]:
    """Everything a post has said, the present text first. Raises `PostNotFound`, also of stubs, and `Invalid`."""
    await _check(db, actor, post_id)
    before = decode_cursor(after, int, "after") if after else None
    rows = await db.all(_Row, _LIST, post_id, before, limit + 1)
    page = forward_page(rows, limit, lambda row: row.revision)
    people = await accounts.get_people(db, [row.editor_id for row in rows if row.editor_id])
    shown = [
        PostRevision(
            row.revision,
            row.title,
            row.content,
            people.get(row.editor_id) if row.editor_id else None,
            row.inserted_at,
        )
        for row in page.items
    ]
    return Page(shown, after=page.after)


async def get_post_revision(
    db: Repo, actor: Actor | None, post_id: UUID, revision: int
) -> RevisionDiff:
    """One text of a post, and what it changed. Raises `PostNotFound`, `RevisionNotFound`."""
    await _check(db, actor, post_id)
    rows = await db.all(_Row, _LIST, post_id, revision + 1, 2)
    if not rows or rows[0].revision != revision:
        raise RevisionNotFound
    row = rows[0]
    people = await accounts.get_people(db, [row.editor_id] if row.editor_id else [])
    before = rows[1].text if len(rows) > 1 else ""
    return RevisionDiff(
        row.revision,
        row.title,
        row.content,
        people.get(row.editor_id) if row.editor_id else None,
        row.inserted_at,
        diff(before, row.text),
    )


async def _check(db: Repo, actor: Actor | None, post_id: UUID) -> None:
    """Of a removed post only its author and moderators see what it said."""
    post = await get_post_place(db, actor, post_id)
    if post.deleted or (post.removed and not (post.authored or post.forum.moderator)):
        raise PostNotFound


def diff(before: str, after: str) -> list[LineChange]:
    """What lines came and went, in order."""
    old, new = before.splitlines(), after.splitlines()
    counts = Counter(new)
    if sum(counts[line] for line in old) > MOST_PAIRS:
        return _changes(old, new)
    found: list[LineChange] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(LineChange("same", old[a:b]))
        else:
            found += _changes(old[a:b], new[c:d])
    return found


def _changes(old: Sequence[str], new: Sequence[str]) -> list[LineChange]:
    removed = [LineChange("removed", old)] if old else []
    return [*removed, LineChange("added", new)] if new else removed


_KEEP = """
INSERT INTO forum_revisions (item_id, revision, title, content, editor_id, inserted_at)
SELECT p.id, 1 + coalesce((SELECT max(revision) FROM forum_revisions WHERE item_id = $1), 0), p.title, p.content,
    p.author_id, $2
FROM posts p WHERE p.id = $1
"""
_LIST = """
SELECT * FROM (
    SELECT revision, title, content, editor_id, inserted_at FROM forum_revisions WHERE item_id = $1
    UNION ALL SELECT 1 + coalesce((SELECT max(revision) FROM forum_revisions WHERE item_id = $1), 0), p.title, p.content,
        p.author_id, coalesce(p.edited_at, p.inserted_at)
    FROM posts p WHERE p.id = $1
) r WHERE ($2::bigint IS NULL OR revision < $2) ORDER BY revision DESC LIMIT $3
"""
