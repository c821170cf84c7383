"""Forums with posts, comments and votes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from cgraph import forums
from cgraph.forums import (
    ImportedComment,
    ImportedForum,
    ImportedForumBan,
    ImportedPost,
    ImportedSubscription,
    ImportedVote,
)

from . import names, trees
from .dice import Crowd, Dice, parted
from .languages import Language
from .sizes import Size
from .texts import speak
from .world import World

BATCH = 5_000
"""Posts and comments, or subscriptions, written in one transaction."""
_FALL = 1.1
_LEAST = 6
_TOP = 3
"""Forums that others may lie in: the first."""
_NESTED = 0.25
_RULES = ("Stay on the subject.", "No advertising.", "Say where a picture comes from.")
_LINKS = 0.25
_PINNED = 0.5
"""Forums with a pinned post."""
_LOCKED = 0.01
_DELETED = 0.015
_REMOVED = 0.01
_EDITED = 0.04
_BANNED = 0.003
_POST_VOTES = 6
_COMMENT_VOTES = 1.5
_MOST_VOTES = 400
_DEMO_IN = 6
"""Forums the demo account follows; it moderates the first."""


class Board(msgspec.Struct, frozen=True):
    """A forum, and who speaks in it."""

    forum: ImportedForum
    language: Language
    people: Sequence[int]
    """Who follows it; the first ones speak the most."""
    speakers: Crowd


class Boards:
    """Makes forums up, and fills them."""

    def __init__(self, world: World, dice: Dice) -> None:
        self._db = world.db
        self._size = world.size
        self._dice = dice
        self._calendar = world.calendar
        self._cast = world.cast
        self._writer = world.writer
        self._told = world.told

    async def load(self) -> None:
        """Make all of them: the first with the most posts, and one post with the most comments."""
        size = self._size
        boards: list[Board] = []
        for n in range(size.forums):
            board = self._board(n, boards)
            boards.append(board)
            await self._begin(board)
        counts = trees.shares(self._dice, size.posts, size.comments, size.largest_tree)
        start = 0
        for board, posts in zip(boards, _posts(size), strict=True):
            await self._fill(board, counts[start : start + posts])
            start += posts

    def _board(self, n: int, boards: Sequence[Board]) -> Board:
        dice, ids = self._dice, self._cast.ids
        at = self._calendar.start + timedelta(seconds=dice.randint(0, 30 * 86_400))
        slug, title = names.forum(n)
        share = max(int(len(self._cast) * self._size.largest_group / (n + 1) ** _FALL), _LEAST)
        people = dice.some(range(1, len(self._cast)), share)
        people = [people[0], 0, *people[1:]] if n < _DEMO_IN else people
        language = speak(dice)
        nested = n >= _TOP and dice.chance(_NESTED)
        forum = ImportedForum(
            id=dice.id(at),
            slug=slug,
            title=title,
            inserted_at=at,
            parent_id=boards[dice.randrange(_TOP)].forum.id if nested else None,
            description=self._writer.about(dice, language),
            sidebar=self._writer.post(dice, language),
            rules=_RULES[: dice.randint(0, len(_RULES))],
            downvotes=dice.chance(0.9),
            languages=[language.code],
            creator_id=ids[people[0]],
            moderators=[ids[person] for person in people[: dice.randint(2, 5)]],
        )
        return Board(forum, language, people, Crowd(people, 0.7))

    async def _begin(self, board: Board) -> None:
        id, start, end = board.forum.id, board.forum.inserted_at, self._calendar.until
        levels = (*("normal",) * 12, "tracking", "watching", "first_posts", "muted")
        async with self._db.transaction() as tx:
            await forums.import_forums(tx, [board.forum])
            await forums.import_forum_bans(tx, id, self._bans(board))
        for n in range(0, len(board.people), BATCH):
            subscriptions = [
                ImportedSubscription(
                    self._cast.ids[person],
                    start + (end - start) * self._dice.random(),
                    self._dice.choice(levels),  # type: ignore[arg-type]  # a tuple of literals
                )
                for person in board.people[n : n + BATCH]
            ]
            async with self._db.transaction() as tx:
                await forums.import_subscriptions(tx, id, subscriptions)

    def _bans(self, board: Board) -> list[ImportedForumBan]:
        dice, ids = self._dice, self._cast.ids
        moderators = set(board.forum.moderators)
        people = dice.some(range(1, len(ids)), 1 + int(len(board.people) * _BANNED))
        return [
            ImportedForumBan(
                ids[person],
                at := self._calendar.moment(dice),
                board.forum.moderators[0],
                "insulting people",
                expires_at=at + timedelta(days=365) if dice.chance(0.5) else None,
            )
            for person in people
            if ids[person] not in moderators
        ]

    async def _fill(self, board: Board, counts: Sequence[int]) -> None:
        moments = self._calendar.moments(self._dice, len(counts), after=board.forum.inserted_at)
        pinned = len(counts) - 1 if self._dice.chance(_PINNED) else -1
        posts: list[ImportedPost] = []
        comments: list[ImportedComment] = []
        for n, (at, count) in enumerate(zip(moments, counts, strict=True)):
            post = self._post(board, at, count, pinned=n == pinned)
            posts.append(post)
            comments += self._comments(board, post, count)
            if len(posts) + len(comments) >= BATCH or n == len(counts) - 1:
                await self._write(posts, comments)
                posts, comments = [], []

    async def _write(
        self, posts: Sequence[ImportedPost], comments: Sequence[ImportedComment]
    ) -> None:
        async with self._db.transaction() as tx:
            await forums.import_posts(tx, posts)
            await forums.import_comments(tx, comments)
        self._told.more(len(posts) + len(comments), "posts and comments")

    def _post(self, board: Board, at: datetime, comments: int, *, pinned: bool) -> ImportedPost:
        dice = self._dice
        author = board.speakers.one(dice)
        deleted = not pinned and not comments and dice.chance(_DELETED)
        removed = not pinned and not deleted and dice.chance(_REMOVED)
        link = dice.chance(_LINKS)
        votes = dice.heavy(_POST_VOTES + comments / 4, _MOST_VOTES)
        return ImportedPost(
            id=dice.id(at),
            forum_id=board.forum.id,
            author_id=self._cast.ids[author],
            title=self._writer.title(dice, board.language),
            inserted_at=at,
            content="" if deleted or link else self._writer.post(dice, board.language),
            url=self._writer.address(dice) if link and not deleted else None,
            language=board.language.code,
            edited_at=self._calendar.later(at, minutes=9) if dice.chance(_EDITED) else None,
            deleted_at=self._calendar.later(at, hours=5) if deleted else None,
            removed_at=self._calendar.later(at, hours=2) if removed else None,
            removed_by=board.forum.moderators[0] if removed else None,
            locked_at=self._calendar.later(at, days=2) if dice.chance(_LOCKED) else None,
            pinned_at=at if pinned else None,
            votes=() if deleted else self._votes(board, author, at, votes),
        )

    def _comments(self, board: Board, post: ImportedPost, count: int) -> list[ImportedComment]:
        dice = self._dice
        hours = 24.0 + count * 2
        moments = self._calendar.soon(dice, post.inserted_at, count, hours)
        authors = board.speakers.draw(dice, count)
        found: list[ImportedComment] = []
        above = trees.parents(dice, count)
        for at, author, parent in zip(moments, authors, above, strict=True):
            answers = None if parent is None else found[parent]
            found.append(self._comment(board, post, at, author, answers))
        return found

    def _comment(
        self,
        board: Board,
        post: ImportedPost,
        at: datetime,
        author: int,
        answers: ImportedComment | None,
    ) -> ImportedComment:
        dice = self._dice
        deleted, removed = dice.chance(_DELETED), dice.chance(_REMOVED)
        removed = removed and not deleted
        votes = dice.heavy(_COMMENT_VOTES, _MOST_VOTES)
        return ImportedComment(
            id=dice.id(at),
            post_id=post.id,
            author_id=self._cast.ids[author],
            content="" if deleted else self._writer.comment(dice, board.language),
            inserted_at=at,
            parent_id=None if answers is None else answers.id,
            edited_at=self._calendar.later(at, minutes=4) if dice.chance(_EDITED) else None,
            deleted_at=self._calendar.later(at, hours=3) if deleted else None,
            removed_at=self._calendar.later(at, hours=1) if removed else None,
            removed_by=board.forum.moderators[0] if removed else None,
            votes=self._votes(board, author, at, votes) if votes else (),
        )

    def _votes(self, board: Board, author: int, at: datetime, count: int) -> list[ImportedVote]:
        """Of different people, none of them the author; how many like it differs from thing to thing."""
        dice, ids = self._dice, self._cast.ids
        liked = 1.0 if not board.forum.downvotes else 0.55 + 0.44 * dice.random()
        voters = [person for person in dice.some(board.people, count) if person != author]
        return [
            ImportedVote(
                ids[person],
                1 if dice.chance(liked) else -1,
                self._calendar.later(at, hours=1 + n % 40),
            )
            for n, person in enumerate(voters)
        ]


def _posts(size: Size) -> list[int]:
    """How many posts each forum has."""
    rest = size.posts - (first := int(size.posts * size.largest_forum))
    weights = [1 / (n + 1) ** _FALL for n in range(size.forums - 1)]
    return [first, *parted(rest, weights)]
