"""Push and mail, decided later with what is known then; and what becomes of what was decided."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import pytest

from cgraph import accounts, messaging, notifications
from cgraph.accounts import Actor
from cgraph.messaging import ReadMarker
from cgraph.notifications import (
    GlobalPreferenceChange,
    NewQuietHours,
    PreferenceChange,
    WhichTraces,
    Window,
)
from cgraph_kit.db import Transaction
from cgraph_kit.push import Gone, Rejected, Retry
from support.phones import give_device
from support.talk import block, make_actor, open_between, say
from support.telling import GRACE, REST, Node, address

NOON = datetime(2030, 1, 2, 12, tzinfo=UTC)
"""A Wednesday."""
BATCH = 120.0


class Scene(NamedTuple):
    """Ann speaks in a group with Bob, who is away and can be reached in every way."""

    node: Node
    ann: Actor
    bob: Actor
    conversation_id: UUID

    @property
    def db(self) -> Transaction:
        return self.node.db  # type: ignore[no-any-return]

    async def mention(self) -> UUID:
        sent = await say(self.db, self.ann, self.conversation_id, f"hey @{self.bob.username}")
        await self.node.work()
        return sent.id

    async def rule(self, event_id: UUID) -> tuple[str, str]:
        """Bob's outcome."""
        which = WhichTraces(event_id=event_id)
        (one,) = (await notifications.list_traces(self.db, self.bob.id, which)).items
        return one.state, one.rule


@pytest.fixture
async def scene(db: Transaction, ann: Actor, bob: Actor, monkeypatch: pytest.MonkeyPatch) -> Scene:
    node = Node(db)
    node.hold(monkeypatch)
    eve = await make_actor(db, "eve")
    await give_device(db, bob.id)
    await address(db, bob.id)
    return Scene(node, ann, bob, await open_between(db, ann, bob, eve))


async def reads(scene: Scene) -> None:
    await messaging.mark_read(scene.db, scene.bob, scene.conversation_id, ReadMarker())


async def entry_id(scene: Scene) -> UUID:
    (entry,) = await scene.node.inbox(scene.bob.id)
    return UUID(entry["id"])


async def reads_the_entry(scene: Scene) -> None:
    mark = notifications.ReadMark(id=await entry_id(scene))
    await notifications.mark_notifications_read(scene.db, scene.bob, mark)


async def removes_the_entry(scene: Scene) -> None:
    await notifications.delete_notification(scene.db, scene.bob, await entry_id(scene))


async def comes_online(scene: Scene) -> None:
    await accounts.come_online(scene.db, "node", [scene.bob.id])


async def leaves(scene: Scene) -> None:
    await messaging.leave_conversation(scene.db, scene.bob, scene.conversation_id)


async def blocks(scene: Scene) -> None:
    await block(scene.db, scene.bob, scene.ann)


async def mutes(scene: Scene) -> None:
    scope = notifications.conversation(scene.conversation_id)
    change = PreferenceChange(muted=True)
    await notifications.change_preference(scene.db, scene.bob.id, scope, change)


async def wants_none(scene: Scene) -> None:
    change = GlobalPreferenceChange(level="none")
    await notifications.change_global_preference(scene.db, scene.bob, change)


async def is_deactivated(scene: Scene) -> None:
    sql = "UPDATE users SET state = 'deactivated', deactivated_at = now() WHERE id = $1"
    await scene.db.value(sql, scene.bob.id)


async def is_spared(scene: Scene) -> None:
    page = await messaging.list_messages(scene.db, scene.ann, scene.conversation_id)
    await messaging.delete_message(scene.db, scene.ann, scene.conversation_id, page.items[-1].id)


MEANWHILE: list[tuple[Callable[[Scene], Awaitable[None]], str]] = [
    (reads, "already_read"),
    (reads_the_entry, "already_read"),
    (removes_the_entry, "already_read"),
    (comes_online, "active"),
    (leaves, "no_access"),
    (blocks, "blocked"),
    (mutes, "muted"),
    (wants_none, "level"),
    (is_deactivated, "account_inactive"),
    (is_spared, "gone"),
]
"""What happens, and the rule that follows from it."""


class TestDecide:
    async def test_tells_who_is_away(self, scene: Scene) -> None:
        id = await scene.mention()
        assert await scene.rule(id) == ("pending", "default")
        await scene.node.later()
        assert await scene.rule(id) == ("sent", "default")
        await scene.node.later(BATCH)
        assert (len(scene.node.pushes), len(scene.node.mails)) == (1, 1)

    async def test_waits_its_time(self, scene: Scene) -> None:
        id = await scene.mention()
        await scene.node.later(GRACE / 2)
        assert await scene.rule(id) == ("pending", "default")

    async def test_gives_everything_most_of_its_time(self, scene: Scene) -> None:
        first = await scene.mention()
        await scene.node.later(GRACE - 1)
        second = await scene.mention()
        await scene.node.later(REST)
        assert await scene.rule(first) == ("sent", "default")
        assert await scene.rule(second) == ("pending", "default")
        await scene.node.later(GRACE)
        assert await scene.rule(second) == ("sent", "default")

    @pytest.mark.parametrize(("meanwhile", "rule"), MEANWHILE)
    async def test_knows_what_has_happened_since(
        self, scene: Scene, meanwhile: Callable[[Scene], Awaitable[None]], rule: str
    ) -> None:
        id = await scene.mention()
        await meanwhile(scene)
        await scene.node.later()
        await scene.node.later(BATCH)
        assert await scene.rule(id) == ("suppressed", rule)
        assert not scene.node.alerts
        assert not scene.node.mails

    async def test_takes_who_says_they_are_away_for_away(self, scene: Scene) -> None:
        await accounts.come_online(scene.db, "node", [scene.bob.id])
        await accounts.update_account(scene.db, scene.bob, accounts.UpdateAccount(status="idle"))
        id = await scene.mention()
        await scene.node.later()
        assert await scene.rule(id) == ("sent", "default")

    async def test_of_do_not_disturb_sends_mail(self, scene: Scene) -> None:
        await accounts.update_account(scene.db, scene.bob, accounts.UpdateAccount(status="dnd"))
        id = await scene.mention()
        await scene.node.later()
        await scene.node.later(BATCH)
        assert (len(scene.node.pushes), len(scene.node.mails)) == (0, 1)
        assert await scene.rule(id) == ("sent", "default")

    async def test_does_nothing_twice(self, scene: Scene) -> None:
        await scene.mention()
        await scene.node.later()
        for worker in (
            notifications.decide_notifications,
            notifications.tell_held,
            notifications.retract_pushes,
        ):
            await worker.enqueue(scene.db, user_id=scene.bob.id)
        await messaging.notify_participants.enqueue(scene.db, conversation_id=scene.conversation_id)
        await scene.node.later(BATCH)
        await scene.node.later(BATCH)
        assert (len(scene.node.pushes), len(scene.node.mails)) == (1, 1)
        (entry,) = await scene.node.inbox(scene.bob.id)
        assert entry["event_count"] == 1


class TestQuietHours:
    @pytest.fixture
    async def scene(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
        """It is noon, and quiet until one."""
        scene.node.hold(monkeypatch, NOON)
        hours = NewQuietHours("UTC", [Window(3, "11:00", "13:00")])
        await notifications.set_quiet_hours(scene.db, scene.bob, hours)
        return scene

    async def test_end_in_one_digest_and_one_mail(self, scene: Scene) -> None:
        ids = []
        for _ in range(3):
            ids.append(await scene.mention())
            await scene.node.later(REST)
        await scene.node.later(60)
        assert {await scene.rule(id) for id in ids} == {("held", "quiet_hours")}
        assert not scene.node.pushes + scene.node.mails
        await scene.node.later(3600)
        (digest,) = scene.node.alerts
        assert (digest.kind, digest.title, digest.badge) == ("digest", "3 new notifications", 3)
        (mail,) = scene.node.mails
        assert mail.subject == "3 new notifications"
        assert {await scene.rule(id) for id in ids} == {("sent", "default")}

    async def test_leave_out_what_was_read(self, scene: Scene) -> None:
        id = await scene.mention()
        await scene.node.later(60)
        await messaging.mark_read(scene.db, scene.bob, scene.conversation_id, ReadMarker())
        await scene.node.later(3600)
        assert not scene.node.alerts + scene.node.mails
        assert await scene.rule(id) == ("suppressed", "already_read")

    async def test_tell_a_single_thing_as_itself(self, scene: Scene) -> None:
        id = await scene.mention()
        await scene.node.later(60)
        await scene.node.later(3600)
        (push,) = scene.node.alerts
        assert (push.id, push.kind) == (str(id), "mention")

    async def test_end_when_they_are_switched_off(self, scene: Scene) -> None:
        await scene.mention()
        await scene.node.later(60)
        hours = NewQuietHours("UTC", [], enabled=False)
        await notifications.set_quiet_hours(scene.db, scene.bob, hours)
        await scene.node.later(5)
        assert (len(scene.node.alerts), len(scene.node.mails)) == (1, 1)

    async def test_go_on_where_they_were_made_longer(self, scene: Scene) -> None:
        await scene.mention()
        await scene.node.later(60)
        hours = NewQuietHours("UTC", [Window(3, "11:00", "15:00")])
        await notifications.set_quiet_hours(scene.db, scene.bob, hours)
        await scene.node.later(3600)
        assert not scene.node.alerts + scene.node.mails
        await scene.node.later(7200)
        assert (len(scene.node.alerts), len(scene.node.mails)) == (1, 1)


class TestMail:
    async def test_is_one_for_all_that_comes_in_its_time(self, scene: Scene) -> None:
        for _ in range(3):
            await scene.mention()
            await scene.node.later(GRACE)
        await scene.node.later(GRACE)
        await scene.node.later(BATCH)
        (mail,) = scene.node.mails
        assert mail.subject == "3 new notifications"
        await scene.node.later(BATCH)
        assert len(scene.node.mails) == 1

    async def test_leaves_out_what_is_read_before_it_goes(self, scene: Scene) -> None:
        id = await scene.mention()
        await scene.node.later()
        await messaging.mark_read(scene.db, scene.bob, scene.conversation_id, ReadMarker())
        await scene.node.later(BATCH)
        assert not scene.node.mails
        assert await scene.rule(id) == ("sent", "default"), "by push"
        which = WhichTraces(event_id=id)
        (one,) = (await notifications.list_traces(scene.db, scene.bob.id, which)).items
        assert one.ways["email"].rule == "already_read"

    async def test_shows_no_text_to_who_wants_nothing_said(self, scene: Scene) -> None:
        change = GlobalPreferenceChange(push_privacy="nothing")
        await notifications.change_global_preference(scene.db, scene.bob, change)
        await scene.mention()
        await scene.node.later()
        await scene.node.later(BATCH)
        (mail,) = scene.node.mails
        assert "hey" not in mail.text


class TestPush:
    async def test_is_taken_away_when_it_was_read_elsewhere(self, scene: Scene) -> None:
        await scene.mention()
        await scene.node.later()
        await messaging.mark_read(scene.db, scene.bob, scene.conversation_id, ReadMarker())
        await scene.node.later(5)
        alert, retraction = scene.node.pushes
        assert retraction.silent
        assert list(retraction.retract) == [alert.collapse]
        assert (alert.badge, retraction.badge) == (1, 0)
        await messaging.mark_read(scene.db, scene.bob, scene.conversation_id, ReadMarker())
        await scene.node.later(5)
        assert len(scene.node.pushes) == 2

    async def test_is_tried_again_until_it_is_taken(self, scene: Scene) -> None:
        scene.node.pushers.answers = [Retry("busy", 30.0), Retry("busy", 30.0)]
        id = await scene.mention()
        for _ in range(3):
            await scene.node.later(60)
        (push,) = scene.node.alerts
        assert push.id == str(id)
        assert await deliveries(scene, id) == [("sent", 3, None)]

    async def test_is_dropped_where_it_was_read_before_the_next_try(self, scene: Scene) -> None:
        scene.node.pushers.answers = [Retry("busy", 30.0)]
        id = await scene.mention()
        await scene.node.later()
        await messaging.mark_read(scene.db, scene.bob, scene.conversation_id, ReadMarker())
        await scene.node.later(60)
        assert not scene.node.alerts
        assert await deliveries(scene, id) == [("dropped", 2, "already_read")]

    @pytest.mark.parametrize(
        ("answer", "state"), [(Gone("410"), "gone"), (Rejected("too odd"), "failed")]
    )
    async def test_is_given_up_where_nobody_takes_it(
        self, scene: Scene, answer: Gone | Rejected, state: str
    ) -> None:
        scene.node.pushers.answers = [answer]
        id = await scene.mention()
        await scene.node.later()
        await scene.node.later(3600)
        assert not scene.node.alerts
        assert await deliveries(scene, id) == [(state, 1, answer.reason)]

    async def test_reaches_every_device_once(self, scene: Scene) -> None:
        await give_device(scene.db, scene.bob.id)
        id = await scene.mention()
        await scene.node.later()
        assert len(scene.node.alerts) == 2
        assert len(await deliveries(scene, id)) == 2


async def deliveries(scene: Scene, event_id: UUID) -> list[tuple[str, int, str | None]]:
    which = WhichTraces(event_id=event_id)
    (one,) = (await notifications.list_traces(scene.db, scene.bob.id, which)).items
    return [(each.state, each.attempts, each.error) for each in one.deliveries]
