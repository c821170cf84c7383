"""Pictures that stand for somebody or something."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from cgraph import accounts, files, forums, groups
from cgraph.accounts import Actor, ProfileUpdated, UpdateAccount
from cgraph.files import Picture
from cgraph.forums import ForumChange, NotModerator
from cgraph.groups import GroupChange, MissingPermission, NewGroup
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from support.attached import exists, make_file
from support.communities import enter
from support.forums import make_forum

Happened = Callable[[type[Any]], list[Any]]


class TestSetAvatar:
    async def test_is_seen_by_everybody_and_changes_with_the_picture(
        self, db: Transaction, ann: Actor, bob: Actor, happened: Happened
    ) -> None:
        one, two = await make_file(db, ann), await make_file(db, ann)
        shown = await files.set_avatar(db, ann, Picture(one))
        assert shown.avatar_url == f"/api/v1/files/{one}"
        seen = await accounts.get_profile(db, bob, ann.id)
        assert seen.avatar_url == shown.avatar_url
        content = await files.get_content(db, {}, None, one)
        assert content.public
        again = await files.set_avatar(db, ann, Picture(two))
        assert again.avatar_url == f"/api/v1/files/{two}"
        assert not await exists(db, one)
        await files.set_avatar(db, ann, Picture(two))
        assert len(happened(ProfileUpdated)) == 2

    async def test_is_seen_by_nobody_else_while_its_account_is_deactivated(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        one = await make_file(db, ann)
        await files.set_avatar(db, ann, Picture(one))
        change = "UPDATE users SET state = $2, deactivated_at = $3 WHERE id = $1"
        await db.value(change, ann.id, "deactivated", clock.now())
        for actor in (None, bob):
            with pytest.raises(files.FileNotFound):
                await files.get_content(db, {}, actor, one)
        await db.value(change, ann.id, "active", None)
        assert (await files.get_content(db, {}, None, one)).public

    async def test_changes_as_often_as_one_likes(self, db: Transaction, ann: Actor) -> None:
        one, two = await make_file(db, ann), await make_file(db, ann)
        await files.set_avatar(db, ann, Picture(one))
        often = "UPDATE file_attachments SET position = 32767 WHERE file_id = $1"
        await db.value(often, one)
        shown = await files.set_avatar(db, ann, Picture(two))
        assert shown.avatar_url == f"/api/v1/files/{two}"

    @pytest.mark.parametrize("facts", [{"content_type": "text/plain"}, {"state": "processing"}])
    async def test_takes_images_that_are_ready(
        self, db: Transaction, ann: Actor, facts: dict[str, Any]
    ) -> None:
        with pytest.raises((Invalid, files.FileNotReady)) as caught:
            await files.set_avatar(db, ann, Picture(await make_file(db, ann, **facts)))
        assert "file_id" in caught.value.fields

    async def test_takes_no_others_files(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        for id in (await make_file(db, bob), uuid4()):
            with pytest.raises(files.FileNotFound):
                await files.set_avatar(db, ann, Picture(id))

    async def test_goes_by_itself_or_for_another(self, db: Transaction, ann: Actor) -> None:
        one, two = await make_file(db, ann), await make_file(db, ann)
        await files.set_avatar(db, ann, Picture(one))
        await files.remove_avatar(db, ann)
        await files.remove_avatar(db, ann)
        assert (await accounts.get_account(db, ann)).avatar_url is None
        assert not await exists(db, one)
        await files.set_avatar(db, ann, Picture(two))
        address = "https://example.com/ann.png"
        await files.update_account(db, ann, UpdateAccount(display_name="Ann"))
        assert await exists(db, two)
        user = await files.update_account(db, ann, UpdateAccount(avatar_url=address))
        assert user.avatar_url == address
        assert not await exists(db, two)


class TestGroupIcon:
    async def test_is_for_who_manages_the_group(
        self, db: Transaction, ann: Actor, bob: Actor, happened: Happened
    ) -> None:
        group = await groups.create_group(db, ann, NewGroup(name="Bees"))
        await enter(db, group.id, bob)
        with pytest.raises(MissingPermission):
            await groups.set_icon(db, bob, group.id, Picture(await make_file(db, bob)))
        with pytest.raises(MissingPermission):
            await groups.remove_icon(db, bob, group.id)
        one, two = await make_file(db, ann), await make_file(db, ann)
        await groups.set_icon(db, ann, group.id, Picture(one))
        shown = await groups.set_icon(db, ann, group.id, Picture(two))
        assert shown.icon_url == f"/api/v1/files/{two}"
        assert not await exists(db, one)
        assert (await files.get_content(db, {}, None, two)).public
        assert len(happened(groups.GroupUpdated)) == 2
        await groups.update_group(db, ann, group.id, GroupChange(icon_url=None))
        assert not await exists(db, two)


class TestForumIcon:
    async def test_is_for_moderators(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        forum = await make_forum(db, ann)
        with pytest.raises(NotModerator):
            await forums.set_forum_icon(db, bob, forum.id, Picture(await make_file(db, bob)))
        one, two = await make_file(db, ann), await make_file(db, ann)
        shown = await forums.set_forum_icon(db, ann, forum.id, Picture(one))
        assert shown.icon_url == f"/api/v1/files/{one}"
        await forums.remove_forum_icon(db, ann, forum.id)
        assert (await forums.read_forum(db, bob, forum.id)).icon_url is None
        assert not await exists(db, one)
        await forums.set_forum_icon(db, ann, forum.id, Picture(two))
        change = ForumChange(icon_url="https://example.com/bee.png")
        changed = await forums.update_forum(db, ann, forum.id, change)
        assert changed.icon_url == "https://example.com/bee.png"
        assert not await exists(db, two)
