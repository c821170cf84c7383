"""What feed readers are shown: the newest posts of a forum, the newest comments on a post."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from cgraph import accounts
from cgraph.accounts import Actor
from cgraph_kit.db import Repo
from cgraph_kit.markdown import render

from .access import get_forum, get_post_place
from .attaching import addresses
from .errors import PostNotFound
from .listing import WhichPosts, list_forum_posts
from .viewing import mention_links

MOST = 30
"""Entries of a feed."""


class FeedEntry(msgspec.Struct, frozen=True):
    """One of them."""

    path: str
    """Where it is in the API."""
    title: str
    author: str | None
    """A username."""
    html: str
    url: str | None
    """What it links to."""
    published_at: datetime
    updated_at: datetime


class Feed(msgspec.Struct, frozen=True):
    """What is new in one place."""

    path: str
    title: str
    description: str
    updated_at: datetime
    entries: Sequence[FeedEntry]
    """The newest first."""


async def forum_feed(db: Repo, actor: Actor | None, forum: UUID | str) -> Feed:
    """The newest posts of a forum. Raises `ForumNotFound`."""
    access = await get_forum(db, actor, forum)
    about = await db.one(_About, _FORUM, access.forum_id)
    page = await list_forum_posts(db, actor, access.forum_id, WhichPosts(sort="new", limit=MOST))
    entries = [
        FeedEntry(
            f"/posts/{post.id}",
            post.title,
            post.author.username if post.author else None,
            post.html,
            post.url,
            post.inserted_at,
            post.edited_at or post.inserted_at,
        )
        for post in page.items
    ]
    entries.sort(key=lambda entry: entry.published_at, reverse=True)
    latest = max((entry.updated_at for entry in entries), default=about.inserted_at)
    return Feed(f"/forums/{access.slug}", about.title, about.description or "", latest, entries)


async def post_feed(db: Repo, actor: Actor | None, post_id: UUID) -> Feed:
    """The newest comments on a post. Raises `PostNotFound`, also of stubs."""
    place = await get_post_place(db, actor, post_id)
    if not place.there:
        raise PostNotFound
    about = await db.one(_About, _POST, post_id)
    rows = await db.all(_Comment, _COMMENTS, post_id, MOST)
    named = sorted({id for row in rows for id in row.mentions})
    people = await accounts.get_people(db, named) if named else {}
    entries = [
        FeedEntry(
            f"/comments/{row.id}",
            f"{row.username or 'Somebody'} on {about.title}",
            row.username,
            render(
                row.content,
                mention_links(people[id] for id in row.mentions if id in people),
                addresses(row.attachments),
            ),
            None,
            row.inserted_at,
            row.edited_at or row.inserted_at,
        )
        for row in rows
    ]
    latest = max((entry.updated_at for entry in entries), default=about.inserted_at)
    return Feed(f"/posts/{post_id}", about.title, about.description or "", latest, entries)


class _About(msgspec.Struct, frozen=True):
    title: str
    description: str | None
    inserted_at: datetime


class _Comment(msgspec.Struct, frozen=True):
    id: UUID
    username: str | None
    content: str
    mentions: list[UUID]
    inserted_at: datetime
    edited_at: datetime | None
    attachments: list[dict[str, Any]] | None


_FORUM = "SELECT title, description, inserted_at FROM forums WHERE id = $1"
_POST = "SELECT p.title, f.title, p.inserted_at FROM posts p JOIN forums f ON f.id = p.forum_id WHERE p.id = $1"
_COMMENTS = """
SELECT c.id, u.username, c.content, c.mentions, c.inserted_at, c.edited_at, c.attachments
FROM comments c LEFT JOIN users u ON u.id = c.author_id
WHERE c.post_id = $1 AND c.deleted_at IS NULL AND c.removed_at IS NULL
ORDER BY c.inserted_at DESC, c.id DESC LIMIT $2
"""
