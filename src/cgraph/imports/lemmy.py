"""Lemmy: a dump of its database.

Communities are forums with their moderators and followers, posts posts, comments trees, likes votes; private messages
are direct conversations. The layout is that of Lemmy 0.18 and 0.19; people and communities of other instances that are
in the dump come along.
"""

from collections.abc import Iterator
from typing import Any, Literal

from .records import (
    Comment,
    Conversation,
    Forum,
    Item,
    Message,
    Post,
    Problem,
    Subscription,
    User,
    Voted,
)
from .staging import Staging, Wanted, instant, same

SOURCE = "lemmy"
TRUE = "t"

WANTED = {
    "person": Wanted(
        {
            **same("id", "name", "display_name", "avatar", "deleted", "local"),
            "published": ("published", "published_at"),
        },
        frozenset({"display_name", "avatar", "deleted", "local"}),
        by=("id",),
    ),
    "local_user": Wanted(same("person_id", "email"), needed=False, by=("person_id",)),
    "community": Wanted(
        {
            **same("id", "name", "title", "description", "removed", "deleted", "nsfw"),
            **same("sidebar", "posting_restricted_to_mods", "visibility"),
            "published": ("published", "published_at"),
        },
        frozenset({"description", "sidebar", "posting_restricted_to_mods", "visibility"}),
        by=("id",),
    ),
    "community_moderator": Wanted(
        same("community_id", "person_id", "published"),
        by=("community_id",),
    ),
    "community_follower": Wanted(same("community_id", "person_id", "published")),
    "post": Wanted(
        {
            **same("id", "name", "url", "body", "creator_id", "community_id", "removed"),
            **same("locked", "deleted", "nsfw", "featured_community"),
            "published": ("published", "published_at"),
            "updated": ("updated", "updated_at"),
        },
        frozenset({"featured_community", "updated"}),
        by=("id",),
    ),
    "comment": Wanted(
        {
            **same("id", "creator_id", "post_id", "content", "removed", "deleted", "path"),
            "published": ("published", "published_at"),
            "updated": ("updated", "updated_at"),
        },
        frozenset({"updated"}),
        by=("post_id", "id"),
    ),
    "post_like": Wanted(
        same("post_id", "person_id", "score", "published"),
        frozenset({"published"}),
        by=("post_id",),
    ),
    "comment_like": Wanted(
        same("comment_id", "person_id", "score", "published"),
        frozenset({"published"}),
        by=("comment_id",),
    ),
    "private_message": Wanted(
        {
            **same("id", "creator_id", "recipient_id", "content", "deleted"),
            "published": ("published", "published_at"),
            "updated": ("updated", "updated_at"),
        },
        frozenset({"updated"}),
        needed=False,
    ),
}


class Lemmy:
    """Reads people first, then communities, then post by post. Raises `Unreadable` where it is no such dump."""

    def __init__(self, path: str, source: str | None = None) -> None:
        self._staged = Staging(path, WANTED)
        self.source = source or SOURCE
        self.total: int | None = self._staged.rows
        self.done = 0

    def __iter__(self) -> Iterator[Item | Problem]:
        try:
            yield from self._people()
            yield from self._communities()
            yield from self._posts()
            yield from self._messages()
        finally:
            self._staged.close()

    def _rows(self, sql: str, *args: object) -> Iterator[tuple[Any, ...]]:
        for row in self._staged.all(sql, *args):
            self.done += 1
            yield row

    def _people(self) -> Iterator[Item]:
        for id, name, shown, avatar, deleted, published, email in self._rows(_PEOPLE):
            user = User(
                id=id,
                username=name,
                display_name=shown or name,
                email=email,
                avatar_url=avatar,
                inserted_at=instant(published),
                active=deleted != TRUE,
            )
            yield Item(f"person, {id}", user)

    def _communities(self) -> Iterator[Item | Problem]:
        for row in self._rows(_COMMUNITIES):
            id, name, title, about, sidebar, removed, deleted, nsfw, restricted, seen, at = row
            where = f"community, {id}"
            if removed == TRUE:
                yield Problem(where, "a removed community came as a deleted one", name, "changed")
            moderators = tuple(who for (who,) in self._rows(_MODERATORS, id))
            forum = Forum(
                id=id,
                title=title or name,
                slug=name,
                description=about if sidebar else None,
                sidebar=sidebar or about,
                visibility=_visibility(seen),
                posting="moderators" if restricted == TRUE else "anyone",
                nsfw=nsfw == TRUE,
                creator=moderators[0] if moderators else None,
                moderators=moderators,
                inserted_at=instant(at),
                deleted_at=instant(at) if TRUE in {removed, deleted} else None,
            )
            yield Item(where, forum)
        for community, person, at in self._rows(_FOLLOWING):
            following = Subscription(forum=community, user=person, inserted_at=instant(at))
            yield Item(f"community_follower, {community}", following)

    def _posts(self) -> Iterator[Item]:
        for row in self._rows(_POSTS):
            (
                id,
                name,
                url,
                body,
                creator,
                community,
                removed,
                locked,
                deleted,
                nsfw,
                pinned,
                *ats,
            ) = row
            at, edited = (instant(each) for each in ats)
            post = Post(
                id=id,
                forum=community,
                author=creator,
                title=name,
                content=body or "",
                url=url,
                nsfw=nsfw == TRUE,
                inserted_at=at,
                edited_at=edited,
                deleted_at=(edited or at) if deleted == TRUE else None,
                removed_at=(edited or at) if removed == TRUE else None,
                locked_at=at if locked == TRUE else None,
                pinned_at=at if pinned == TRUE else None,
                votes=self._votes(_POST_LIKES, id),
            )
            yield Item(f"post, {id}", post)
            yield from self._comments(id)

    def _comments(self, post_id: str) -> Iterator[Item]:
        for id, creator, content, removed, deleted, path, *ats in self._rows(_COMMENTS, post_id):
            at, edited = (instant(each) for each in ats)
            above = path.split(".")[-2:-1]
            comment = Comment(
                id=id,
                post=post_id,
                author=creator,
                content=content,
                inserted_at=at,
                reply_to=above[0] if above and above != ["0"] else None,
                edited_at=edited,
                deleted_at=(edited or at) if deleted == TRUE else None,
                removed_at=(edited or at) if removed == TRUE else None,
                votes=self._votes(_COMMENT_LIKES, id),
            )
            yield Item(f"comment, {id}", comment)

    def _votes(self, sql: str, id: str) -> tuple[Voted, ...]:
        """With their values; 0 is a vote taken back. What people gave themselves, as Lemmy has it, is no vote here."""
        return tuple(
            Voted(person, 1 if int(score) > 0 else -1, instant(at))
            for person, score, at in self._rows(sql, id)
            if int(score) != 0
        )

    def _messages(self) -> Iterator[Item | Problem]:
        pair = None
        for id, low, high, creator, content, deleted, at, edited in self._rows(_MESSAGES):
            where = f"private_message, {id}"
            conversation = f"private-{low}-{high}"
            if pair != conversation:
                pair = conversation
                people = (low,) if low == high else (low, high)
                kind: Literal["self", "direct"] = "self" if low == high else "direct"
                opened = Conversation(
                    id=conversation, type=kind, participants=people, inserted_at=instant(at)
                )
                yield Item(where, opened)
            if deleted == TRUE:
                yield Problem(where, "a deleted message", id, "left out")
                continue
            message = Message(
                id=id,
                conversation=conversation,
                author=creator,
                content=content,
                inserted_at=instant(at),
                edited_at=instant(edited),
            )
            yield Item(where, message)


def _visibility(text: str | None) -> Literal["public", "unlisted", "private"]:
    """Lemmy's `Public`, `LocalOnly`, `Unlisted`, `Private`: what is for people with an account only is unlisted here."""
    match text:
        case None | "Public":
            return "public"
        case "Private":
            return "private"
        case _:
            return "unlisted"


_PEOPLE = """
SELECT p.id, p.name, p.display_name, p.avatar, p.deleted, p.published, u.email
FROM person p LEFT JOIN local_user u ON u.person_id = p.id
ORDER BY coalesce(p.local, 't') = 't' DESC, CAST(p.id AS INTEGER)
"""
_COMMUNITIES = """
SELECT id, name, title, description, sidebar, removed, deleted, nsfw, posting_restricted_to_mods, visibility, published
FROM community ORDER BY CAST(id AS INTEGER)
"""
_MODERATORS = """
SELECT person_id FROM community_moderator WHERE community_id = ? ORDER BY published, CAST(person_id AS INTEGER)
"""
_FOLLOWING = "SELECT community_id, person_id, published FROM community_follower"
_POSTS = """
SELECT id, name, url, body, creator_id, community_id, removed, locked, deleted, nsfw, featured_community,
    published, updated
FROM post ORDER BY CAST(id AS INTEGER)
"""
# By number, so that what is answered comes before its answers.
_COMMENTS = """
SELECT id, creator_id, content, removed, deleted, path, published, updated
FROM comment WHERE post_id = ? ORDER BY CAST(id AS INTEGER)
"""
_MINE = "(SELECT creator_id FROM {0} t WHERE t.id = l.{0}_id)"
_POST_LIKES = f"""
SELECT person_id, score, published FROM post_like l WHERE post_id = ? AND person_id <> {_MINE.format("post")}
"""
_COMMENT_LIKES = f"""
SELECT person_id, score, published FROM comment_like l WHERE comment_id = ? AND person_id <> {_MINE.format("comment")}
"""
_MESSAGES = """
SELECT id, min(creator_id, recipient_id) AS low, max(creator_id, recipient_id) AS high, creator_id, content, deleted,
    published, updated
FROM private_message ORDER BY low, high, CAST(id AS INTEGER)
"""
