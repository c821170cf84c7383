"""Some posts, comments and votes, checked and made ready to be written together."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from cgraph import accounts, forums
from cgraph.forums import ImportedComment, ImportedPost, ImportedVote
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction

from . import ids
from .people import People
from .records import Comment, Post, Said, Vote, Voted
from .report import Report
from .texts import cut, rename, without_nul

Found = tuple[str, Said]
"""A record and where it was."""
T = TypeVar("T", Post, Comment, Vote)

TITLE_MAX = 200
URL_MAX = 2048
_WEB = ("http://", "https://")


class Making:
    """Makes ours of theirs. `known`: the forums that are there; `met`: what a dry run has met, which grows."""

    def __init__(
        self, report: Report, people: People, known: Collection[UUID], met: set[UUID]
    ) -> None:
        self._report = report
        self._people = people
        self._forums = known
        self._met = met
        self._there: set[UUID] = set()
        """Posts and comments that are in the database."""
        self._post_of: dict[UUID, UUID] = {}
        """The posts of comments."""
        self._names: Mapping[UUID, str] = {}
        self._now = clock.now()
        self.posts: list[ImportedPost] = []
        self.comments: list[ImportedComment] = []
        self.votes: list[tuple[str, Vote, UUID, ImportedVote]] = []

    async def write(self, tx: Transaction, said: Sequence[Found]) -> None:
        """All that is new of it."""
        await self.prepare(tx, said)
        await forums.import_posts(tx, self.posts)
        await forums.import_comments(tx, self.comments)
        for kind in ("post", "comment"):
            votes = [(id, vote) for _, one, id, vote in self.votes if getattr(one, kind)]
            new = await forums.import_votes(tx, kind, votes)
            self._report.taken["votes"] += new
            self._report.known["votes"] += len(votes) - new

    async def prepare(self, db: Repo, said: Sequence[Found]) -> None:
        """Check it all; what cannot be taken is in the report."""
        await self._look_up(db, said)
        for where, post in _only(said, Post):
            self._post(where, post)
        for where, comment in _only(said, Comment):
            self._comment(where, comment)
        for where, vote in _only(said, Vote):
            self._vote(where, vote)
        if self._report.dry_run:
            self._report.taken["votes"] += len(self.votes)

    async def _look_up(self, db: Repo, said: Sequence[Found]) -> None:
        posts = {self._id("post", one.id) for _, one in _only(said, Post)}
        posts |= {self._id("post", one.post) for _, one in _only(said, Comment)}
        posts |= {self._id("post", one.post) for _, one in _only(said, Vote) if one.post}
        comments = {self._id("comment", one.id) for _, one in _only(said, Comment)}
        comments |= {
            self._id("comment", one.reply_to) for _, one in _only(said, Comment) if one.reply_to
        }
        comments |= {
            self._id("comment", one.comment) for _, one in _only(said, Vote) if one.comment
        }
        self._there = await forums.find_post_ids(db, list(posts))
        self._post_of = await forums.find_comment_posts(db, list(comments))
        self._there |= self._post_of.keys()
        called = {
            self._people.get(external)
            for _, one in said
            if not isinstance(one, Vote)
            for external in one.mentions.values()
        }
        people = await accounts.get_people(db, [id for id in called if id])
        self._names = {id: person.username for id, person in people.items()}

    def _id(self, kind: ids.Thing, external: str) -> UUID:
        return ids.thing_id(self._report.source, kind, external)

    def _is_new(self, where: str, id: UUID, what: str, external: str) -> bool:
        if id in self._met:
            self._report.lost(where, f"a {what} with an id that came before", external)
        elif id in self._there:
            self._report.known[f"{what}s"] += 1
        else:
            return True
        return False

    def _post(self, where: str, post: Post) -> None:
        id = self._id("post", post.id)
        forum_id = self._id("forum", post.forum)
        if not self._is_new(where, id, "post", post.id):
            return
        if forum_id not in self._forums:
            self._report.lost(where, "its forum is not in the export", post.forum)
            return
        author = self._author(where, post)
        content, mentions = self._content(post)
        url, content = self._address(where, post, content)
        made = ImportedPost(
            id=id,
            forum_id=forum_id,
            author_id=author,
            title=cut(post.title, TITLE_MAX) or cut(content, TITLE_MAX) or "…",
            inserted_at=self._past(where, post.inserted_at),
            content=content,
            url=url,
            mentions=mentions,
            nsfw=post.nsfw,
            edited_at=post.edited_at,
            deleted_at=post.deleted_at,
            removed_at=post.removed_at,
            locked_at=post.locked_at,
            pinned_at=post.pinned_at,
            votes=self._votes(where, post.votes, author, post.inserted_at),
        )
        self._take(id, "posts", made.votes)
        self.posts.append(made)

    def _comment(self, where: str, comment: Comment) -> None:
        id = self._id("comment", comment.id)
        post_id = self._id("post", comment.post)
        if not self._is_new(where, id, "comment", comment.id):
            return
        if not self._is_there(post_id):
            self._report.lost(where, "its post is not in the export", comment.post)
            return
        author = self._author(where, comment)
        content, mentions = self._content(comment)
        made = ImportedComment(
            id=id,
            post_id=post_id,
            author_id=author,
            content=content,
            inserted_at=self._past(where, comment.inserted_at),
            parent_id=self._answered(where, comment, post_id),
            mentions=mentions,
            edited_at=comment.edited_at,
            deleted_at=comment.deleted_at,
            removed_at=comment.removed_at,
            votes=self._votes(where, comment.votes, author, comment.inserted_at),
        )
        self._post_of[id] = post_id
        self._take(id, "comments", made.votes)
        self.comments.append(made)

    def _take(self, id: UUID, what: str, votes: Sequence[ImportedVote]) -> None:
        self._met.add(id)
        self._report.taken[what] += 1
        self._report.taken["votes"] += len(votes)

    def _vote(self, where: str, vote: Vote) -> None:
        kind: ids.Thing = "post" if vote.post else "comment"
        external = vote.post or vote.comment or ""
        id, who = self._id(kind, external), self._people.get(vote.user)
        if not self._is_there(id):
            self._report.lost(where, "what it is for is not in the export", external)
        elif who is None:
            self._report.lost(where, "a vote of somebody unknown", vote.user)
        else:
            at = self._past(where, vote.inserted_at or self._now)
            self.votes.append((where, vote, id, ImportedVote(who, vote.value, at)))

    def _is_there(self, id: UUID) -> bool:
        return id in self._there or id in self._met

    def _answered(self, where: str, comment: Comment, post_id: UUID) -> UUID | None:
        if comment.reply_to is None:
            return None
        id = self._id("comment", comment.reply_to)
        if self._is_there(id) and self._post_of.get(id, post_id) == post_id:
            return id
        detail = f"{comment.id} answers {comment.reply_to}"
        self._report.changed(where, "a reply to what is not there", detail)
        return None

    def _author(self, where: str, one: Post | Comment) -> UUID | None:
        who = self._people.get(one.author)
        if who is None and one.author is not None:
            self._report.changed(where, "its author is not in the export", one.author)
        return who

    def _content(self, one: Post | Comment) -> tuple[str, list[UUID]]:
        """The text with the names people have here, and whom it means; none of what its author deleted."""
        if one.deleted_at is not None:
            return "", []
        found = {words: self._people.get(external) for words, external in one.mentions.items()}
        names = {
            words: self._names[who] for words, who in found.items() if who and who in self._names
        }
        mentioned = [who for who in found.values() if who is not None]
        return rename(without_nul(one.content), names), list(dict.fromkeys(mentioned))

    def _address(self, where: str, post: Post, content: str) -> tuple[str | None, str]:
        """What it links to, and its text; an address that is none goes to the text."""
        if not post.url or post.deleted_at is not None:
            return None, content
        if post.url.startswith(_WEB) and len(post.url) <= URL_MAX and "\x00" not in post.url:
            return post.url, content
        self._report.changed(where, "an address that is none went to the text", post.url[:100])
        return None, f"{without_nul(post.url)}\n\n{content}".strip()

    def _votes(
        self, where: str, votes: Iterable[Voted], author: UUID | None, at: datetime
    ) -> list[ImportedVote]:
        found: dict[UUID, ImportedVote] = {}
        for vote in votes:
            who = self._people.get(vote.user)
            if who is None:
                self._report.changed(where, "a vote of somebody unknown", vote.user)
            elif who == author:
                reason = "a vote for what one wrote oneself"
                self._report.changed(where, reason, vote.user)
            else:
                when = min(vote.at or at, self._now)
                found.setdefault(who, ImportedVote(who, vote.value, when))
        return list(found.values())

    def _past(self, where: str, at: datetime) -> datetime:
        if at <= self._now:
            return at
        self._report.changed(where, "a time in the future", at.isoformat())
        return self._now


def _only(said: Iterable[Found], kind: type[T]) -> list[tuple[str, T]]:
    return [(where, one) for where, one in said if isinstance(one, kind)]
