"""Discourse: the archive that its own backup makes, or the dump inside it.

Categories are forums, topics posts, replies comment trees, likes votes; private messages are conversations. The layout
is that of Discourse 2.8 to 3.4.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from .records import (
    Comment,
    Conversation,
    Forum,
    Item,
    Message,
    Post,
    Problem,
    Reaction,
    Subscription,
    User,
    Voted,
)
from .staging import Staging, Wanted, instant, same

SOURCE = "discourse"
MEMBER = "dump.sql"
LIKE = "2"
REGULAR = "1"
HEART = "❤️"
NAME = re.compile(r"(?<![\w@])@([\w.-]*\w)")
_QUOTE = re.compile(r"\[quote(?:=\"?([^,\]\"]*)[^\]]*)?\]\s*(.*?)\s*\[/quote\]", re.DOTALL)
_LEVELS: Mapping[str, Literal["muted", "tracking", "watching", "first_posts"]] = {
    "0": "muted",
    "2": "tracking",
    "3": "watching",
    "4": "first_posts",
}


WANTED = {
    "users": Wanted(
        same("id", "username", "name", "created_at", "active", "admin", "moderator"),
        frozenset({"name", "active"}),
        by=("id", "username"),
    ),
    "user_emails": Wanted(same("user_id", "email", "primary"), needed=False, by=("user_id",)),
    "categories": Wanted(
        same(
            *("id", "name", "slug", "description", "parent_category_id", "user_id", "created_at"),
            "read_restricted",
        ),
        frozenset({"description", "parent_category_id"}),
    ),
    "category_users": Wanted(same("category_id", "user_id", "notification_level"), needed=False),
    "topics": Wanted(
        same(
            *("id", "title", "category_id", "user_id", "created_at", "archetype", "deleted_at"),
            *("closed", "pinned_at"),
        ),
        frozenset({"pinned_at"}),
        by=("id",),
    ),
    "topic_allowed_users": Wanted(same("topic_id", "user_id"), needed=False, by=("topic_id",)),
    "posts": Wanted(
        same(
            *("id", "topic_id", "user_id", "post_number", "raw", "created_at", "deleted_at"),
            *("reply_to_post_number", "post_type", "last_version_at", "version"),
        ),
        frozenset({"last_version_at", "version"}),
        by=("topic_id, post_number",),
    ),
    "post_actions": Wanted(
        same("post_id", "user_id", "post_action_type_id", "created_at", "deleted_at"),
        frozenset({"deleted_at"}),
        needed=False,
        by=("post_id",),
    ),
}


class Discourse:
    """Reads people first, then categories, then topic by topic. Raises `Unreadable` where it is no such backup."""

    def __init__(self, path: str, source: str | None = None) -> None:
        self._staged = Staging(path, WANTED, MEMBER)
        self.source = source or SOURCE
        self.total: int | None = self._staged.rows
        self.done = 0
        self._names = {
            username.lower(): id
            for id, username in self._staged.all("SELECT id, username FROM users")
        }

    def __iter__(self) -> Iterator[Item | Problem]:
        try:
            yield from self._people()
            yield from self._categories()
            yield from self._topics()
        finally:
            self._staged.close()

    def _people(self) -> Iterator[Item]:
        for id, username, name, created, active, email in self._staged.all(_USERS):
            self.done += 1
            user = User(
                id=id,
                username=username,
                display_name=name or username,
                email=email,
                inserted_at=instant(created),
                active=active != "f",
            )
            yield Item(f"users, {id}", user)

    def _categories(self) -> Iterator[Item | Problem]:
        staff = tuple(id for (id,) in self._staged.all(_STAFF))
        for row in self._staged.all(_CATEGORIES):
            id, name, slug, description, parent, user_id, created, restricted = row
            self.done += 1
            where = f"categories, {id}"
            if restricted == "t":
                yield Problem(where, "which groups may read it was not taken", name, "changed")
            forum = Forum(
                id=id,
                title=name,
                slug=slug or name,
                parent=parent,
                description=re.sub(r"<[^>]*>", "", description or "") or None,
                visibility="private" if restricted == "t" else "public",
                creator=user_id,
                moderators=staff,
                inserted_at=instant(created),
            )
            yield Item(where, forum)
        for category, user_id, level in self._staged.all(_FOLLOWING):
            if level in _LEVELS:
                following = Subscription(forum=category, user=user_id, level=_LEVELS[level])
                yield Item(f"category_users, {category}", following)

    def _topics(self) -> Iterator[Item | Problem]:
        for id, title, category, created, archetype, deleted, closed, pinned in self._staged.all(
            _TOPICS
        ):
            self.done += 1
            where = f"topics, {id}"
            if deleted is not None:
                yield Problem(where, "a deleted topic", title, "left out")
            elif archetype == "private_message":
                yield from self._private(where, id, title, created)
            elif category is None:
                yield Problem(where, "a topic without a category", title)
            else:
                facts = {"closed": closed == "t", "pinned": instant(pinned)}
                yield from self._topic(id, title, category, facts)

    def _topic(
        self, id: str, title: str, category: str, facts: Mapping[str, Any]
    ) -> Iterator[Item | Problem]:
        """The first post, and a comment for each other one that somebody wrote."""
        answered: dict[str, str | None] = {}
        """By number: the post that stands for it, itself or what a left out one answered."""
        for where, row in self._posts(id):
            post_id, user_id, number, raw, created, deleted, reply_to, kind, edited = row
            above = answered.get(reply_to) if reply_to else None
            if reason := _why_not(deleted, kind):
                answered[number] = above
                yield Problem(where, reason, f"topic {id}", "left out")
                continue
            said: dict[str, Any] = {
                "author": user_id,
                "content": text(raw),
                "inserted_at": instant(created),
                "edited_at": edited,
                "mentions": self._mentions(raw),
                "votes": self._likes(post_id),
            }
            if number == "1":
                answered[number] = None
                locked = instant(created) if facts["closed"] else None
                pinned = facts["pinned"]
                post = Post(
                    id=id, forum=category, title=title, locked_at=locked, pinned_at=pinned, **said
                )
                yield Item(where, post)
            else:
                answered[number] = post_id
                yield Item(where, Comment(id=post_id, post=id, reply_to=above, **said))
            yield from _uploads(where, raw)

    def _private(self, where: str, id: str, title: str, created: str) -> Iterator[Item | Problem]:
        people = tuple(who for (who,) in self._staged.all(_ALLOWED, id))
        conversation = Conversation(
            id=f"topic-{id}",
            type="direct" if len(people) == 2 else "group",  # noqa: PLR2004
            name=title,
            participants=people or None,
            inserted_at=instant(created),
        )
        yield Item(where, conversation)
        known: dict[str, str] = {}
        for place, row in self._posts(id):
            post_id, user_id, number, raw, created, deleted, reply_to, kind, edited = row
            if reason := _why_not(deleted, kind):
                yield Problem(place, reason, f"topic {id}", "left out")
                continue
            known[number] = post_id
            likes = self._likes(post_id)
            message = Message(
                id=post_id,
                conversation=conversation.id,
                author=user_id,
                content=text(raw),
                inserted_at=instant(created),
                edited_at=edited,
                reply_to=known.get(reply_to) if reply_to else None,
                mentions=self._mentions(raw),
                reactions=(Reaction(HEART, tuple(v.user for v in likes)),) if likes else (),
            )
            yield Item(place, message)
            yield from _uploads(place, raw)

    def _posts(self, topic_id: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
        for *row, version, last in self._staged.all(_POSTS, topic_id):
            self.done += 1
            edited = instant(last) if version not in {None, "1"} else None
            yield f"posts, {row[0]}", (*row, edited)

    def _likes(self, post_id: str) -> tuple[Voted, ...]:
        rows = self._staged.all(_LIKES, post_id)
        return tuple(Voted(user_id, 1, instant(created)) for user_id, created in rows)

    def _mentions(self, raw: str | None) -> dict[str, str]:
        found = {match[0]: match[1].lower() for match in NAME.finditer(raw or "")}
        return {words: self._names[name] for words, name in found.items() if name in self._names}


def text(raw: str | None) -> str:
    """Discourse's Markdown as everybody's: quotes in brackets become quotes."""
    return _QUOTE.sub(_quoted, raw or "").strip()


def _quoted(match: re.Match[str]) -> str:
    lines = [f"> {line}".rstrip() for line in match[2].splitlines()]
    if match[1]:
        lines.insert(0, f"> {match[1]}:")
    return "\n".join([*lines, ""])


def _why_not(deleted: str | None, kind: str) -> str | None:
    if deleted is not None:
        return "a deleted post"
    return None if kind == REGULAR else "tells of the topic, or is for staff only"


def _uploads(where: str, raw: str | None) -> Iterator[Problem]:
    if "upload://" in (raw or "") or "/uploads/" in (raw or ""):
        yield Problem(where, "a file was not taken", "its address stays in the text", "changed")


_USERS = """
SELECT u.id, u.username, u.name, u.created_at, u.active,
    (SELECT email FROM user_emails e WHERE e.user_id = u.id ORDER BY e."primary" = 't' DESC LIMIT 1)
FROM users u ORDER BY CAST(u.id AS INTEGER)
"""
_STAFF = """
SELECT id FROM users WHERE (admin = 't' OR moderator = 't') AND CAST(id AS INTEGER) > 0
ORDER BY admin = 't' DESC, CAST(id AS INTEGER)
"""
# Parents first: a category lies at most two levels deep.
_CATEGORIES = """
SELECT c.id, c.name, c.slug, c.description, c.parent_category_id, c.user_id, c.created_at, c.read_restricted
FROM categories c LEFT JOIN categories p ON p.id = c.parent_category_id
ORDER BY (c.parent_category_id IS NOT NULL) + (p.parent_category_id IS NOT NULL), CAST(c.id AS INTEGER)
"""
_FOLLOWING = "SELECT category_id, user_id, notification_level FROM category_users"
_TOPICS = """
SELECT id, title, category_id, created_at, archetype, deleted_at, closed, pinned_at
FROM topics ORDER BY CAST(id AS INTEGER)
"""
_ALLOWED = (
    "SELECT user_id FROM topic_allowed_users WHERE topic_id = ? ORDER BY CAST(user_id AS INTEGER)"
)
_POSTS = """
SELECT id, user_id, post_number, raw, created_at, deleted_at, reply_to_post_number, post_type, version, last_version_at
FROM posts WHERE topic_id = ? ORDER BY CAST(post_number AS INTEGER)
"""
_LIKES = f"""
SELECT user_id, created_at FROM post_actions
WHERE post_id = ? AND post_action_type_id = '{LIKE}' AND deleted_at IS NULL ORDER BY created_at
"""
