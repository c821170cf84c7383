"""Muting and hearing of a conversation: two addresses of one preference."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from cgraph import messaging, notifications
from cgraph.accounts import Actor
from cgraph.messaging import (
    ConversationNotFound,
    ConversationSettingsUpdated,
    Preferences,
    PreferencesChange,
    change_notification_preference,
    get_notification_places,
    get_notification_preference,
    update_preferences,
)
from cgraph.notifications import (
    NotificationPreferencesUpdated,
    PreferenceChange,
    change_preference,
    conversation,
)
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from support.talk import Happened, open_between

MUTE = PreferencesChange(muted=True)


@pytest.fixture
async def id(db: Transaction, ann: Actor, bob: Actor, eve: Actor) -> UUID:
    return await open_between(db, ann, bob, eve)


async def shown(db: Transaction, actor: Actor, id: UUID) -> tuple[bool, Any]:
    """The mute, in a list of conversations; beside unread counts it must say the same."""
    found = await messaging.get_conversation(db, actor, id)
    assert (await messaging.get_unread(db, actor, id)).muted is found.muted
    return found.muted, found.muted_until


class TestUpdatePreferences:
    async def test_mutes_the_preference(self, db: Transaction, bob: Actor, id: UUID) -> None:
        until = clock.now() + timedelta(hours=1)
        await update_preferences(db, bob, id, PreferencesChange(muted_until=until))
        preference = await get_notification_preference(db, bob, id)
        assert (preference.muted, preference.muted_until) == (True, until)
        await update_preferences(db, bob, id, PreferencesChange(muted=False))
        assert (await get_notification_preference(db, bob, id)).muted is None

    async def test_leaves_an_explicit_no_and_the_level_alone(
        self, db: Transaction, bob: Actor, id: UUID, happened: Happened
    ) -> None:
        change = PreferenceChange(muted=False, level="mentions")
        await change_notification_preference(db, bob, id, change)
        await update_preferences(db, bob, id, PreferencesChange(muted=False))
        found = await get_notification_preference(db, bob, id)
        assert (found.muted, found.level) == (False, "mentions")
        assert happened(ConversationSettingsUpdated) == []

    async def test_archiving_is_no_preference(
        self, db: Transaction, bob: Actor, id: UUID, happened: Happened
    ) -> None:
        found = await update_preferences(db, bob, id, PreferencesChange(archived=True))
        assert (found.archived, found.muted) == (True, False)
        assert happened(NotificationPreferencesUpdated) == []
        (event,) = happened(ConversationSettingsUpdated)
        assert event.payload == found


class TestChangeNotificationPreference:
    async def test_mutes_the_conversation(
        self, db: Transaction, bob: Actor, id: UUID, happened: Happened
    ) -> None:
        until = clock.now() + timedelta(hours=1)
        await change_notification_preference(db, bob, id, PreferenceChange(muted_until=until))
        assert await shown(db, bob, id) == (True, until)
        (told,) = happened(ConversationSettingsUpdated)
        assert told.payload == Preferences(id, True, until, archived=False)
        (whole,) = happened(NotificationPreferencesUpdated)
        assert msgspec.json.decode(whole.body())["scope_id"] == str(id)

    async def test_tells_no_settings_where_the_mute_stays(
        self, db: Transaction, bob: Actor, id: UUID, happened: Happened
    ) -> None:
        await update_preferences(db, bob, id, MUTE)
        await change_notification_preference(db, bob, id, PreferenceChange(level="none"))
        assert len(happened(ConversationSettingsUpdated)) == 1
        assert await shown(db, bob, id) == (True, None)

    async def test_of_everything_mutes_no_single_conversation(
        self, db: Transaction, bob: Actor, id: UUID
    ) -> None:
        everything = notifications.Scope("global", bob.id)
        await change_preference(db, bob.id, everything, PreferenceChange(muted=True))
        assert await shown(db, bob, id) == (False, None)


class TestStrangers:
    async def test_learn_nothing(self, db: Transaction, bob: Actor, id: UUID) -> None:
        await messaging.leave_conversation(db, bob, id)
        for attempt in (
            get_notification_places(db, bob, id),
            get_notification_preference(db, bob, id),
            change_notification_preference(db, bob, id, PreferenceChange(level="none")),
        ):
            with pytest.raises(ConversationNotFound):
                await attempt

    async def test_are_asked_for_places_by_those_inside(
        self, db: Transaction, bob: Actor, id: UUID
    ) -> None:
        assert await get_notification_places(db, bob, id) == [conversation(id)]


class TestLeaving:
    @pytest.mark.parametrize("shown_out", [True, False])
    async def test_forgets_what_was_set(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, id: UUID, *, shown_out: bool
    ) -> None:
        for actor in (bob, eve):
            await update_preferences(db, actor, id, MUTE)
        if shown_out:
            await messaging.remove_participant(db, ann, id, bob.id)
        else:
            await messaging.leave_conversation(db, bob, id)
        await messaging.add_participants(db, ann, id, messaging.NewParticipants([bob.id]))
        assert await shown(db, bob, id) == (False, None)
        assert await shown(db, eve, id) == (True, None)
