"""Keeping people from taking part in a forum, and what goes with it."""

from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest

from cgraph import forums
from cgraph.accounts import UserNotFound
from cgraph.application import App
from cgraph.forums import (
    CannotUndoAct,
    ForumBanNotFound,
    LogEntry,
    NewForumBan,
    NotModerator,
    OutrankedInForum,
    SetVote,
)
from cgraph.forums.events import AccessLost
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid
from support import plaza
from support.forum_scene import ForumScene, comment, make_forum_scene, miscounted

FAR = datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-14)))
"""The last instants there are, and none in UTC."""


@pytest.fixture
async def scene(db: Transaction) -> ForumScene:
    return await make_forum_scene(db)


async def banned(db: Repo, scene: ForumScene) -> list[UUID]:
    page = await forums.list_forum_bans(db, scene.junior, scene.forum_id)
    return [ban.user.id for ban in page.items]


class TestBanUser:
    async def test_is_for_moderators(self, db: Transaction, scene: ForumScene) -> None:
        with pytest.raises(NotModerator):
            await forums.ban_user(db, scene.author, scene.forum_id, scene.reader.id, NewForumBan())
        with pytest.raises(NotModerator):
            await forums.list_forum_bans(db, scene.author, scene.forum_id)

    @pytest.mark.parametrize("who", ["creator", "senior", "junior"])
    async def test_is_not_for_banning_moderators(
        self, db: Transaction, scene: ForumScene, who: str
    ) -> None:
        person = getattr(scene, who)
        moderator = scene.senior if who != "senior" else scene.creator
        with pytest.raises(OutrankedInForum):
            await forums.ban_user(db, moderator, scene.forum_id, person.id, NewForumBan())

    async def test_keeps_them_out_until_it_ends(
        self, db: Transaction, scene: ForumScene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        until = clock.now() + timedelta(days=1)
        new = NewForumBan("rude", until)
        entry = await forums.ban_user(db, scene.junior, scene.forum_id, scene.reader.id, new)
        assert (entry.action, entry.reason) == ("user_banned", "rude")
        assert (await forums.get_forum(db, scene.reader, scene.forum_id)).banned
        assert await banned(db, scene) == [scene.reader.id]
        monkeypatch.setattr(clock, "now", lambda: until + timedelta(seconds=1))
        assert not (await forums.get_forum(db, scene.reader, scene.forum_id)).banned
        assert await banned(db, scene) == []
        with pytest.raises(ForumBanNotFound):
            await forums.unban_user(db, scene.junior, scene.forum_id, scene.reader.id)

    async def test_refuses_nobody_oneself_and_the_past(
        self, db: Transaction, scene: ForumScene
    ) -> None:
        with pytest.raises(UserNotFound):
            await forums.ban_user(db, scene.junior, scene.forum_id, uuid4(), NewForumBan())
        with pytest.raises(Invalid):
            await forums.ban_user(db, scene.junior, scene.forum_id, scene.junior.id, NewForumBan())
        for end in (clock.now(), FAR):
            new = NewForumBan(expires_at=end)
            with pytest.raises(Invalid):
                await forums.ban_user(db, scene.junior, scene.forum_id, scene.reader.id, new)

    async def test_closes_a_private_forum_to_them(self, db: Transaction, scene: ForumScene) -> None:
        await plaza.change(db, "forums", scene.forum_id, visibility="private")
        await forums.ban_user(db, scene.junior, scene.forum_id, scene.reader.id, NewForumBan())
        assert AccessLost(scene.forum_id, scene.reader.id) in db.events


class TestUnbanUser:
    async def test_lets_them_again(self, db: Transaction, scene: ForumScene) -> None:
        await forums.ban_user(db, scene.junior, scene.forum_id, scene.reader.id, NewForumBan())
        entry = await forums.unban_user(db, scene.junior, scene.forum_id, scene.reader.id)
        assert await banned(db, scene) == []
        await forums.undo_act(db, scene.junior, scene.forum_id, entry.id)
        assert await banned(db, scene) == [scene.reader.id]


class TestUndoAct:
    async def test_restores_the_ban_before(self, db: Transaction, scene: ForumScene) -> None:
        await forums.ban_user(db, scene.junior, scene.forum_id, scene.reader.id, NewForumBan("a"))
        again = await forums.ban_user(
            db, scene.junior, scene.forum_id, scene.reader.id, NewForumBan("b")
        )
        await forums.undo_act(db, scene.junior, scene.forum_id, again.id)
        page = await forums.list_forum_bans(db, scene.junior, scene.forum_id)
        assert [ban.reason for ban in page.items] == ["a"]

    async def test_not_once_it_was_changed_again(self, db: Transaction, scene: ForumScene) -> None:
        first = await forums.ban_user(
            db, scene.junior, scene.forum_id, scene.reader.id, NewForumBan()
        )
        await forums.unban_user(db, scene.junior, scene.forum_id, scene.reader.id)
        with pytest.raises(CannotUndoAct):
            await forums.undo_act(db, scene.junior, scene.forum_id, first.id)


async def sweep(app: App, scene: ForumScene, entry: LogEntry, **what: bool) -> None:
    """Have the job of a ban done."""
    assert entry.target_id is not None
    facts: dict[str, Any] = {"content": False, "votes": False, **what}
    args = forums.sweep_banned.args(
        scene.forum_id, entry.target_id, entry.id, scene.junior.id, **facts
    )
    await forums.sweep_banned.handler(app, args)


async def unsweep(app: App, scene: ForumScene, entry: LogEntry, **what: bool) -> None:
    """And that of taking it back."""
    assert entry.target_id is not None
    facts: dict[str, Any] = {"content": False, "votes": False, **what}
    args = forums.restore_banned.args(scene.forum_id, entry.target_id, entry.id, **facts)
    await forums.restore_banned.handler(app, args)


async def removed(db: Repo, table: str, ids: list[UUID]) -> set[UUID]:
    sql = f"SELECT id FROM {table} WHERE id = ANY($1) AND removed_at IS NOT NULL"
    return set(await db.values(sql, ids))


class TestSweepBanned:
    async def test_takes_all_they_wrote_and_gives_it_back(self, app: App) -> None:
        db = app.db
        scene = await make_forum_scene(db)
        posts = [await plaza.post(db, scene.reader, scene.forum_id) for _ in range(103)]
        first = await comment(db, scene.author, scene.post_id)
        said = [await comment(db, scene.reader, scene.post_id, first) for _ in range(3)]
        said += [await comment(db, scene.reader, posts[0])]
        before = await forums.remove_comment(db, scene.junior, said[0])
        new = NewForumBan(remove_content=True)
        entry = await forums.ban_user(db, scene.junior, scene.forum_id, scene.reader.id, new)
        await sweep(app, scene, entry, content=True)
        assert await removed(db, "posts", posts) == {*posts}
        assert await removed(db, "comments", [*said, first]) == {*said}
        assert await miscounted(db, scene.forum_id) == []

        await sweep(app, scene, entry, content=True)  # twice is harmless
        await forums.undo_act(db, scene.junior, scene.forum_id, entry.id)
        await unsweep(app, scene, entry, content=True)
        assert await removed(db, "posts", posts) == set()
        # What had been removed before stays so.
        assert await removed(db, "comments", said) == {before.target_id}
        assert await miscounted(db, scene.forum_id) == []

    async def test_gives_back_what_was_moved_meanwhile(self, app: App) -> None:
        db = app.db
        scene = await make_forum_scene(db)
        other = await plaza.found(db, scene.junior)
        said = await comment(db, scene.reader, scene.post_id)
        new = NewForumBan(remove_content=True)
        entry = await forums.ban_user(db, scene.junior, scene.forum_id, scene.reader.id, new)
        await sweep(app, scene, entry, content=True)
        await forums.move_post(db, scene.junior, scene.post_id, other)
        assert await removed(db, "comments", [said]) == {said}
        await forums.undo_act(db, scene.junior, scene.forum_id, entry.id)
        await unsweep(app, scene, entry, content=True)
        assert await removed(db, "comments", [said]) == set()
        assert await miscounted(db, scene.forum_id, other) == []

    async def test_takes_the_weight_of_their_votes_and_gives_it_back(self, app: App) -> None:
        db = app.db
        scene = await make_forum_scene(db)
        said = await comment(db, scene.author, scene.post_id)
        await forums.vote_for_post(db, scene.reader, scene.post_id, SetVote(1))
        await forums.vote_for_comment(db, scene.reader, said, SetVote(-1))
        before = await plaza.counts(db, "posts", scene.post_id)
        new = NewForumBan(revoke_votes=True)
        entry = await forums.ban_user(db, scene.junior, scene.forum_id, scene.reader.id, new)
        await sweep(app, scene, entry, votes=True)
        after = await plaza.counts(db, "posts", scene.post_id)
        assert (before.upvotes, after.upvotes) == (2, 1)
        assert after.best < before.best
        assert (await plaza.counts(db, "comments", said)).downvotes == 0
        assert await miscounted(db, scene.forum_id) == []
        await forums.undo_act(db, scene.junior, scene.forum_id, entry.id)
        await unsweep(app, scene, entry, votes=True)
        assert await plaza.counts(db, "posts", scene.post_id) == before
        assert await miscounted(db, scene.forum_id) == []

    async def test_does_nothing_once_the_ban_was_taken_back(self, app: App) -> None:
        scene = await make_forum_scene(app.db)
        post = await plaza.post(app.db, scene.reader, scene.forum_id)
        new = NewForumBan(remove_content=True)
        entry = await forums.ban_user(app.db, scene.junior, scene.forum_id, scene.reader.id, new)
        await forums.undo_act(app.db, scene.junior, scene.forum_id, entry.id)
        await sweep(app, scene, entry, content=True)
        assert await removed(app.db, "posts", [post]) == set()

    async def test_takes_the_weight_from_their_votes_and_gives_it_back(self, app: App) -> None:
        db = app.db
        scene = await make_forum_scene(db)
        post_id = await plaza.post(db, scene.author, scene.forum_id)
        said = await comment(db, scene.author, post_id)
        await forums.vote_for_post(db, scene.reader, post_id, forums.SetVote(-1))
        await forums.vote_for_comment(db, scene.reader, said, forums.SetVote(1))
        new = NewForumBan(revoke_votes=True)
        entry = await forums.ban_user(db, scene.junior, scene.forum_id, scene.reader.id, new)
        await sweep(app, scene, entry, votes=True)
        assert (await plaza.counts(db, "posts", post_id)).score == 1
        assert (await plaza.counts(db, "comments", said)).score == 1
        await forums.undo_act(db, scene.junior, scene.forum_id, entry.id)
        await unsweep(app, scene, entry, votes=True)
        assert (await plaza.counts(db, "posts", post_id)).score == 0
        assert (await plaza.counts(db, "comments", said)).score == 2
        assert await miscounted(db, scene.forum_id) == []
