from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from cgraph.mail import (
    GLOBAL,
    Collected,
    Place,
    Post,
    Unsubscription,
    enqueue_notifications,
    mail_notifications,
)
from cgraph_kit.db import Transaction
from cgraph_kit.ids import new_id
from cgraph_kit.jobs.testing import assert_enqueued, drain, list_enqueued
from cgraph_kit.mailer import Mail, MailError
from support.post import Postbox, post_of


@dataclass
class Node:
    """A node whose people have something to be told."""

    db: Transaction
    postbox: Postbox = field(default_factory=Postbox)
    waiting: dict[UUID, list[Place]] = field(default_factory=dict)
    put_back: list[UUID] = field(default_factory=list)

    @property
    def post(self) -> Post:
        return post_of(self.postbox, collect=self.collect)

    async def collect(self, app: Any, user_id: UUID) -> Collected | None:
        places = self.waiting.get(user_id)
        if not places:
            return None

        async def mailed() -> None:
            del self.waiting[user_id]

        async def failed() -> None:
            self.put_back.append(user_id)

        return Collected("ann@example.org", places, f"{places[0].id}", mailed, failed)

    async def work(self, *, scheduled: bool = True) -> list[Mail]:
        await drain(self.db, self, [mail_notifications], scheduled=scheduled)
        return self.postbox.mails


@pytest.fixture
async def node(db: Transaction) -> Node:
    await db.value("DELETE FROM jobs")  # what other tests have committed
    return Node(db)


class TestEnqueueNotifications:
    async def test_waits_for_more(self, node: Node, place: Callable[..., Place]) -> None:
        ann = new_id()
        node.waiting[ann] = [place(1)]
        await enqueue_notifications(node.db, ann, minutes=2)
        assert await node.work(scheduled=False) == []
        job = await assert_enqueued(node.db, mail_notifications, user_id=ann)
        await enqueue_notifications(node.db, ann, minutes=5)
        again = await assert_enqueued(node.db, mail_notifications, user_id=ann)
        assert again == job, "the first thing sets the time"
        node.waiting[ann] = [place(2)]
        (mail,) = await node.work()
        assert mail.subject == "2 new notifications in Lounge"

    async def test_everybody_has_a_mail_of_their_own(
        self, node: Node, place: Callable[..., Place]
    ) -> None:
        for user_id in (new_id(), new_id()):
            node.waiting[user_id] = [place(1)]
            await enqueue_notifications(node.db, user_id, minutes=2)
        assert len(await node.work()) == 2


class TestMailNotifications:
    async def test_tells_nothing_that_was_read_meanwhile(self, node: Node) -> None:
        await enqueue_notifications(node.db, new_id(), minutes=2)
        assert await node.work() == []

    async def test_nor_where_nothing_is_left_of_what_there_was(
        self, node: Node, place: Callable[..., Place]
    ) -> None:
        ann = new_id()
        node.waiting[ann] = [place(0)]
        await enqueue_notifications(node.db, ann, minutes=2)
        assert await node.work() == []

    async def test_tells_it_once(self, node: Node, place: Callable[..., Place]) -> None:
        ann = new_id()
        node.waiting[ann] = [place(1)]
        for _ in range(2):
            await enqueue_notifications(node.db, ann, minutes=2)
            await node.work()
        assert len(node.postbox.mails) == 1

    async def test_can_be_ended_with_one_click(
        self, node: Node, place: Callable[..., Place]
    ) -> None:
        ann, where = new_id(), place(1)
        node.waiting[ann] = [where]
        await enqueue_notifications(node.db, ann, minutes=2)
        (mail,) = await node.work()
        assert mail.unsubscribe is not None
        site, _, token = mail.unsubscribe.rpartition("/unsubscribe/")
        assert site == "https://chat.example.org"
        ended = node.post.unsubscriptions.read(token)
        assert ended == Unsubscription(ann, "conversation", where.id)

    async def test_of_several_places_all_of_it(
        self, node: Node, place: Callable[..., Place]
    ) -> None:
        ann = new_id()
        node.waiting[ann] = [place(1), place(1)]
        await enqueue_notifications(node.db, ann, minutes=2)
        (mail,) = await node.work()
        assert mail.unsubscribe is not None
        ended = node.post.unsubscriptions.read(mail.unsubscribe.rpartition("/")[2])
        assert ended == Unsubscription(ann, GLOBAL, ann)

    async def test_keeps_its_name_when_it_is_tried_again(
        self, node: Node, place: Callable[..., Place]
    ) -> None:
        ann, where = new_id(), place(1)
        node.waiting[ann] = [where]
        node.postbox.failures = [MailError("busy")]
        await enqueue_notifications(node.db, ann, minutes=2)
        (mail,) = await node.work()
        assert mail.id == f"notice.{where.id}"
        assert ann not in node.waiting

    async def test_what_is_refused_for_good_is_not_tried_for_ever(
        self, node: Node, place: Callable[..., Place]
    ) -> None:
        ann = new_id()
        node.waiting[ann] = [place(1)]
        node.postbox.failures = [MailError("no such person", permanent=True)]
        await enqueue_notifications(node.db, ann, minutes=2)
        assert await node.work() == []
        (given_up,) = await list_enqueued(node.db, mail_notifications, states=("cancelled",))
        assert given_up.failures[-1].error == "no such person"
        assert ann not in node.waiting
