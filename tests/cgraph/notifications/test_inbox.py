"""A person's inbox."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from cgraph import messaging, notifications
from cgraph.accounts import Actor
from cgraph.messaging import MessageEdit
from cgraph.notifications import (
    InboxCount,
    InboxEntry,
    NotificationCreated,
    NotificationNotFound,
    NotificationsRead,
    NotificationsRemoved,
    NotificationsSeen,
    NotificationUpdated,
    ReadMark,
    Shown,
    inbox,
)
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id
from support.talk import make_actor, say
from support.telling import REST, Node

Happened = Callable[[type[Any]], list[Any]]


class Scene(NamedTuple):
    """Ann, in a group with Bob."""

    node: Node
    ann: Actor
    bob: Actor
    conversation_id: UUID

    @property
    def db(self) -> Any:
        return self.node.db

    async def mention(self, text: str = "hey") -> UUID:
        """Bob mentions Ann, who is told, and a little time goes by."""
        sent = await say(self.db, self.bob, self.conversation_id, f"{text} @{self.ann.username}")
        await self.node.later(REST)
        return sent.id

    async def inbox(self, **which: Any) -> list[Shown]:
        page = await notifications.list_notifications(self.db, self.node.sources, self.ann, **which)
        return list(page.items)

    async def count(self) -> tuple[int, int]:
        found = await notifications.count_notifications(self.db, self.ann)
        return found.unread, found.unseen


@pytest.fixture
async def scene(db: Transaction, ann: Actor, bob: Actor, monkeypatch: pytest.MonkeyPatch) -> Scene:
    node = Node(db)
    node.hold(monkeypatch)
    eve = await make_actor(db, "eve")
    new = messaging.NewGroup([bob.id, eve.id], "Lounge")
    group = await messaging.create_group(db, ann, new)
    return Scene(node, ann, bob, group.id)


class TestListNotifications:
    async def test_shows_what_it_takes(self, scene: Scene) -> None:
        id = await scene.mention()
        (entry,) = await scene.inbox()
        assert (entry.kind, entry.object_id, entry.title) == ("mention", id, "Lounge")
        assert entry.text == f"hey @{scene.ann.username}"
        assert [actor.id for actor in entry.actors] == [scene.bob.id]

    async def test_shows_texts_as_they_are_now(self, scene: Scene) -> None:
        id = await scene.mention()
        edit = MessageEdit(f"bye @{scene.ann.username}")
        await messaging.edit_message(scene.db, scene.bob, scene.conversation_id, id, edit)
        (entry,) = await scene.inbox()
        assert entry.text == edit.content

    async def test_leads_on_from_page_to_page(self, scene: Scene) -> None:
        ids = [await scene.mention() for _ in range(5)]
        found, after = [], None
        while True:
            page = await notifications.list_notifications(
                scene.db, scene.node.sources, scene.ann, limit=2, after=after
            )
            found += [entry.object_id for entry in page.items]
            if (after := page.after) is None:
                break
        assert found == ids[::-1]

    async def test_can_be_narrowed(self, scene: Scene) -> None:
        await scene.mention()
        (entry,) = await scene.inbox(kind="mention", unread=True)
        assert await scene.inbox(kind="dm") == []
        await notifications.mark_notifications_read(scene.db, scene.ann, ReadMark(entry.id))
        assert await scene.inbox(unread=True) == []
        assert len(await scene.inbox()) == 1

    async def test_refuses_other_cursors(self, scene: Scene) -> None:
        with pytest.raises(Invalid):
            await scene.inbox(after="WzFd")


class TestMarking:
    async def test_reads_one_or_up_to_one_or_all(self, scene: Scene, happened: Happened) -> None:
        for _ in range(4):
            await scene.mention()
        newest, _, third, _ = await scene.inbox()
        for mark, unread in (
            (ReadMark(id=newest.id), 3),
            (ReadMark(up_to=third.id), 1),
            (ReadMark(), 0),
        ):
            left = await notifications.mark_notifications_read(scene.db, scene.ann, mark)
            assert left == InboxCount(unread, unread)
        told = [len(event.payload.ids) for event in happened(NotificationsRead)]
        assert told == [1, 2, 1]
        again = await notifications.mark_notifications_read(scene.db, scene.ann, ReadMark())
        assert again.unread == 0
        assert len(happened(NotificationsRead)) == 3

    async def test_of_much_names_only_the_time(
        self, scene: Scene, happened: Happened, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(notifications.inbox, "NAMED", 1)
        for _ in range(2):
            await scene.mention()
        await notifications.mark_notifications_read(scene.db, scene.ann, ReadMark())
        (event,) = happened(NotificationsRead)
        assert (event.payload.ids, event.payload.unread) == (None, 0)
        assert event.payload.until is not None

    async def test_sees_without_reading(self, scene: Scene, happened: Happened) -> None:
        await scene.mention()
        assert await scene.count() == (1, 1)
        assert await notifications.mark_notifications_seen(scene.db, scene.ann) == InboxCount(1, 0)
        await notifications.mark_notifications_seen(scene.db, scene.ann)
        assert len(happened(NotificationsSeen)) == 1

    async def test_is_ones_own(self, scene: Scene) -> None:
        await scene.mention()
        (entry,) = await scene.inbox()
        for mark in (ReadMark(id=entry.id), ReadMark(up_to=entry.id)):
            with pytest.raises(NotificationNotFound):
                await notifications.mark_notifications_read(scene.db, scene.bob, mark)
        with pytest.raises(NotificationNotFound):
            await notifications.delete_notification(scene.db, scene.bob, entry.id)
        await notifications.mark_notifications_read(scene.db, scene.bob, ReadMark())
        assert await scene.count() == (1, 1)

    def test_means_one_thing(self) -> None:
        with pytest.raises(Invalid):
            ReadMark(id=new_id(), up_to=new_id())


class TestDevices:
    async def test_hear_of_everything(self, scene: Scene, happened: Happened) -> None:
        sent = await say(scene.db, scene.ann, scene.conversation_id, "mine")
        for n in range(2):
            await say(scene.db, scene.bob, scene.conversation_id, f"answer {n}", reply_to=sent.id)
            await scene.node.later(REST)
        (created,), (updated,) = happened(NotificationCreated), happened(NotificationUpdated)
        assert created.user_id == scene.ann.id
        assert isinstance(created.payload, InboxEntry)
        assert (created.payload.notification.kind, created.payload.unread) == ("reply", 1)
        assert (updated.payload.notification.event_count, updated.payload.unread) == (2, 1)
        assert b"answer" not in updated.body(), "the log holds nobody's words"
        (entry,) = await scene.inbox()
        await notifications.delete_notification(scene.db, scene.ann, entry.id)
        (removed,) = happened(NotificationsRemoved)
        assert (removed.payload.ids, removed.payload.unread) == ([entry.id], 0)
        missed = await messaging.read_own_since(scene.db, scene.ann, created.seq - 1)
        assert [event.type for event in missed.events] == [
            "notification_created",
            "notification_updated",
            "notifications_removed",
        ]


class TestMuted:
    async def test_counts_without_being_announced(self, scene: Scene) -> None:
        scope = notifications.conversation(scene.conversation_id)
        mute = notifications.PreferenceChange(muted=True)
        await notifications.change_preference(scene.db, scene.ann.id, scope, mute)
        await scene.mention()
        (entry,) = await scene.inbox()
        assert entry.muted
        assert await scene.count() == (1, 1)


class TestForgetOld:
    async def test_drops_what_was_read_long_ago(self, scene: Scene) -> None:
        for _ in range(2):
            await scene.mention()
        _, old = await scene.inbox()
        await notifications.mark_notifications_read(scene.db, scene.ann, ReadMark(id=old.id))
        await notifications.forget_old(scene.db, days=90, unread_days=365)
        assert len(await scene.inbox()) == 2
        scene.node.moved += timedelta(days=91)
        await notifications.forget_old(scene.db, days=90, unread_days=365)
        assert old.id not in {entry.id for entry in await scene.inbox()}
        assert await scene.count() == (1, 1)

    async def test_drops_what_nobody_ever_read(self, scene: Scene) -> None:
        await scene.mention()
        scene.node.moved += timedelta(days=364)
        await notifications.forget_old(scene.db, days=90, unread_days=365)
        assert await scene.count() == (1, 1)
        scene.node.moved += timedelta(days=2)
        await notifications.forget_old(scene.db, days=90, unread_days=365)
        assert (await scene.inbox(), await scene.count()) == ([], (0, 0))

    async def test_goes_on_until_all_of_it_is_gone(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(inbox, "AT_ONCE", 2)
        for _ in range(3):
            await scene.mention()
        scene.node.moved += timedelta(days=366)
        await notifications.forget_old(scene.db, days=90, unread_days=365)
        assert await scene.inbox() == []
