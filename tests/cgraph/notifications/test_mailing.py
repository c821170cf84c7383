"""What people are told by mail, and how often."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple
from uuid import UUID

import pytest

from cgraph import accounts, notifications
from cgraph.accounts import Actor
from cgraph.notifications import holding, mailing
from cgraph.settings import Settings
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from cgraph_kit.ids import new_id
from cgraph_kit.mailer import Mail, MailError
from support.post import Postbox
from support.talk import make_actor, open_between, say
from support.telling import GRACE, REST, Node, address

BATCH, DAY = 120.0, 86_400.0
PATIENCE = 2


class Slow(Postbox):
    """Something else happens while a mail is on its way."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def send(self, mail: Mail) -> None:
        if self.meanwhile is not None:
            await self.meanwhile()
        await super().send(mail)


class Scene(NamedTuple):
    """Ann speaks to Bob in a group; he is away, and has an address and no device."""

    node: Node
    ann: Actor
    bob: Actor
    conversation_id: UUID

    @property
    def db(self) -> Transaction:
        return self.node.db  # type: ignore[no-any-return]

    @property
    def told(self) -> list[int]:
        """Of how much each mail tells."""
        firsts = [mail.subject.partition(" ")[0] for mail in self.node.mails]
        return [int(first) if first.isdecimal() else 1 for first in firsts]

    async def batch(self) -> None:
        """What was said has been decided, and its mail has gone."""
        await self.node.later(GRACE)
        await self.node.later(BATCH)

    async def mention(self) -> None:
        await say(self.db, self.ann, self.conversation_id, f"hey @{self.bob.username}")
        await self.node.work()
        await self.node.later(REST)

    async def is_here_for_a_moment(self) -> None:
        await accounts.come_online(self.db, "node", [self.bob.id])
        await self.node.later(1)
        await accounts.go_offline(self.db, "node", [self.bob.id])
        await self.node.later(1)


@pytest.fixture
async def scene(db: Transaction, ann: Actor, bob: Actor, monkeypatch: pytest.MonkeyPatch) -> Scene:
    settings = Settings(env="test", push_delay_seconds=GRACE, mail_patience=PATIENCE)
    node = Node(db, settings, postbox=Slow())
    node.hold(monkeypatch)
    eve = await make_actor(db, "eve")
    await address(db, bob.id)
    return Scene(node, ann, bob, await open_between(db, ann, bob, eve))


class TestCollect:
    async def test_leaves_what_is_being_mailed_to_who_mails_it(self, scene: Scene) -> None:
        seen = []

        async def meanwhile() -> None:
            seen.append(await notifications.collect(scene.node, scene.bob.id))  # type: ignore[arg-type]

        scene.node.postbox.meanwhile = meanwhile
        await scene.mention()
        await scene.batch()
        assert seen == [None]
        assert scene.told == [1]

    async def test_gives_what_was_not_sent_to_the_next_try(self, scene: Scene) -> None:
        scene.node.postbox.failures = [MailError("busy")]
        await scene.mention()
        await scene.batch()
        assert scene.told == []
        await scene.node.later(60)
        assert scene.told == [1]

    async def test_gives_it_again_when_whoever_had_it_was_never_heard_of_again(
        self, scene: Scene
    ) -> None:
        await scene.mention()
        await scene.node.later(GRACE)
        scene.node.moved += mailing.LEASE / 4
        assert await notifications.collect(scene.node, scene.bob.id) is not None  # type: ignore[arg-type]
        await scene.batch()
        assert scene.told == []
        await scene.node.later(mailing.LEASE.total_seconds())
        assert scene.told == [1]

    async def test_goes_on_where_there_is_more_than_a_mail_holds(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for module in (holding, mailing):
            monkeypatch.setattr(module, "AT_ONCE", 2)
        for _ in range(3):
            await scene.mention()
        await scene.batch()
        assert scene.told == [2, 1]


class TestPace:
    async def test_is_a_mail_a_day_for_who_does_not_come_back(self, scene: Scene) -> None:
        for _ in range(PATIENCE + 2):
            await scene.mention()
            await scene.batch()
        assert scene.told == [1] * PATIENCE
        await scene.node.later(DAY)
        assert scene.told[PATIENCE:] == [2]
        await scene.mention()
        await scene.node.later(DAY / 2)
        assert len(scene.told) == PATIENCE + 1
        await scene.node.later(DAY / 2)
        assert scene.told[PATIENCE + 1 :] == [1]

    async def test_is_as_before_after_any_sign_of_life(self, scene: Scene) -> None:
        for _ in range(PATIENCE):
            await scene.mention()
            await scene.batch()
        await scene.is_here_for_a_moment()
        for _ in range(PATIENCE):
            await scene.mention()
            await scene.batch()
        assert len(scene.told) == 2 * PATIENCE

    async def test_spares_nobody_what_cannot_be_switched_off(self, scene: Scene) -> None:
        for _ in range(PATIENCE):
            await scene.mention()
            await scene.batch()
        async with scene.db.transaction() as tx:
            await notifications.hold_inboxes(tx, [scene.bob.id])
            subject = notifications.Subject("user", scene.bob.id)
            happened = notifications.Occasion(
                user_id=scene.bob.id,
                kind="security",
                event_id=new_id(),
                happened_at=clock.now(),
                subject=subject,
            )
            await notifications.notify(tx, [happened], [], grace=GRACE)
        await scene.batch()
        assert len(scene.told) == PATIENCE + 1

    async def test_tells_of_nothing_twice(self, scene: Scene) -> None:
        for _ in range(PATIENCE + 1):
            await scene.mention()
            await scene.batch()
        await scene.node.later(DAY)
        await scene.node.later(DAY)
        assert len(scene.told) == PATIENCE + 1


class TestSignsOfLife:
    async def test_are_none_of_somebody_never_seen(self, db: Transaction, ann: Actor) -> None:
        assert await accounts.last_sign_of_life(db, ann.id) is None

    async def test_are_connections_that_last(self, db: Transaction, ann: Actor) -> None:
        await accounts.come_online(db, "node", [ann.id])
        seen = await accounts.last_sign_of_life(db, ann.id)
        assert seen is not None
        assert abs((clock.now() - seen).total_seconds()) < 60
