"""What is known of the people an event may concern."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from cgraph import accounts, notifications
from cgraph.accounts import Actor
from cgraph.notifications import (
    Explicit,
    GlobalPreferenceChange,
    NewQuietHours,
    PreferenceChange,
    QuietHours,
    Scope,
    Window,
    change_global_preference,
    change_preference,
    get_recipients,
    set_quiet_hours,
)
from cgraph_kit.db import Transaction
from cgraph_kit.ids import new_id
from support.phones import give_device
from support.talk import block, make_actors

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)


async def claim(db: Transaction, actor: Actor) -> None:
    """Somebody who registered, with an address and a password, not one an import made up."""
    await db.value(
        "UPDATE users SET email = $2, password_hash = 'x' WHERE id = $1",
        actor.id,
        f"{actor.username}@example.com",
    )


class TestGetRecipients:
    async def test_of_nothing_set(self, db: Transaction, ann: Actor) -> None:
        place = notifications.conversation(new_id())
        found = (await get_recipients(db, [ann.id, uuid4()], [place]))[ann.id]
        assert list(found.scopes) == [Explicit(place), Explicit(Scope("global", ann.id))]
        assert found.quiet == QuietHours()
        assert (found.push_privacy, found.email_batch_minutes) == ("sender", 2)
        assert (found.inactive, found.do_not_disturb) == (False, False)
        assert (found.blocks, found.excepts) == (frozenset(), frozenset())

    async def test_has_every_scope_the_nearest_first(self, db: Transaction, ann: Actor) -> None:
        group, channel = Scope("group", new_id()), Scope("channel", new_id())
        thread, elsewhere = Scope("thread", new_id()), Scope("channel", new_id())
        until = datetime(2099, 1, 1, tzinfo=UTC)
        await change_preference(db, ann.id, group, PreferenceChange(muted_until=until))
        await change_preference(db, ann.id, thread, PreferenceChange(level="all", push=False))
        await change_preference(db, ann.id, elsewhere, PreferenceChange(level="none"))
        await change_global_preference(
            db, ann, GlobalPreferenceChange(email=False, push_privacy="full", email_batch_minutes=9)
        )
        found = (await get_recipients(db, [ann.id], [group, thread, channel]))[ann.id]
        assert list(found.scopes) == [
            Explicit(thread, level="all", push=False),
            Explicit(channel),
            Explicit(group, muted=True, muted_until=until),
            Explicit(Scope("global", ann.id), email=False),
        ]
        assert (found.push_privacy, found.email_batch_minutes) == ("full", 9)

    async def test_has_quiet_hours_that_are_on(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        windows = [Window(3, "11:00", "13:00")]
        await set_quiet_hours(db, ann, NewQuietHours("UTC", windows, exceptions=[bob.id]))
        found = (await get_recipients(db, [ann.id], actor_ids=[bob.id]))[ann.id]
        assert found.quiet == QuietHours(True, "UTC", windows)
        assert found.excepts == {bob.id}
        await set_quiet_hours(db, ann, NewQuietHours("UTC", windows, enabled=False))
        found = (await get_recipients(db, [ann.id], actor_ids=[bob.id]))[ann.id]
        assert (found.quiet, found.excepts) == (QuietHours(), frozenset())

    async def test_gives_away_no_block_of_somebody_else(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        await block(db, ann, bob)
        hers = (await get_recipients(db, [ann.id], actor_ids=[bob.id, ann.id]))[ann.id]
        assert hers.blocks == {bob.id}
        assert hers.facts("dm", NOW, actor_id=bob.id).blocked
        assert not hers.facts("dm", NOW).blocked
        assert not (await get_recipients(db, [bob.id], actor_ids=[ann.id]))[bob.id].blocks

    async def test_knows_the_account(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        await claim(db, ann)
        await accounts.update_account(db, ann, accounts.UpdateAccount(status="dnd"))
        await db.value(
            "UPDATE users SET state = 'deactivated', deactivated_at = now() WHERE id = $1", bob.id
        )
        found = await get_recipients(db, [ann.id, bob.id])
        assert (found[ann.id].do_not_disturb, found[ann.id].has_address) == (True, True)
        assert (found[bob.id].inactive, found[bob.id].has_address) == (True, False)

    async def test_knows_devices_that_can_be_pushed_to(self, db: Transaction, ann: Actor) -> None:
        async def has_device() -> bool:
            return (await get_recipients(db, [ann.id]))[ann.id].has_device

        assert not await has_device()
        session_id = await give_device(db, ann.id)
        assert await has_device()
        await db.value("UPDATE push_devices SET disabled_at = now() WHERE user_id = $1", ann.id)
        assert not await has_device()
        await db.value("UPDATE push_devices SET disabled_at = NULL WHERE user_id = $1", ann.id)
        await db.value("UPDATE sessions SET revoked_at = now() WHERE id = $1", session_id)
        assert not await has_device()

    async def test_asks_once_for_everybody(self, db: Transaction) -> None:
        people = await make_actors(db, 3)
        found = await get_recipients(db, [actor.id for actor in people])
        assert set(found) == {actor.id for actor in people}

    async def test_of_nobody(self, db: Transaction) -> None:
        assert await get_recipients(db, []) == {}


class TestFacts:
    async def test_hold_what_is_the_persons_and_what_others_know(
        self, db: Transaction, ann: Actor
    ) -> None:
        await set_quiet_hours(db, ann, NewQuietHours("UTC", [Window(3, "11:00", "13:00")]))
        await give_device(db, ann.id)
        recipient = (await get_recipients(db, [ann.id]))[ann.id]
        held = notifications.resolve(recipient.facts("friend_request", NOW))
        assert (held.push.rule, held.push.until) == ("quiet_hours", NOW + timedelta(hours=1))
        read = notifications.resolve(recipient.facts("friend_request", NOW, read=True))
        assert read.outcome() == ("suppressed", "already_read")
        urgent = notifications.resolve(recipient.facts("invite", NOW, urgent=True))
        assert (urgent.push.rule, urgent.email.rule) == ("default", "no_address")
