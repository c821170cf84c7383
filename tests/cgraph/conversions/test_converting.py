"""Threads that become posts, posts that become threads, and back."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from cgraph import application, conversions, files, forums, groups, messaging
from cgraph.accounts import Actor
from cgraph.conversions import (
    AudienceChanged,
    ConvertedAway,
    NothingToConvert,
    Target,
    TooLongToConvert,
)
from cgraph.files import NewAttachment
from cgraph.forums import CannotConvert, NewPoll, NewPost, NotModerator, SetVote
from cgraph.groups import CHANNELS, MissingPermission, NewThread
from cgraph.groups.permissions import Permission
from cgraph.messaging import NewMessage
from cgraph.messaging.sweeping import sweep
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from support import communities, plaza
from support.attached import exists, hangs_on, make_file
from support.forum_scene import comment, miscounted
from support.talk import make_actors


class Scene(msgspec.Struct, frozen=True):
    """Somebody who manages threads in a group and moderates a forum, and others in the group."""

    host: Actor
    ann: Actor
    bob: Actor
    outsider: Actor
    group_id: UUID
    channel_id: UUID
    forum_id: UUID


@pytest.fixture
async def scene(db: Transaction) -> Scene:
    host, ann, bob, outsider = await make_actors(db, 4)
    group_id = await communities.found(db, host)
    await communities.enter(db, group_id, ann, bob)
    channel_id = await communities.first_channel(db, group_id)
    forum_id = await plaza.found(db, host)
    return Scene(host, ann, bob, outsider, group_id, channel_id, forum_id)


async def say(
    db: Repo, actor: Actor, thread_id: UUID, text: str, reply_to: UUID | None = None
) -> UUID:
    new = NewMessage(text, reply_to)
    return (await messaging.send_message(db, actor, thread_id, new, gate=CHANNELS)).id


async def make_thread(db: Repo, scene: Scene) -> UUID:
    """With answers, reactions and a pin in it."""
    thread = await groups.create_thread(db, scene.ann, scene.channel_id, NewThread("Winter bees"))
    first = await say(db, scene.ann, thread.id, "What do they eat?")
    second = await say(db, scene.bob, thread.id, "Honey.", first)
    third = await say(db, scene.ann, thread.id, "All of it?", second)
    await say(db, scene.bob, thread.id, "Not quite.", third)
    await say(db, scene.ann, thread.id, "Anyway…")
    for actor, emoji in ((scene.ann, "🍯"), (scene.host, "🍯"), (scene.host, "👍")):
        await messaging.add_reaction(db, actor, thread.id, second, emoji, gate=CHANNELS)
    await messaging.pin_message(db, scene.host, thread.id, third, gate=CHANNELS)
    return thread.id


async def to_post(db: Repo, scene: Scene, thread_id: UUID) -> UUID:
    seen = await conversions.preview_post(db, scene.host, thread_id, scene.forum_id)
    made = await conversions.make_post_of_thread(
        db, scene.host, thread_id, scene.forum_id, seen.token
    )
    assert made.kind == "post"
    return made.id


async def to_thread(db: Repo, scene: Scene, post_id: UUID) -> UUID:
    seen = await conversions.preview_thread(db, scene.host, post_id, scene.channel_id)
    made = await conversions.make_thread_of_post(
        db, scene.host, post_id, scene.channel_id, seen.token
    )
    assert made.kind == "thread"
    return made.id


async def thread_facts(db: Repo, scene: Scene, thread_id: UUID) -> dict[str, Any]:
    """All that is said in a thread, as a member sees it."""
    thread = await groups.get_thread(db, scene.host, thread_id)
    page = await messaging.list_messages(db, scene.host, thread_id, limit=100, gate=CHANNELS)
    said = [msgspec.to_builtins(one) for one in page.items if one.kind == "text"]
    for one in said:
        for name in ("conversation_id", "seq"):
            del one[name]
        if one["reply_to"]:
            del one["reply_to"]["seq"]
    names = ("name", "owner_id", "follower_count", "inserted_at", "message_id", "locked")
    return {"said": said, **{name: getattr(thread, name) for name in names}}


async def post_facts(db: Repo, scene: Scene) -> dict[str, Any]:
    """Posts, comments, votes and karma of the forum, but for what the post is called by."""
    found: dict[str, Any] = await db.value(_POST_FACTS, scene.forum_id)
    return found


_POST_FACTS = """
SELECT jsonb_build_object(
    'forum', (SELECT jsonb_build_array(post_count, comment_count) FROM forums WHERE id = $1),
    'posts', (SELECT jsonb_agg((to_jsonb(p) || to_jsonb(r)) - '{id,active_at}'::text[] ORDER BY title)
        FROM posts p JOIN post_ranks r USING (id) WHERE p.forum_id = $1),
    'comments', (SELECT jsonb_agg(to_jsonb(c) - '{post_id,told_seqs}'::text[] ORDER BY c.id) FROM comments c WHERE forum_id = $1),
    'votes', (SELECT jsonb_agg(jsonb_build_array(user_id, counted, item_kind) ORDER BY item_kind, user_id, counted)
        FROM votes WHERE forum_id = $1 AND counted <> 0),
    'karma', (SELECT jsonb_agg(to_jsonb(k) ORDER BY user_id) FROM karma k WHERE forum_id = $1 AND (posts, comments) <> (0, 0)))
"""


class TestMakePostOfThread:
    async def test_keeps_authors_times_order_and_answers(
        self, db: Transaction, scene: Scene
    ) -> None:
        thread_id = await make_thread(db, scene)
        said = (await thread_facts(db, scene, thread_id))["said"]
        post_id = await to_post(db, scene, thread_id)
        post = await forums.get_post(db, None, post_id)
        assert (post.title, post.content) == ("Winter bees", "What do they eat?")
        assert post.author is not None
        assert post.author.id == scene.ann.id
        rows = await db.values(
            "SELECT to_jsonb(c) FROM comments c WHERE post_id = $1 ORDER BY inserted_at, id",
            post_id,
        )
        assert [row["id"] for row in rows] == [one["id"] for one in said[1:]]
        assert [row["content"] for row in rows] == [one["content"] for one in said[1:]]
        assert [row["author_id"] for row in rows] == [one["sender_id"] for one in said[1:]]
        # What answers the post's own text is at the top.
        answers = [None, said[1]["id"], said[2]["id"], None]
        assert [row["parent_id"] for row in rows] == answers
        assert await miscounted(db, scene.forum_id) == []
        with pytest.raises(groups.ThreadNotFound):
            await groups.get_thread(db, scene.host, thread_id)

    async def test_and_back_is_the_same(self, db: Transaction, scene: Scene) -> None:
        thread_id = await make_thread(db, scene)
        before = await thread_facts(db, scene, thread_id)
        post_id = await to_post(db, scene, thread_id)
        back = await to_thread(db, scene, post_id)
        assert await thread_facts(db, scene, back) == before
        assert await miscounted(db, scene.forum_id) == []

    async def test_takes_along_what_was_added_meanwhile(
        self, db: Transaction, scene: Scene
    ) -> None:
        thread_id = await make_thread(db, scene)
        post_id = await to_post(db, scene, thread_id)
        later = clock.now() + timedelta(minutes=1)
        await comment(db, scene.bob, post_id, content="One more", at=later)
        back = await to_thread(db, scene, post_id)
        said = (await thread_facts(db, scene, back))["said"]
        assert [one["content"] for one in said][-2:] == ["Anyway…", "One more"]

    async def test_leads_old_addresses_on(self, db: Transaction, scene: Scene) -> None:
        thread_id = await make_thread(db, scene)
        post_id = await to_post(db, scene, thread_id)
        with pytest.raises(ConvertedAway) as away:
            await conversions.lead_on(db, scene.bob, thread_id)
        assert (away.value.kind, away.value.id) == ("post", post_id)
        back = await to_thread(db, scene, post_id)
        for old in (thread_id, post_id):
            with pytest.raises(ConvertedAway) as away:
                await conversions.lead_on(db, scene.bob, old)
            assert (away.value.kind, away.value.id) == ("thread", back)
            # To who may not look there, nothing has become of it.
            await conversions.lead_on(db, scene.outsider, old)
            await conversions.lead_on(db, None, old)

    async def test_is_for_those_with_rights_on_both_sides(
        self, db: Transaction, scene: Scene
    ) -> None:
        thread_id = await make_thread(db, scene)
        others = await plaza.found(db, scene.ann)
        with pytest.raises(MissingPermission):
            await conversions.preview_post(db, scene.ann, thread_id, others)
        with pytest.raises(NotModerator):
            await conversions.preview_post(db, scene.host, thread_id, others)
        with pytest.raises(groups.ThreadNotFound):
            await conversions.preview_post(db, scene.outsider, thread_id, others)

    async def test_refuses_nothing_and_too_much(self, db: Transaction, scene: Scene) -> None:
        empty = await groups.create_thread(db, scene.ann, scene.channel_id, NewThread("Empty"))
        with pytest.raises(NothingToConvert):
            await to_post(db, scene, empty.id)
        thread_id = await make_thread(db, scene)
        seen = await conversions.preview_post(db, scene.host, thread_id, scene.forum_id)
        with pytest.raises(TooLongToConvert):
            await conversions.make_post_of_thread(
                db,
                scene.host,
                thread_id,
                scene.forum_id,
                seen.token,
                limits=conversions.Limits(conversion_max=3),
            )


class TestMakeThreadOfPost:
    async def make_post(self, db: Repo, scene: Scene) -> UUID:
        """A link with votes, a tree with a stub, and something a moderator removed."""
        new = NewPost("Of bees and wasps", "Read this", "https://example.com/bees")
        post = await forums.create_post(db, scene.ann, scene.forum_id, new)
        first = await comment(db, scene.bob, post.id, content="first")
        second = await comment(db, scene.ann, post.id, first, content="second")
        third = await comment(db, scene.bob, post.id, second, content="third")
        rude = await comment(db, scene.bob, post.id, first, content="rude")
        await forums.delete_comment(db, scene.ann, second)
        await forums.remove_comment(db, scene.host, rude)
        await forums.vote_for_post(db, scene.bob, post.id, SetVote(1))
        await forums.vote_for_comment(db, scene.ann, third, SetVote(-1))
        return post.id

    async def test_keeps_authors_times_and_order(self, db: Transaction, scene: Scene) -> None:
        post_id = await self.make_post(db, scene)
        thread_id = await to_thread(db, scene, post_id)
        facts = await thread_facts(db, scene, thread_id)
        assert facts["name"] == "Of bees and wasps"
        said = [(one["content"], one["sender_id"]) for one in facts["said"]]
        assert said == [
            ("https://example.com/bees\n\nRead this", str(scene.ann.id)),
            ("first", str(scene.bob.id)),
            ("third", str(scene.bob.id)),
        ]
        assert await miscounted(db, scene.forum_id) == []
        with pytest.raises(forums.PostNotFound):
            await forums.get_post(db, scene.host, post_id)

    async def test_and_back_is_the_same(self, db: Transaction, scene: Scene) -> None:
        post_id = await self.make_post(db, scene)
        before = await post_facts(db, scene)
        thread_id = await to_thread(db, scene, post_id)
        await to_post(db, scene, thread_id)
        after = await post_facts(db, scene)
        for one in (*before["comments"], *after["comments"]):
            one.pop("removal_id")  # the removal is older than the post it is on now
            for name in ("host", "answered", "lifted"):  # asked anew
                del one[name]
        for one in (*before["posts"], *after["posts"]):
            for name in ("last_comment_at", "commented_at"):  # of what is shown
                one.pop(name, None)
        assert after == before
        assert await miscounted(db, scene.forum_id) == []

    async def test_leaves_no_title_where_it_was(self, db: Transaction, scene: Scene) -> None:
        made = await forums.create_post(db, scene.ann, scene.forum_id, NewPost("For members", "…"))
        thread_id = await to_thread(db, scene, made.id)
        post_id = await to_post(db, scene, thread_id)
        await to_thread(db, scene, post_id)
        log = (await forums.list_log(db, None, scene.forum_id)).items
        assert [one.action for one in log] == [
            "post_converted",
            "post_created_of_thread",
            "post_converted",
        ]
        assert b"For members" not in msgspec.json.encode(log)

    async def test_takes_what_was_edited_meanwhile(self, db: Transaction, scene: Scene) -> None:
        post_id = await self.make_post(db, scene)
        thread_id = await to_thread(db, scene, post_id)
        (opening, *_) = (await thread_facts(db, scene, thread_id))["said"]
        edit = messaging.MessageEdit("Never mind")
        await messaging.edit_message(
            db, scene.ann, thread_id, UUID(opening["id"]), edit, gate=CHANNELS
        )
        back = await forums.get_post(db, None, await to_post(db, scene, thread_id))
        assert (back.content, back.url) == ("Never mind", None)

    async def test_refuses_polls(self, db: Transaction, scene: Scene) -> None:
        new = NewPost("Which?", poll=NewPoll(["a", "b"]))
        post = await forums.create_post(db, scene.ann, scene.forum_id, new)
        with pytest.raises(CannotConvert):
            await conversions.preview_thread(db, scene.host, post.id, scene.channel_id)


class TestPreview:
    async def test_of_a_public_forum_gains_everybody(self, db: Transaction, scene: Scene) -> None:
        thread_id = await make_thread(db, scene)
        seen = await conversions.preview_post(db, scene.host, thread_id, scene.forum_id)
        assert seen.gains.everyone
        assert (seen.loses.everyone, seen.loses.count) == (False, 0)

    async def test_of_a_private_forum_names_who_comes_and_goes(
        self, db: Transaction, scene: Scene
    ) -> None:
        await plaza.change(db, "forums", scene.forum_id, visibility="private")
        sql = "INSERT INTO forum_subscriptions (forum_id, user_id) VALUES ($1, $2)"
        for person in (scene.ann, scene.outsider):
            await db.value(sql, scene.forum_id, person.id)
        thread_id = await make_thread(db, scene)
        seen = await conversions.preview_post(db, scene.host, thread_id, scene.forum_id)
        assert [one.id for one in seen.gains.people] == [scene.outsider.id]
        assert [one.id for one in seen.loses.people] == [scene.bob.id]
        assert (seen.gains.count, seen.loses.count) == (1, 1)
        assert not seen.gains.everyone

    async def test_sees_by_the_channels_rights(self, db: Transaction, scene: Scene) -> None:
        view = int(Permission.VIEW_CHANNEL)
        await communities.overwrite(db, scene.channel_id, scene.bob.id, deny=view)
        post_id = await plaza.post(db, scene.ann, scene.forum_id)
        seen = await conversions.preview_thread(db, scene.host, post_id, scene.channel_id)
        assert seen.loses.everyone
        assert seen.gains.count == 0

    async def test_holds_only_while_it_is_true(self, db: Transaction, scene: Scene) -> None:
        await plaza.change(db, "forums", scene.forum_id, visibility="private")
        thread_id = await make_thread(db, scene)
        seen = await conversions.preview_post(db, scene.host, thread_id, scene.forum_id)
        await communities.enter(db, scene.group_id, scene.outsider)
        with pytest.raises(AudienceChanged):
            await conversions.make_post_of_thread(
                db, scene.host, thread_id, scene.forum_id, seen.token
            )
        seen = await conversions.preview_post(db, scene.host, thread_id, scene.forum_id)
        made = await conversions.make_post_of_thread(
            db, scene.host, thread_id, scene.forum_id, seen.token
        )
        assert made == Target("post", made.id)


class TestFiles:
    async def test_come_along_and_back(self, db: Transaction, scene: Scene) -> None:
        thread_id = await make_thread(db, scene)
        one, two = await make_file(db, scene.ann), await make_file(db, scene.bob)
        opening = (await messaging.list_messages(db, scene.ann, thread_id, gate=CHANNELS)).items[0]
        edit = messaging.MessageEdit(attachments=[NewAttachment(one, alt_text="Bees")])
        await messaging.edit_message(db, scene.ann, thread_id, opening.id, edit, gate=CHANNELS)
        new = NewMessage("Look", attachments=[NewAttachment(two)])
        sent = await messaging.send_message(db, scene.bob, thread_id, new, gate=CHANNELS)
        post_id = await to_post(db, scene, thread_id)
        await sweep(db, [thread_id])
        post = await forums.get_post(db, scene.outsider, post_id)
        assert (post.kind, post.attachments[0].alt_text) == ("image", "Bees")
        comment = await forums.get_comment(db, scene.outsider, sent.id)
        assert [a.id for a in comment.attachments] == [two]
        assert await hangs_on(db, one) == [("post", post_id)]
        assert await hangs_on(db, two) == [("comment", sent.id)]
        seen = await conversions.preview_thread(db, scene.host, post_id, scene.channel_id)
        made = await conversions.make_thread_of_post(
            db, scene.host, post_id, scene.channel_id, seen.token
        )
        said = (await messaging.list_messages(db, scene.ann, made.id, gate=CHANNELS)).items
        assert [(m.id, [a.id for a in m.attachments]) for m in said if m.attachments] == [
            (opening.id, [one]),
            (sent.id, [two]),
        ]
        assert await hangs_on(db, one) == [("message", opening.id)]
        assert await hangs_on(db, two) == [("message", sent.id)]

    async def make_removed(self, db: Transaction, scene: Scene) -> tuple[UUID, UUID, UUID]:
        """A post, a comment on it that a moderator has removed, and its file."""
        post_id = await to_post(db, scene, await make_thread(db, scene))
        file_id = await make_file(db, scene.bob)
        new = forums.NewComment("Spam", attachments=[NewAttachment(file_id)])
        made = await forums.create_comment(db, scene.bob, post_id, new)
        await forums.remove_comment(db, scene.host, made.id)
        return post_id, made.id, file_id

    async def test_of_what_was_removed_come_back(self, db: Transaction, scene: Scene) -> None:
        post_id, comment_id, file_id = await self.make_removed(db, scene)
        for _ in range(2):
            thread_id = await to_thread(db, scene, post_id)
            assert await exists(db, file_id)
            with pytest.raises(files.FileNotFound):
                await files.get_content(db, application.READERS, scene.host, file_id)
            post_id = await to_post(db, scene, thread_id)
            await sweep(db, [thread_id])
        removed = await forums.get_comment(db, scene.host, comment_id)
        assert (removed.content, [one.id for one in removed.attachments]) == ("Spam", [file_id])
        with pytest.raises(files.FileNotFound):
            await files.get_content(db, application.READERS, scene.ann, file_id)
        await forums.restore_comment(db, scene.host, comment_id)
        shown = await forums.get_comment(db, scene.outsider, comment_id)
        assert [one.id for one in shown.attachments] == [file_id]
        content = await files.get_content(db, application.READERS, scene.outsider, file_id)
        assert content.id == file_id

    async def test_of_what_was_removed_go_with_the_thread(
        self, db: Transaction, scene: Scene
    ) -> None:
        post_id, _, file_id = await self.make_removed(db, scene)
        thread_id = await to_thread(db, scene, post_id)
        await groups.delete_thread(db, scene.host, thread_id)
        await sweep(db, [thread_id])
        assert not await exists(db, file_id)
