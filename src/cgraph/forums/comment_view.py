"""Comments as a reader sees them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from cgraph import accounts, files, previews
from cgraph.accounts import Actor, Person
from cgraph_kit.db import Repo
from cgraph_kit.markdown import render

from .access import Access
from .attaching import addresses
from .comment import Comment
from .comment_access import get_comment_place
from .errors import CommentNotFound
from .redirects import lead_on
from .viewing import mention_links


class Row(msgspec.Struct, frozen=True):
    """A comment, its author, and what the reader has to do with them."""

    id: UUID
    post_id: UUID
    parent_id: UUID | None
    reply_to_id: UUID | None
    depth: int
    author_id: UUID | None
    author_number: int | None
    username: str | None
    display_name: str | None
    avatar_url: str | None
    content: str
    mentions: list[UUID]
    upvotes: int
    downvotes: int
    score: int
    hot: float
    best: float
    controversy: float
    lifted: bool
    my_vote: int
    child_count: int
    descendant_count: int
    blocked: bool
    host: bool
    distinguished: bool
    inserted_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    removed_at: datetime | None
    locked_at: datetime | None
    attachments: list[dict[str, Any]] | None
    previews: list[dict[str, Any]] | None

    def shows(self, forum: Access) -> bool:
        """Whether the reader sees more of it than a stub: what was removed, its author and moderators do."""
        if self.deleted_at is not None:
            return False
        mine = forum.user_id is not None and forum.user_id == self.author_id
        return self.removed_at is None or forum.moderator or mine

    def author(self) -> Person | None:
        if self.author_id is None or self.author_number is None or self.username is None:
            return None
        return Person(
            self.author_id, self.author_number, self.username, self.display_name, self.avatar_url
        )


async def get_comment(db: Repo, actor: Actor | None, comment_id: UUID) -> Comment:
    """One comment, by itself. Raises `CommentNotFound`, `PostMoved` for one that is a post now."""
    try:
        place = await get_comment_place(db, actor, comment_id)
    except CommentNotFound:
        await lead_on(db, actor, comment_id)
        raise
    row = await db.one(Row, _GET, comment_id, place.post.forum.user_id)
    (comment,) = await shown(db, place.post.forum, [row])
    return comment


async def shown(db: Repo, forum: Access, rows: Sequence[Row]) -> list[Comment]:
    """As the reader with this place in the forum sees them."""
    return await shown_in(db, [(forum, row) for row in rows])


async def shown_in(db: Repo, placed: Sequence[tuple[Access, Row]]) -> list[Comment]:
    """The same of several forums, each with the reader's place there; one statement at most."""
    named = sorted({id for forum, row in placed if row.shows(forum) for id in row.mentions})
    people = await accounts.get_people(db, named) if named else {}
    return [_comment(row, forum, people) for forum, row in placed]


def _comment(row: Row, forum: Access, people: Mapping[UUID, Person]) -> Comment:
    shows = row.shows(forum)
    content = row.content if shows else ""
    return Comment(
        id=row.id,
        post_id=row.post_id,
        parent_id=row.parent_id,
        reply_to_id=row.reply_to_id,
        depth=row.depth,
        author=row.author() if shows else None,
        content=content,
        html=_html(row, content, (people[id] for id in row.mentions if id in people)),
        upvotes=row.upvotes,
        downvotes=row.downvotes,
        score=row.score,
        my_vote=row.my_vote,
        child_count=row.child_count,
        descendant_count=row.descendant_count,
        blocked=row.blocked and shows,
        host=row.host and shows,
        distinguished=row.distinguished and shows,
        inserted_at=row.inserted_at,
        edited_at=row.edited_at,
        deleted_at=row.deleted_at,
        removed_at=row.removed_at,
        locked_at=row.locked_at,
        attachments=files.from_stored(row.attachments) if shows else (),
        previews=previews.from_stored(row.previews) if shows else (),
    )


def _html(row: Row, content: str, people: Iterable[Person]) -> str:
    return render(content, mention_links(people), addresses(row.attachments)) if content else ""


COLUMNS = """
c.id, c.post_id, c.parent_id, c.reply_to_id, c.depth, c.author_id, u.user_id, u.username, u.display_name, u.avatar_url,
c.content, c.mentions, c.upvotes, c.downvotes, c.score, c.hot, c.best, c.controversy, c.lifted, coalesce(v.value, 0),
c.child_count, c.descendant_count,
EXISTS (SELECT FROM blocked_pairs bp WHERE bp.user_id = $2 AND bp.other_id = c.author_id),
c.host, c.distinguished, c.inserted_at, c.edited_at, c.deleted_at, c.removed_at, c.locked_at, c.attachments, c.previews
"""
"""Of `Row`, over comments `c` and the joins below; $2 is the reader or null."""
# One look-up for each, whatever the planner thinks of how many there are: a page is never worth reading a table for.
JOINS = """
LEFT JOIN LATERAL (SELECT u.user_id, u.username, u.display_name, u.avatar_url FROM users u WHERE u.id = c.author_id LIMIT 1)
    u ON true
LEFT JOIN LATERAL (SELECT v.value FROM votes v WHERE v.item_id = c.id AND v.user_id = $2 LIMIT 1) v ON true
"""
_GET = f"SELECT {COLUMNS} FROM comments c {JOINS} WHERE c.id = $1"
