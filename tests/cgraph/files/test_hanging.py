"""Whatever becomes of what files hang on, none hangs on what is gone."""

from datetime import timedelta
from uuid import UUID

import pytest

from cgraph import conversions, files, forums, groups, messaging
from cgraph.accounts import Actor, Origin
from cgraph.application import App
from cgraph.files import NewAttachment, Picture
from cgraph.forums import CommentEdit, DeleteForum, NewComment, PostChange
from cgraph.forums import sweeping as forum_sweeping
from cgraph.groups import CHANNELS, Confirmation, NewThread
from cgraph.messaging import MessageEdit, NewMessage, NewScheduledMessage
from cgraph.messaging.disappearing import erase_expired
from cgraph.messaging.sweeping import sweep
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from support import communities
from support.attached import astray, exists, make_file, with_file
from support.forum_scene import ForumScene, make_forum_scene
from support.forums import make_forum, make_post
from support.people import PASSWORD, register
from support.talk import open_between


async def show(db: Repo, actor: Actor, place_id: UUID, file_id: UUID) -> UUID:
    """Say something in a channel or thread with a file."""
    new = NewMessage("Look", attachments=[NewAttachment(file_id)])
    return (await messaging.send_message(db, actor, place_id, new, gate=CHANNELS)).id


async def answer(db: Repo, actor: Actor, post_id: UUID, file_id: UUID) -> UUID:
    new = NewComment("Look", attachments=[NewAttachment(file_id)])
    return (await forums.create_comment(db, actor, post_id, new)).id


class TestMessages:
    async def test_edited_deleted_and_expired(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        id = await open_between(db, ann, bob)
        one, two, three, four, kept = [await make_file(db, ann) for _ in range(5)]
        edited, deleted, expired, stays = [
            (
                await messaging.send_message(
                    db, ann, id, NewMessage("Look", attachments=[NewAttachment(file)])
                )
            ).id
            for file in (one, two, three, kept)
        ]
        at = clock.now() + timedelta(minutes=5)
        later = NewScheduledMessage("", at, attachments=[NewAttachment(kept)])
        await messaging.schedule_message(db, ann, id, later)
        edit = MessageEdit(attachments=[NewAttachment(four)])
        await messaging.edit_message(db, ann, id, edited, edit)
        await messaging.delete_message(db, ann, id, deleted)
        await db.value("UPDATE messages SET expires_at = now() WHERE id = $1", expired)
        await erase_expired(db)
        assert await astray(db, ann) == []
        assert [await exists(db, file) for file in (one, two, three, four)] == [0, 0, 0, 1]
        await messaging.delete_message(db, ann, id, stays)
        assert await astray(db, ann) == []
        assert await exists(db, kept)


class TestPlaces:
    async def test_that_are_deleted_keep_none(self, app: App) -> None:
        ann, bob = [(await register(app)).actor for _ in range(2)]
        group_id = await communities.found(app.db, ann)
        await communities.enter(app.db, group_id, bob)
        channel_id = await communities.first_channel(app.db, group_id)
        thread = await groups.create_thread(app.db, ann, channel_id, NewThread("Bees"))
        said, icon = [await make_file(app.db, bob) for _ in range(3)], await make_file(app.db, ann)
        await groups.set_icon(app.db, ann, group_id, Picture(icon))
        for place_id, file_id in zip((channel_id, thread.id, thread.id), said, strict=True):
            await show(app.db, bob, place_id, file_id)
        assert await astray(app.db, ann, bob) == []
        confirmation = Confirmation(PASSWORD)
        await groups.delete_group(app.db, app.auth, ann, group_id, confirmation, origin=Origin())
        await sweep(app.db, [channel_id, thread.id])
        assert await astray(app.db, ann, bob) == []
        assert not any([await exists(app.db, id) for id in (*said, icon)])

    async def test_of_forums(self, app: App) -> None:
        ann = (await register(app)).actor
        forum = await make_forum(app.db, ann)
        icon, face, posted, answered = [await make_file(app.db, ann) for _ in range(4)]
        await forums.set_forum_icon(app.db, ann, forum.id, Picture(icon))
        await files.set_avatar(app.db, ann, Picture(face))
        post = await make_post(app.db, ann, forum.id, attachments=[NewAttachment(posted)])
        await answer(app.db, ann, post.id, answered)
        assert await astray(app.db, ann) == []
        confirmation = DeleteForum(PASSWORD)
        await forums.delete_forum(app.db, app.auth, ann, forum.id, confirmation, origin=Origin())
        await forum_sweeping.sweep(app.db, forum.id)
        assert await astray(app.db, ann) == []
        assert [await exists(app.db, id) for id in (icon, face, posted, answered)] == [0, 1, 0, 0]


class TestPosts:
    @pytest.fixture
    async def scene(self, db: Transaction) -> ForumScene:
        return await make_forum_scene(db)

    async def test_edited_and_deleted(self, db: Transaction, scene: ForumScene) -> None:
        author = scene.author
        one, two = await with_file(db, author), await with_file(db, author)
        post = await make_post(db, author, scene.forum_id, attachments=[one])
        said = [await answer(db, author, post.id, await make_file(db, author)) for _ in range(2)]
        edit = CommentEdit(attachments=[await with_file(db, author)])
        await forums.edit_comment(db, author, said[0], edit)
        await forums.edit_post(db, author, post.id, PostChange(attachments=[two]))
        await forums.delete_comment(db, author, said[1])
        assert await astray(db, author) == []
        await forums.delete_post(db, author, post.id)
        assert await astray(db, author) == []
        assert not await exists(db, two.file_id)

    async def test_merged_split_and_taken_back(self, db: Transaction, scene: ForumScene) -> None:
        author, host = scene.author, scene.creator
        one = await with_file(db, author)
        post = await make_post(db, author, scene.forum_id, attachments=[one])
        said = await answer(db, author, post.id, await make_file(db, author))
        merged = await forums.merge_posts(db, host, post.id, scene.post_id)
        assert await astray(db, author) == []
        split = await forums.split_comment(db, host, said, "A new one")
        assert await astray(db, author) == []
        for act in (split, merged):
            await forums.undo_act(db, host, scene.forum_id, act.id)
            assert await astray(db, author) == []
        assert len((await forums.get_comment(db, host, said)).attachments) == 1
        assert len((await forums.get_post(db, host, post.id)).attachments) == 1

    async def test_converted_there_and_back(self, db: Transaction, scene: ForumScene) -> None:
        author, host = scene.author, scene.creator
        group_id = await communities.found(db, host)
        await communities.enter(db, group_id, author)
        channel_id = await communities.first_channel(db, group_id)
        post = await make_post(
            db, author, scene.forum_id, attachments=[await with_file(db, author)]
        )
        shown, removed = [
            await answer(db, author, post.id, await make_file(db, author)) for _ in range(2)
        ]
        await forums.remove_comment(db, host, removed)
        seen = await conversions.preview_thread(db, host, post.id, channel_id)
        thread = await conversions.make_thread_of_post(db, host, post.id, channel_id, seen.token)
        assert await astray(db, author) == []
        await show(db, author, thread.id, await make_file(db, author))
        seen = await conversions.preview_post(db, host, thread.id, scene.forum_id)
        again = await conversions.make_post_of_thread(
            db, host, thread.id, scene.forum_id, seen.token
        )
        await sweep(db, [thread.id])
        assert await astray(db, author) == []
        assert len((await forums.get_comment(db, host, shown)).attachments) == 1
        seen = await conversions.preview_thread(db, host, again.id, channel_id)
        thread = await conversions.make_thread_of_post(db, host, again.id, channel_id, seen.token)
        await messaging.delete_places(db, [thread.id])
        await sweep(db, [thread.id])
        assert await astray(db, author) == []
        assert (await files.get_usage(db, author)).files == 0
