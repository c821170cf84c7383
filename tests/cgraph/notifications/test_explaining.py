"""What would happen if."""

from datetime import UTC, datetime

from cgraph import notifications
from cgraph.accounts import Actor
from cgraph.notifications import (
    GlobalPreferenceChange,
    NewQuietHours,
    PreferenceChange,
    Scope,
    Window,
    change_global_preference,
    change_preference,
    explain,
    set_quiet_hours,
)
from cgraph_kit.db import Transaction
from cgraph_kit.ids import new_id
from support.phones import give_device

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)


class TestExplain:
    async def test_names_the_scope_of_each_value(self, db: Transaction, ann: Actor) -> None:
        place = notifications.conversation(new_id())
        await give_device(db, ann.id)
        await change_preference(db, ann.id, place, PreferenceChange(push=False))
        await change_global_preference(db, ann, GlobalPreferenceChange(level="mentions"))
        found = await explain(db, ann, "mention", [place], NOW)
        overall = Scope("global", ann.id)
        assert (found.level, found.level_scope) == ("mentions", overall)
        assert [one.scope for one in found.scopes] == [place, overall]
        push, inbox = found.decision.push, found.decision.in_app
        assert (push.rule, push.scope) == ("channel_off", place)
        assert (inbox.rule, inbox.scope) == ("default", overall)

    async def test_sees_the_hour_it_is_asked_for(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        await give_device(db, ann.id)
        hours = NewQuietHours("UTC", [Window(3, "11:00", "13:00")], exceptions=[bob.id])
        await set_quiet_hours(db, ann, hours)
        noon = await explain(db, ann, "dm", [], NOW)
        assert noon.quiet_until == NOW.replace(hour=13)
        assert noon.decision.push.until == NOW.replace(hour=13)
        assert (await explain(db, ann, "dm", [], NOW.replace(hour=14))).quiet_until is None
        excepted = await explain(db, ann, "dm", [], NOW, sender_id=bob.id)
        assert excepted.decision.push.action == "deliver"

    async def test_says_what_devices_there_are_not(self, db: Transaction, ann: Actor) -> None:
        found = await explain(db, ann, "dm", [], NOW)
        assert found.decision.push.rule == "no_device"
