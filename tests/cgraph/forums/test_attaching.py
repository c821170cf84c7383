"""What comes with posts and comments."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from cgraph import files, forums
from cgraph.accounts import Actor, Origin
from cgraph.application import App
from cgraph.files import Hung, NewAttachment
from cgraph.forums import (
    CommentEdit,
    DeleteForum,
    Limits,
    NewComment,
    NewPost,
    PostChange,
    create_comment,
    create_post,
    edit_comment,
    edit_post,
    sweeping,
)
from cgraph_kit.db import Transaction
from support.attached import exists, hangs_on, make_file, with_file
from support.forum_scene import ForumScene, make_forum_scene
from support.forums import make_forum, make_post, subscribe
from support.people import PASSWORD, register
from support.talk import body

Happened = Callable[[type[Any]], list[Any]]


def ids(thing: Any) -> list[UUID]:
    return [one.id for one in thing.attachments]


class TestCreatePost:
    async def test_a_text_with_an_image_is_one(
        self, db: Transaction, ann: Actor, bob: Actor, happened: Happened
    ) -> None:
        forum = await make_forum(db, ann)
        image, paper = (
            await make_file(db, ann),
            await make_file(db, ann, content_type="application/pdf"),
        )
        named = [NewAttachment(paper), NewAttachment(image, alt_text="A swarm", spoiler=True)]
        made = await make_post(db, ann, forum.id, attachments=named)
        assert made.kind == "image"
        seen = await forums.get_post(db, bob, made.id)
        assert ids(seen) == [paper, image]
        assert (seen.attachments[1].alt_text, seen.attachments[1].spoiler) == ("A swarm", True)
        (event,) = happened(forums.PostCreated)
        assert [one["id"] for one in body(event)["attachments"]] == [str(paper), str(image)]
        (listed,) = (await forums.list_forum_posts(db, bob, forum.id, forums.WhichPosts())).items
        assert ids(listed) == [paper, image]
        other = await make_post(
            db, ann, forum.id, attachments=[await with_file(db, ann, content_type="text/plain")]
        )
        assert other.kind == "text"

    async def test_its_own_images_stand_in_the_text(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        forum = await make_forum(db, ann)
        own, foreign = await make_file(db, ann), await make_file(db, ann)
        content = f"![a](attachment:{own}) ![b](attachment:{foreign})"
        post = await make_post(db, ann, forum.id, content=content, attachments=[NewAttachment(own)])
        assert f'src="/api/v1/files/{own}"' in post.html
        assert str(foreign) not in post.html

    async def test_is_bounded_and_takes_ones_own(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        forum = await make_forum(db, ann)
        named = [await with_file(db, ann) for _ in range(2)]
        new = NewPost("Swarms", attachments=named)
        with pytest.raises(files.TooManyFiles):
            await create_post(db, ann, forum.id, new, limits=Limits(post_attachments_max=1))
        with pytest.raises(files.FileNotFound):
            await make_post(db, bob, forum.id, attachments=named)


class TestEditPost:
    async def test_adds_and_takes_away(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        forum = await make_forum(db, ann)
        one, two = await make_file(db, ann), await make_file(db, ann)
        post = await make_post(db, ann, forum.id, attachments=[NewAttachment(one)])
        edited = await edit_post(
            db, ann, post.id, PostChange(attachments=[NewAttachment(two), NewAttachment(one)])
        )
        assert ids(edited) == [two, one]
        assert edited.edited_at is None
        assert ids(await edit_post(db, ann, post.id, PostChange(content="Words"))) == [two, one]
        edited = await edit_post(db, ann, post.id, PostChange(attachments=[]))
        assert (edited.kind, ids(edited)) == ("text", [])
        assert not await exists(db, one)
        with pytest.raises(files.FileNotFound):
            change = PostChange(attachments=[await with_file(db, bob)])
            await edit_post(db, ann, post.id, change)


class TestDeletePost:
    async def test_keeps_no_file(self, db: Transaction, ann: Actor) -> None:
        forum = await make_forum(db, ann)
        named = await with_file(db, ann, name="secret.png")
        post = await make_post(db, ann, forum.id, attachments=[named])
        await forums.delete_post(db, ann, post.id)
        assert not await exists(db, named.file_id)
        sql = "SELECT string_agg(payload, '') FROM events WHERE stream_id = ANY($1)"
        assert "secret.png" not in await db.value(sql, [forum.id, post.id])


class TestComments:
    async def test_come_with_files(
        self, db: Transaction, ann: Actor, bob: Actor, happened: Happened
    ) -> None:
        forum = await make_forum(db, ann)
        post = await make_post(db, ann, forum.id)
        file_id = await make_file(db, bob)
        new = NewComment(
            f"Like this: ![x](attachment:{file_id})", attachments=[NewAttachment(file_id)]
        )
        made = await create_comment(db, bob, post.id, new)
        seen = await forums.get_comment(db, ann, made.id)
        assert ids(made) == ids(seen) == [file_id]
        assert f'src="/api/v1/files/{file_id}"' in seen.html == made.html
        (event,) = happened(forums.CommentCreated)
        assert [one["id"] for one in body(event)["attachments"]] == [str(file_id)]
        named = [await with_file(db, bob) for _ in range(5)]
        with pytest.raises(files.TooManyFiles):
            await create_comment(db, bob, post.id, NewComment("Five", attachments=named))

    async def test_are_edited(self, db: Transaction, ann: Actor) -> None:
        forum = await make_forum(db, ann)
        post = await make_post(db, ann, forum.id)
        one, two = await with_file(db, ann), await with_file(db, ann)
        made = await create_comment(db, ann, post.id, NewComment("Look", attachments=[one]))
        edited = await edit_comment(db, ann, made.id, CommentEdit("See"))
        assert ids(edited) == [one.file_id]
        edited = await edit_comment(db, ann, made.id, CommentEdit(attachments=[two]))
        assert (edited.content, ids(edited)) == ("See", [two.file_id])
        assert not await exists(db, one.file_id)

    async def test_that_are_deleted_keep_none(self, db: Transaction, ann: Actor) -> None:
        forum = await make_forum(db, ann)
        post = await make_post(db, ann, forum.id)
        named = await with_file(db, ann)
        made = await create_comment(db, ann, post.id, NewComment("Look", attachments=[named]))
        await forums.delete_comment(db, ann, made.id)
        assert not await exists(db, named.file_id)


class TestDeleteForum:
    async def test_has_its_files_let_go(self, app: App) -> None:
        ann = (await register(app)).actor
        forum = await make_forum(app.db, ann)
        confirmation = DeleteForum(PASSWORD)
        await forums.delete_forum(app.db, app.auth, ann, forum.id, confirmation, origin=Origin())
        due = "SELECT worker FROM jobs WHERE args->>'forum_id' = $1"
        assert await app.db.values(due, str(forum.id)) == ["sweep_forum"]

    async def test_keeps_no_file_of_anybody(
        self, db: Transaction, ann: Actor, bob: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gone, other = await make_forum(db, ann), await make_forum(db, ann)
        said = [await with_file(db, bob) for _ in range(3)]
        answered, removed, stays = [await with_file(db, ann) for _ in range(3)]
        posts = [await make_post(db, bob, gone.id, attachments=[one]) for one in said]
        new = NewComment("Look", attachments=[answered])
        await create_comment(db, ann, posts[0].id, new)
        new = NewComment("Spam", attachments=[removed])
        made = await create_comment(db, ann, posts[0].id, new)
        await db.value("UPDATE comments SET removed_at = now() WHERE id = $1", made.id)
        kept = await make_post(db, ann, other.id, attachments=[stays])
        await make_post(db, ann, gone.id, attachments=[stays])
        await db.value("UPDATE forums SET deleted_at = now() WHERE id = $1", gone.id)
        monkeypatch.setattr(sweeping, "AT_ONCE", 2)
        await sweeping.sweep(db, gone.id)
        for one in (*said, answered, removed):
            assert not await exists(db, one.file_id)
        assert await hangs_on(db, stays.file_id) == [("post", kept.id)]
        assert (await files.get_usage(db, bob)).files == 0


class TestDrafts:
    async def test_keep_their_files(self, db: Transaction, ann: Actor) -> None:
        forum = await make_forum(db, ann)
        one, two, three = [await make_file(db, ann) for _ in range(3)]
        draft = await forums.save_draft(db, ann, "k", forums.SaveDraft({}, 0, [one, two]))
        assert ids(draft) == [one, two]
        draft = await forums.save_draft(db, ann, "k", forums.SaveDraft({}, 1, [three, two]))
        assert not await exists(db, one)
        assert ids(draft) == ids(await forums.get_draft(db, ann, "k")) == [two, three]
        (listed,) = (await forums.list_drafts(db, ann)).items
        assert ids(listed) == [two, three]
        await make_post(db, ann, forum.id, attachments=[NewAttachment(two)])
        await forums.delete_draft(db, ann, "k")
        assert (await exists(db, two), await exists(db, three)) == (True, False)

    async def test_that_are_forgotten_keep_none(self, db: Transaction, ann: Actor) -> None:
        file_id = await make_file(db, ann)
        await forums.save_draft(db, ann, "k", forums.SaveDraft({}, 0, [file_id]))
        await db.value("UPDATE drafts SET updated_at = now() - interval '181 days'")
        await forums.forget_drafts(db)
        assert not await exists(db, file_id)

    async def test_keep_only_ones_own(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        with pytest.raises(files.FileNotFound):
            new = forums.SaveDraft({}, 0, [await make_file(db, bob)])
            await forums.save_draft(db, ann, "k", new)


class TestListShown:
    async def may(self, db: Transaction, actor: Actor | None, post: UUID, comment: UUID) -> bool:
        posts = await forums.list_shown_posts(db, actor, [Hung("post", post)])
        comments = await forums.list_shown_comments(db, actor, [Hung("comment", comment)])
        assert bool(posts) == bool(comments)
        return bool(posts)

    async def test_public_ones_are_for_everybody_private_ones_for_readers(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        for visibility, others in (("public", True), ("unlisted", True), ("private", False)):
            forum = await make_forum(db, ann, visibility=visibility)
            post = (await make_post(db, ann, forum.id)).id
            comment = (await create_comment(db, ann, post, NewComment("Yes"))).id
            assert await self.may(db, ann, post, comment)
            assert await self.may(db, bob, post, comment) is others
            assert await self.may(db, None, post, comment) is others
        await subscribe(db, bob, forum.id)
        assert not await self.may(db, bob, post, comment)
        sql = "UPDATE forum_subscriptions SET state = 'active' WHERE user_id = $1"
        await db.value(sql, bob.id)
        assert await self.may(db, bob, post, comment)

    async def test_removed_ones_are_for_their_author_and_moderators(self, db: Transaction) -> None:
        scene = await make_forum_scene(db)
        post = scene.post_id
        comment = (await create_comment(db, scene.author, post, NewComment("Yes"))).id
        sql = "UPDATE {} SET removed_at = now() WHERE id = $1"
        await db.value(sql.format("posts"), post)
        await db.value(sql.format("comments"), comment)
        for actor, sees in (
            (scene.junior, True),
            (scene.author, True),
            (scene.reader, False),
            (None, False),
        ):
            assert await self.may(db, actor, post, comment) is sees

    async def test_of_deleted_ones_and_forums_nobody_sees_any(
        self, db: Transaction, ann: Actor
    ) -> None:
        forum = await make_forum(db, ann)
        post = (await make_post(db, ann, forum.id)).id
        comment = (await create_comment(db, ann, post, NewComment("Yes"))).id
        await db.value("UPDATE forums SET deleted_at = now() WHERE id = $1", forum.id)
        assert not await self.may(db, ann, post, comment)


class TestMerging:
    async def test_takes_the_files_along_and_back(self, db: Transaction) -> None:
        scene: ForumScene = await make_forum_scene(db)
        named = await with_file(db, scene.author)
        other = await make_post(
            db, scene.author, scene.forum_id, title="Another", attachments=[named]
        )
        act = await forums.merge_posts(db, scene.creator, other.id, scene.post_id)
        ((kind, comment_id),) = await hangs_on(db, named.file_id)
        assert kind == "comment"
        comment = await forums.get_comment(db, scene.reader, comment_id)
        assert ids(comment) == [named.file_id]
        await forums.undo_act(db, scene.creator, scene.forum_id, act.id)
        assert await hangs_on(db, named.file_id) == [("post", other.id)]
        assert (await forums.get_post(db, scene.reader, other.id)).kind == "image"
