"""Reports of what is said in groups and forums: who decides them, and what can be done there."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from cgraph import forums, groups, messaging, moderation
from cgraph.accounts import Actor
from cgraph.groups import ChannelNotFound, MissingPermission, Outranked
from cgraph.groups.permissions import Permission
from cgraph.messaging import NewMessage
from cgraph.moderation import CannotUndo, CaseNotFound, NewDecision, NewReport, WholeCase
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid
from support import communities, plaza
from support.attached import with_file
from support.forum_scene import ForumScene, comment, make_forum_scene, miscounted
from support.moderating import decide, make_admin, only_case, report_message
from support.talk import make_actors


class GroupScene(msgspec.Struct, frozen=True):
    """A group with a moderator, and something somebody said in its channel that another reported."""

    group_id: UUID
    channel_id: UUID
    owner: Actor
    moderator: Actor
    ann: Actor
    bob: Actor
    message_id: UUID


async def make_group_scene(db: Repo, bits: int = int(Permission.MANAGE_MESSAGES)) -> GroupScene:
    owner, moderator, ann, bob = await make_actors(db, 4)
    group_id = await communities.found(db, owner)
    role = await communities.make_role(db, group_id, bits)
    await communities.enter(db, group_id, ann, bob)
    await communities.enter(db, group_id, moderator, role_ids=[role])
    channel_id = await communities.first_channel(db, group_id)
    said = await messaging.send_message(
        db, bob, channel_id, NewMessage("rude"), gate=groups.CHANNELS
    )
    return GroupScene(group_id, channel_id, owner, moderator, ann, bob, said.id)


class TestOfGroups:
    async def test_are_for_those_who_manage_messages_there(self, db: Transaction) -> None:
        scene = await make_group_scene(db)
        await report_message(db, scene.ann, scene.channel_id, scene.message_id)
        case = await only_case(db, scene.moderator, scene.message_id)
        assert (case.place_kind, case.place_id) == ("group", scene.group_id)
        await only_case(db, scene.owner, scene.message_id)
        await only_case(db, await make_admin(db), scene.message_id)
        assert (await moderation.list_cases(db, scene.ann)).items == []
        with pytest.raises(CaseNotFound):
            await moderation.get_case(db, scene.ann, case.id)

    async def test_are_not_for_who_cannot_see_the_channel(self, db: Transaction) -> None:
        scene = await make_group_scene(db)
        await report_message(db, scene.ann, scene.channel_id, scene.message_id)
        view = int(Permission.VIEW_CHANNEL)
        await communities.overwrite(db, scene.channel_id, scene.moderator.id, deny=view)
        assert (await moderation.list_cases(db, scene.moderator)).items == []

    async def test_are_made_by_who_can_see_the_channel(self, db: Transaction) -> None:
        scene = await make_group_scene(db)
        view = int(Permission.VIEW_CHANNEL)
        await communities.overwrite(db, scene.channel_id, scene.ann.id, deny=view)
        with pytest.raises((ChannelNotFound, messaging.ConversationNotFound)):
            await report_message(db, scene.ann, scene.channel_id, scene.message_id)

    async def test_take_the_message_away_and_log_it(self, db: Transaction) -> None:
        scene = await make_group_scene(db)
        await report_message(db, scene.ann, scene.channel_id, scene.message_id)
        case = await only_case(db, scene.moderator, scene.message_id)
        new = NewDecision(case.version, "approve", ["remove"], None, "be kind")
        decided = await decide(db, scene.moderator, case, new)
        message = await messaging.get_message(
            db, scene.ann, scene.channel_id, scene.message_id, gate=groups.CHANNELS
        )
        assert message.content == ""
        log = await groups.list_audit_entries(
            db, scene.owner, scene.group_id, groups.WhichEntries()
        )
        assert log.items[0].action == "reported_message_removed"
        assert log.items[0].reason == "be kind"
        with pytest.raises(CannotUndo):
            await moderation.undo_decision(db, scene.moderator, decided.decisions[0].id)

    async def test_ban_by_the_groups_own_rules(self, db: Transaction) -> None:
        scene = await make_group_scene(db)
        await report_message(db, scene.ann, scene.channel_id, scene.message_id)
        case = await only_case(db, scene.moderator, scene.message_id)
        with pytest.raises(MissingPermission):
            await decide(db, scene.moderator, case, NewDecision(case.version, "approve", ["ban"]))

    async def test_ban_nobody_above(self, db: Transaction) -> None:
        ban = Permission.BAN_MEMBERS | Permission.MANAGE_MESSAGES
        scene = await make_group_scene(db, int(ban))
        new = NewMessage("hm")
        said = await messaging.send_message(
            db, scene.owner, scene.channel_id, new, gate=groups.CHANNELS
        )
        await report_message(db, scene.ann, scene.channel_id, said.id)
        case = await only_case(db, scene.moderator, said.id)
        with pytest.raises(Outranked):
            await decide(db, scene.moderator, case, NewDecision(case.version, "approve", ["ban"]))

    async def test_ban_and_take_it_back(self, db: Transaction) -> None:
        ban = Permission.BAN_MEMBERS | Permission.MANAGE_MESSAGES
        scene = await make_group_scene(db, int(ban))
        await report_message(db, scene.ann, scene.channel_id, scene.message_id)
        case = await only_case(db, scene.moderator, scene.message_id)
        decided = await decide(
            db, scene.moderator, case, NewDecision(case.version, "approve", ["ban"])
        )
        page = await groups.list_bans(db, scene.owner, scene.group_id)
        assert [one.user.id for one in page.items] == [scene.bob.id]
        await moderation.undo_decision(db, scene.moderator, decided.decisions[0].id)
        assert (await groups.list_bans(db, scene.owner, scene.group_id)).items == []

    async def test_time_out_and_take_it_back(self, db: Transaction) -> None:
        bits = Permission.MODERATE_MEMBERS | Permission.MANAGE_MESSAGES
        scene = await make_group_scene(db, int(bits))
        await report_message(db, scene.ann, scene.channel_id, scene.message_id)
        case = await only_case(db, scene.moderator, scene.message_id)
        with pytest.raises(Invalid):
            await decide(
                db, scene.moderator, case, NewDecision(case.version, "approve", ["timeout"])
            )
        until = clock.now() + timedelta(hours=1)
        new = NewDecision(case.version, "approve", ["timeout"], until)
        decided = await decide(db, scene.moderator, case, new)
        member = await groups.get_member(db, scene.owner, scene.group_id, scene.bob.id)
        assert member.timed_out_until == until
        await moderation.undo_decision(db, scene.moderator, decided.decisions[0].id)
        member = await groups.get_member(db, scene.owner, scene.group_id, scene.bob.id)
        assert member.timed_out_until is None

    async def test_let_only_members_act_on_members(self, db: Transaction) -> None:
        scene, admin = await make_group_scene(db), await make_admin(db)
        await report_message(db, scene.ann, scene.channel_id, scene.message_id)
        case = await only_case(db, admin, scene.message_id)
        with pytest.raises(Invalid):
            await decide(db, admin, case, NewDecision(case.version, "approve", ["ban"]))
        await decide(db, admin, case, NewDecision(case.version, "approve", ["remove"]))


async def report(db: Repo, actor: Actor, kind: str, id: UUID) -> None:
    new = NewReport(kind, id, "spam")  # type: ignore[arg-type]
    await moderation.report_item(db, actor, new)


@pytest.fixture
async def scene(db: Transaction) -> ForumScene:
    return await make_forum_scene(db)


class TestOfForums:
    async def test_are_for_its_moderators(self, db: Transaction, scene: ForumScene) -> None:
        await report(db, scene.reader, "post", scene.post_id)
        case = await only_case(db, scene.junior, scene.post_id)
        assert case.snapshot is not None
        assert case.snapshot.item.title == "Swarms"
        assert (await moderation.list_cases(db, scene.reader)).items == []
        other = await make_forum_scene(db)
        with pytest.raises(CaseNotFound):
            await moderation.get_case(db, other.creator, case.id)

    async def test_keep_what_a_comment_answers(self, db: Transaction, scene: ForumScene) -> None:
        first = await comment(db, scene.reader, scene.post_id, content="first")
        second = await comment(db, scene.author, scene.post_id, first, content="second")
        await report(db, scene.reader, "comment", second)
        case = await only_case(db, scene.junior, second)
        assert case.container_id == scene.post_id
        assert case.snapshot is not None
        assert case.snapshot.item.content == "second"
        assert [one.id for one in case.snapshot.around] == [scene.post_id, first]

    async def test_keep_what_came_with_them(self, db: Transaction, scene: ForumScene) -> None:
        named = await with_file(db, scene.author, name="rude.png")
        new = forums.NewPost("Swarms again", attachments=[named])
        post = await forums.create_post(db, scene.author, scene.forum_id, new)
        await report(db, scene.reader, "post", post.id)
        case = await only_case(db, scene.junior, post.id)
        assert case.snapshot is not None
        assert [one.name for one in case.snapshot.item.attachments] == ["rude.png"]

    async def test_of_a_private_forum_are_made_by_its_readers(
        self, db: Transaction, scene: ForumScene
    ) -> None:
        await plaza.change(db, "forums", scene.forum_id, visibility="private")
        said = await comment(db, scene.author, scene.post_id)
        with pytest.raises(forums.PostNotFound):
            await report(db, scene.reader, "post", scene.post_id)
        with pytest.raises(forums.CommentNotFound):
            await report(db, scene.reader, "comment", said)

    @pytest.mark.parametrize("kind", ["post", "comment"])
    async def test_remove_and_put_back_exactly(
        self, db: Transaction, scene: ForumScene, kind: str
    ) -> None:
        said = await comment(db, scene.author, scene.post_id)
        id = scene.post_id if kind == "post" else said
        state = f"SELECT to_jsonb(t) - 'told_seqs' FROM {kind}s t WHERE id = $1"
        before = await db.value(state, id)
        await report(db, scene.reader, kind, id)
        case = await only_case(db, scene.junior, id)
        new = NewDecision(case.version, "approve", ["remove"], None, "spam")
        decided = await decide(db, scene.junior, case, new)
        assert (await db.value(state, id))["removed_at"] is not None
        log = await forums.list_log(db, None, scene.forum_id)
        assert (log.items[0].action, log.items[0].reason) == (f"{kind}_removed", "spam")
        reopened = await moderation.undo_decision(db, scene.senior, decided.decisions[0].id)
        assert reopened.state == "pending"
        assert await db.value(state, id) == before
        assert await miscounted(db, scene.forum_id) == []

    async def test_ban_and_take_it_back(self, db: Transaction, scene: ForumScene) -> None:
        decided = await self.banned(db, scene)
        page = await forums.list_forum_bans(db, scene.junior, scene.forum_id)
        assert [one.user.id for one in page.items] == [scene.author.id]
        await moderation.undo_decision(db, scene.junior, decided.decisions[0].id)
        assert (await forums.list_forum_bans(db, scene.junior, scene.forum_id)).items == []

    async def test_cannot_take_back_what_has_changed_since(
        self, db: Transaction, scene: ForumScene
    ) -> None:
        decided = await self.banned(db, scene)
        await forums.unban_user(db, scene.junior, scene.forum_id, scene.author.id)
        with pytest.raises(CannotUndo):
            await moderation.undo_decision(db, scene.junior, decided.decisions[0].id)

    async def test_are_done_once_it_is_gone(self, db: Transaction, scene: ForumScene) -> None:
        await report(db, scene.reader, "post", scene.post_id)
        case = await only_case(db, scene.junior, scene.post_id)
        await plaza.change(db, "posts", scene.post_id, deleted_at=clock.now())
        decided = await decide(
            db, scene.junior, case, NewDecision(case.version, "approve", ["remove"])
        )
        assert decided.state == "approved"

    async def banned(self, db: Repo, scene: ForumScene) -> WholeCase:
        await report(db, scene.reader, "post", scene.post_id)
        case = await only_case(db, scene.junior, scene.post_id)
        new = NewDecision(case.version, "approve", ["ban", "remove"], None, "spam")
        return await decide(db, scene.junior, case, new)


class TestModerators:
    async def test_weigh_more(self, db: Transaction, scene: ForumScene) -> None:
        await report(db, scene.senior, "post", scene.post_id)
        case = await only_case(db, scene.junior, scene.post_id)
        assert case.score == 6.0
        assert case.priority == "medium"


class TestHiding:
    """What three have reported badly enough is hidden until somebody decides."""

    LIMITS = moderation.Limits(report_hide_score=5)

    async def report(self, db: Repo, kind: str, id: UUID, count: int) -> None:
        for reporter in await make_actors(db, count):
            new = NewReport(kind, id, "self_harm")  # type: ignore[arg-type]
            await moderation.report_item(db, reporter, new, limits=self.LIMITS)

    async def removed(self, db: Repo, kind: str, id: UUID) -> bool:
        sql = f"SELECT removed_at IS NOT NULL FROM {kind}s WHERE id = $1"
        return bool(await db.value(sql, id))

    @pytest.mark.parametrize("kind", ["post", "comment"])
    async def test_is_done_once_several_want_it(
        self, db: Transaction, scene: ForumScene, kind: str
    ) -> None:
        said = await comment(db, scene.author, scene.post_id)
        id = scene.post_id if kind == "post" else said
        await self.report(db, kind, id, 2)
        assert not await self.removed(db, kind, id)
        await self.report(db, kind, id, 1)
        assert await self.removed(db, kind, id)
        assert await miscounted(db, scene.forum_id) == []
        case = await only_case(db, scene.junior, id)
        assert case.hidden
        log = await forums.list_log(db, None, scene.forum_id)
        assert [(one.action, one.actor) for one in log.items] == [(f"{kind}_removed", None)]

    @pytest.mark.parametrize(
        ("new", "removed"),
        [
            (NewDecision(1, "reject"), False),
            (NewDecision(1, "approve", ["warn"]), False),
            (NewDecision(1, "approve", ["remove"]), True),
        ],
    )
    async def test_ends_with_the_decision(
        self, db: Transaction, scene: ForumScene, new: NewDecision, removed: bool
    ) -> None:
        await self.report(db, "post", scene.post_id, 3)
        case = await only_case(db, scene.junior, scene.post_id)
        decided = await decide(db, scene.junior, case, new)
        assert await self.removed(db, "post", scene.post_id) == removed
        assert await miscounted(db, scene.forum_id) == []
        if removed:
            await moderation.undo_decision(db, scene.junior, decided.decisions[0].id)
            assert not await self.removed(db, "post", scene.post_id)

    async def test_ends_where_it_was_moved_to_since(
        self, db: Transaction, scene: ForumScene
    ) -> None:
        said = await comment(db, scene.author, scene.post_id)
        await self.report(db, "comment", said, 3)
        assert await self.removed(db, "comment", said)
        other = await plaza.found(db, scene.creator)
        await moderation.move_post(db, scene.creator, scene.post_id, other)
        case = await only_case(db, scene.creator, said)
        assert case.place_id == other
        decided = await decide(db, scene.creator, case, NewDecision(case.version, "reject"))
        assert decided.state == "rejected"
        assert not await self.removed(db, "comment", said)
        assert await miscounted(db, scene.forum_id, other) == []

    async def test_of_who_moderates_above_by_now_can_be_decided(
        self, db: Transaction, scene: ForumScene
    ) -> None:
        await self.report(db, "post", scene.post_id, 3)
        sql = "UPDATE forum_moderators SET user_id = $2 WHERE forum_id = $1 AND user_id = $3"
        await db.value(sql, scene.forum_id, scene.author.id, scene.senior.id)
        case = await only_case(db, scene.junior, scene.post_id)
        decided = await decide(db, scene.junior, case, NewDecision(1, "reject"))
        assert decided.state == "rejected"
        assert await self.removed(db, "post", scene.post_id)

    async def test_spares_what_moderators_wrote(self, db: Transaction, scene: ForumScene) -> None:
        hers = await plaza.post(db, scene.senior, scene.forum_id)
        await self.report(db, "post", hers, 4)
        assert not await self.removed(db, "post", hers)

    async def test_is_not_done_where_it_is_switched_off(
        self, db: Transaction, scene: ForumScene
    ) -> None:
        for reporter in await make_actors(db, 4):
            new = NewReport("post", scene.post_id, "self_harm")
            limits = moderation.Limits(report_hide_score=0)
            await moderation.report_item(db, reporter, new, limits=limits)
        assert not await self.removed(db, "post", scene.post_id)
