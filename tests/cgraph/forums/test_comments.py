"""Saying something about posts, changing it and taking it back."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from cgraph import accounts
from cgraph.accounts import Actor
from cgraph.forums import votes
from cgraph.forums.comment import MAX_DEPTH, Comment, CommentEdit, NewComment
from cgraph.forums.comment_deletion import Above, Loss, carry, delete_comment
from cgraph.forums.comment_edits import edit_comment, list_comment_revisions
from cgraph.forums.comment_events import CommentCreated, CommentUpdated
from cgraph.forums.comment_view import get_comment
from cgraph.forums.commenting import create_comment
from cgraph.forums.errors import (
    BannedFromForum,
    CommentLocked,
    CommentNotFound,
    NotCommentAuthor,
    OwnItem,
    PostArchived,
    PostingRestricted,
    PostLocked,
    PostNotFound,
)
from cgraph.forums.events import PostCounted
from cgraph.forums.vote import SetVote
from cgraph_kit import clock, streams
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from support import plaza


class Counts(msgspec.Struct, frozen=True):
    post: int
    forum: int
    active_at: Any
    last: Any


@pytest.fixture
async def forum_id(db: Transaction, ann: Actor) -> UUID:
    return await plaza.found(db, ann)


@pytest.fixture
async def post_id(db: Transaction, bob: Actor, forum_id: UUID) -> UUID:
    return await plaza.post(db, bob, forum_id, clock.now() - timedelta(hours=1))


async def say(
    db: Transaction, actor: Actor, post_id: UUID, parent: Comment | None = None, text: str = "Yes."
) -> Comment:
    new = NewComment(text, parent.id if parent else None)
    return await create_comment(db, actor, post_id, new)


async def counts(db: Transaction, post_id: UUID) -> Counts:
    return await db.one(
        Counts,
        "SELECT p.comment_count, f.comment_count, p.active_at, p.last_comment_at "
        "FROM posts p JOIN forums f ON f.id = p.forum_id WHERE p.id = $1",
        post_id,
    )


async def below(db: Transaction, comment: Comment, actor: Actor) -> tuple[int, int]:
    now = await get_comment(db, actor, comment.id)
    return now.child_count, now.descendant_count


class TestCreateComment:
    async def test_answers_with_the_comment(
        self, db: Transaction, eve: Actor, post_id: UUID
    ) -> None:
        comment = await say(db, eve, post_id, text="*Yes.*")
        assert comment == await get_comment(db, eve, comment.id)
        assert (comment.content, comment.html) == ("*Yes.*", "<p><em>Yes.</em></p>\n")
        assert (comment.score, comment.my_vote, comment.depth, comment.parent_id) == (1, 1, 1, None)
        assert comment.author is not None
        assert comment.author.id == eve.id

    async def test_counts_at_every_height(
        self, db: Transaction, ann: Actor, eve: Actor, post_id: UUID
    ) -> None:
        top = await say(db, eve, post_id)
        middle = await say(db, ann, post_id, top)
        await say(db, eve, post_id, middle)
        await say(db, eve, post_id, middle)
        await say(db, eve, post_id)
        assert await below(db, top, eve) == (1, 3)
        assert await below(db, middle, eve) == (2, 2)
        found = await counts(db, post_id)
        assert (found.post, found.forum) == (5, 5)

    async def test_is_in_the_posts_log(self, db: Transaction, eve: Actor, post_id: UUID) -> None:
        comment = await say(db, eve, post_id)
        (event,) = [event for event in db.events if isinstance(event, CommentCreated)]
        assert event.post_id == post_id
        payload = msgspec.json.decode(event.payload)
        assert (payload["id"], payload["content"], payload["seq"]) == (str(comment.id), "Yes.", 1)
        missed = await streams.since(db, post_id, 0, most=10)
        assert [(one.type, one.body()) for one in missed.events] == [("new_comment", event.payload)]
        assert any(isinstance(event, PostCounted) for event in db.events)

    async def test_deeper_than_comments_go_it_stands_beside_what_it_answers(
        self, db: Transaction, eve: Actor, post_id: UUID
    ) -> None:
        comment = await say(db, eve, post_id)
        top = comment
        for _ in range(MAX_DEPTH - 1):
            parent, comment = comment, await say(db, eve, post_id, comment)
        beside = await say(db, eve, post_id, comment)
        assert comment.depth == beside.depth == MAX_DEPTH
        assert (beside.parent_id, beside.reply_to_id) == (parent.id, comment.id)
        assert await below(db, parent, eve) == (2, 2)
        assert await below(db, comment, eve) == (0, 0)
        assert await below(db, top, eve) == (1, MAX_DEPTH)

    async def test_brings_the_post_to_the_top_of_active(
        self, db: Transaction, eve: Actor, post_id: UUID
    ) -> None:
        before = await counts(db, post_id)
        comment = await say(db, eve, post_id)
        after = await counts(db, post_id)
        assert before.active_at < after.active_at == after.last == comment.inserted_at

    async def test_the_authors_own_does_not(
        self, db: Transaction, bob: Actor, post_id: UUID
    ) -> None:
        before = await counts(db, post_id)
        comment = await say(db, bob, post_id)
        after = await counts(db, post_id)
        assert (before.active_at, comment.inserted_at) == (after.active_at, after.last)

    async def test_nor_one_on_an_old_post(
        self, db: Transaction, bob: Actor, eve: Actor, forum_id: UUID
    ) -> None:
        at = clock.now() - timedelta(days=2)
        post_id = await plaza.post(db, bob, forum_id, at)
        await say(db, eve, post_id)
        assert (await counts(db, post_id)).active_at == at

    async def test_marks_what_hosts_say(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, post_id: UUID
    ) -> None:
        question = await say(db, eve, post_id)
        assert [question.host, (await say(db, ann, post_id)).host] == [False, True]
        sql = "SELECT lifted FROM comments WHERE id = $1"
        assert await db.value(sql, question.id) is False
        answer = await say(db, bob, post_id, question)
        assert await db.value(sql, question.id) is True
        await delete_comment(db, bob, answer.id)
        assert await db.value(sql, question.id) is False

    async def test_knows_whom_it_names(
        self, db: Transaction, ann: Actor, eve: Actor, post_id: UUID
    ) -> None:
        comment = await say(db, eve, post_id, text=f"See @{ann.username}!")
        assert f'href="/users/{ann.id}"' in comment.html

    @pytest.mark.parametrize("text", ["", "  \n", "\u200b", "x" * 10_001])
    async def test_says_something(
        self, db: Transaction, eve: Actor, post_id: UUID, text: str
    ) -> None:
        with pytest.raises(Invalid):
            await say(db, eve, post_id, text=text)

    @pytest.mark.parametrize(
        ("column", "error"),
        [
            ("deleted_at", PostNotFound),
            ("removed_at", PostNotFound),
            ("archived_at", PostArchived),
            ("locked_at", PostLocked),
        ],
    )
    async def test_not_where_the_post_is_closed(
        self, db: Transaction, eve: Actor, post_id: UUID, column: str, error: type[Exception]
    ) -> None:
        await plaza.change(db, "posts", post_id, **{column: clock.now()})
        with pytest.raises(error):
            await say(db, eve, post_id)
        assert (await counts(db, post_id)).forum == 0

    async def test_not_when_banned(
        self, db: Transaction, eve: Actor, forum_id: UUID, post_id: UUID
    ) -> None:
        await plaza.ban(db, forum_id, eve)
        with pytest.raises(BannedFromForum):
            await say(db, eve, post_id)

    async def test_only_subscribers_where_the_forum_says_so(
        self, db: Transaction, eve: Actor, forum_id: UUID, post_id: UUID
    ) -> None:
        await plaza.change(db, "forums", forum_id, posting="subscribers")
        with pytest.raises(PostingRestricted):
            await say(db, eve, post_id)

    async def test_not_below_what_is_locked(
        self, db: Transaction, ann: Actor, eve: Actor, post_id: UUID
    ) -> None:
        top = await say(db, eve, post_id)
        low = await say(db, eve, post_id, top)
        await plaza.change(db, "comments", top.id, locked_at=clock.now())
        for comment in (top, low):
            with pytest.raises(CommentLocked):
                await say(db, eve, post_id, comment)
        assert (await say(db, ann, post_id, low)).depth == 3

    async def test_not_below_what_is_gone_or_elsewhere(
        self, db: Transaction, eve: Actor, forum_id: UUID, post_id: UUID
    ) -> None:
        elsewhere = await say(db, eve, await plaza.post(db, eve, forum_id))
        removed, deleted = await say(db, eve, post_id), await say(db, eve, post_id)
        await say(db, eve, post_id, deleted)
        await plaza.change(db, "comments", removed.id, removed_at=clock.now())
        await delete_comment(db, eve, deleted.id)
        for parent_id in (elsewhere.id, removed.id, deleted.id, uuid4()):
            with pytest.raises(CommentNotFound):
                await create_comment(db, eve, post_id, NewComment("Yes.", parent_id))

    async def test_unknown_post(self, db: Transaction, eve: Actor) -> None:
        with pytest.raises(PostNotFound):
            await say(db, eve, uuid4())


class TestEditComment:
    async def test_changes_the_text(self, db: Transaction, eve: Actor, post_id: UUID) -> None:
        comment = await say(db, eve, post_id)
        edited = await edit_comment(db, eve, comment.id, CommentEdit("No."))
        assert (edited.content, edited.edited_at) == ("No.", None)
        (event,) = [event for event in db.events if isinstance(event, CommentUpdated)]
        assert msgspec.json.decode(event.payload)["content"] == "No."
        assert len(await list_comment_revisions(db, eve, comment.id)) == 1

    async def test_after_a_while_it_leaves_a_revision(
        self, db: Transaction, eve: Actor, post_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        comment = await say(db, eve, post_id)
        for minutes, text in ((6, "No."), (8, "Never."), (20, "Perhaps.")):
            at = comment.inserted_at + timedelta(minutes=minutes)
            monkeypatch.setattr(clock, "now", lambda at=at: at)
            edited = await edit_comment(db, eve, comment.id, CommentEdit(text))
        assert edited.edited_at == comment.inserted_at + timedelta(minutes=20)
        found = await list_comment_revisions(db, None, comment.id)
        assert [(one.revision, one.content) for one in found] == [
            (1, "Yes."),
            (2, "Never."),
            (3, "Perhaps."),
        ]

    async def test_the_same_changes_nothing(
        self, db: Transaction, eve: Actor, post_id: UUID
    ) -> None:
        comment = await say(db, eve, post_id)
        assert await edit_comment(db, eve, comment.id, CommentEdit("Yes.")) == comment
        assert not [event for event in db.events if isinstance(event, CommentUpdated)]

    async def test_only_its_author_may(
        self, db: Transaction, ann: Actor, eve: Actor, post_id: UUID
    ) -> None:
        comment = await say(db, eve, post_id)
        with pytest.raises(NotCommentAuthor):
            await edit_comment(db, ann, comment.id, CommentEdit("No."))

    async def test_not_where_the_post_is_closed(
        self, db: Transaction, eve: Actor, post_id: UUID
    ) -> None:
        comment = await say(db, eve, post_id)
        await plaza.change(db, "posts", post_id, archived_at=clock.now())
        with pytest.raises(PostArchived):
            await edit_comment(db, eve, comment.id, CommentEdit("No."))


class TestDeleteComment:
    async def test_one_without_answers_is_gone(
        self, db: Transaction, eve: Actor, post_id: UUID
    ) -> None:
        top = await say(db, eve, post_id)
        comment = await say(db, eve, post_id, top)
        await delete_comment(db, eve, comment.id)
        with pytest.raises(CommentNotFound):
            await get_comment(db, eve, comment.id)
        with pytest.raises(CommentNotFound):
            await delete_comment(db, eve, comment.id)
        assert await below(db, top, eve) == (0, 0)
        found = await counts(db, post_id)
        assert (found.post, found.forum) == (1, 1)

    async def test_one_with_answers_is_a_stub(
        self, db: Transaction, eve: Actor, post_id: UUID
    ) -> None:
        top = await say(db, eve, post_id)
        await say(db, eve, post_id, top)
        await delete_comment(db, eve, top.id)
        stub = await get_comment(db, eve, top.id)
        assert (stub.content, stub.html, stub.author, stub.child_count) == ("", "", None, 1)
        assert stub.deleted_at is not None
        assert (await counts(db, post_id)).post == 1

    async def test_takes_stubs_above_with_it(
        self, db: Transaction, eve: Actor, post_id: UUID
    ) -> None:
        top = await say(db, eve, post_id)
        stubs = [await say(db, eve, post_id, top)]
        stubs.append(await say(db, eve, post_id, stubs[0]))
        last = await say(db, eve, post_id, stubs[1])
        for stub in stubs:
            await delete_comment(db, eve, stub.id)
        assert await below(db, top, eve) == (1, 3)
        await delete_comment(db, eve, last.id)
        assert await below(db, top, eve) == (0, 0)
        for stub in stubs:
            with pytest.raises(CommentNotFound):
                await get_comment(db, eve, stub.id)

    async def test_its_words_are_nowhere(
        self, db: Transaction, eve: Actor, post_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        comment = await say(db, eve, post_id, text="Secret one")
        later = comment.inserted_at + timedelta(hours=1)
        monkeypatch.setattr(clock, "now", lambda: later)
        await edit_comment(db, eve, comment.id, CommentEdit("Secret two"))
        await delete_comment(db, eve, comment.id)
        missed = await streams.since(db, post_id, 0, most=10)
        assert len(missed.events) == 3
        assert not any("Secret" in event.payload for event in missed.events)
        sql = "SELECT count(*) FROM forum_revisions WHERE item_id = $1"
        assert await db.value(sql, comment.id) == 0

    async def test_a_ban_keeps_nobody_from_it(
        self, db: Transaction, eve: Actor, forum_id: UUID, post_id: UUID
    ) -> None:
        comment = await say(db, eve, post_id)
        await plaza.ban(db, forum_id, eve)
        await plaza.change(db, "posts", post_id, locked_at=clock.now())
        await delete_comment(db, eve, comment.id)
        assert (await counts(db, post_id)).post == 0

    async def test_what_was_removed_is_not_counted_twice(
        self, db: Transaction, eve: Actor, post_id: UUID
    ) -> None:
        comment = await say(db, eve, post_id)
        await plaza.change(db, "comments", comment.id, removed_at=clock.now())
        await plaza.change(db, "posts", post_id, comment_count=0)
        await delete_comment(db, eve, comment.id)
        found = await counts(db, post_id)
        assert (found.post, found.forum) == (0, 1)

    async def test_only_its_author_may(
        self, db: Transaction, ann: Actor, eve: Actor, post_id: UUID
    ) -> None:
        comment = await say(db, eve, post_id)
        with pytest.raises(NotCommentAuthor):
            await delete_comment(db, ann, comment.id)


class TestGetComment:
    async def test_a_removed_one_is_a_stub_but_for_moderators_and_its_author(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, post_id: UUID
    ) -> None:
        comment = await say(db, eve, post_id)
        await plaza.change(db, "comments", comment.id, removed_at=clock.now())
        seen = [(await get_comment(db, actor, comment.id)).content for actor in (ann, eve)]
        assert seen == ["Yes.", "Yes."]
        for actor in (bob, None):
            stub = await get_comment(db, actor, comment.id)
            assert (stub.content, stub.author) == ("", None)

    async def test_says_whether_a_block_stands_between(
        self, db: Transaction, ann: Actor, eve: Actor, post_id: UUID
    ) -> None:
        comment = await say(db, eve, post_id)
        await accounts.block_user(db, ann, eve.id)
        assert (await get_comment(db, ann, comment.id)).blocked
        assert not (await get_comment(db, None, comment.id)).blocked


class TestVoteForComment:
    async def test_moves_counters_and_karma(
        self, db: Transaction, ann: Actor, eve: Actor, post_id: UUID
    ) -> None:
        comment = await say(db, eve, post_id)
        vote = await votes.vote_for_comment(db, ann, comment.id, SetVote(1))
        assert (vote.score, vote.my_vote) == (2, 1)
        assert (await get_comment(db, ann, comment.id)).my_vote == 1
        sql = "SELECT comments FROM karma WHERE user_id = $1"
        assert await db.value(sql, eve.id) == 1

    async def test_not_for_ones_own_or_what_is_gone(
        self, db: Transaction, ann: Actor, eve: Actor, post_id: UUID
    ) -> None:
        comment = await say(db, eve, post_id)
        with pytest.raises(OwnItem):
            await votes.vote_for_comment(db, eve, comment.id, SetVote(-1))
        await plaza.change(db, "comments", comment.id, removed_at=clock.now())
        with pytest.raises(CommentNotFound):
            await votes.vote_for_comment(db, ann, comment.id, SetVote(1))

    async def test_not_where_the_post_is_closed(
        self, db: Transaction, ann: Actor, eve: Actor, post_id: UUID
    ) -> None:
        comment = await say(db, eve, post_id)
        await plaza.change(db, "posts", post_id, removed_at=clock.now())
        with pytest.raises(CommentNotFound):
            await votes.vote_for_comment(db, ann, comment.id, SetVote(1))


class TestCarry:
    def test_stops_at_what_stays(self) -> None:
        top, stub, low = (uuid4() for _ in range(3))
        above = [Above(top, 1, False), Above(stub, 1, True), Above(low, 1, True)]
        assert carry(above, leaf=True) == [Loss(low, 1, 1), Loss(stub, 1, 2), Loss(top, 1, 3)]

    def test_a_stub_with_other_answers_stays(self) -> None:
        top, stub = uuid4(), uuid4()
        above = [Above(top, 1, False), Above(stub, 2, True)]
        assert carry(above, leaf=True) == [Loss(stub, 1, 1), Loss(top, 0, 1)]

    def test_what_has_answers_takes_nothing_with_it(self) -> None:
        assert carry([Above(uuid4(), 1, True)], leaf=False) == []
