"""`user:<id>`, as a person's devices see it."""

import pytest

from cgraph import accounts, messaging, notifications
from cgraph.application import App
from cgraph_kit.channels.endpoint import Endpoint
from cgraph_kit.channels.testing import JoinRefused
from cgraph_web.sweep import sweep
from support.people import converse, register, say

from .conftest import Connect


class TestJoin:
    async def test_is_for_oneself(self, app: App, connect: Connect) -> None:
        ada, bob = await register(app), await register(app)
        socket = await connect(ada)
        assert (await socket.join(f"user:{ada.id}")).response["seq"] >= 1
        with pytest.raises(JoinRefused) as refused:
            await socket.join(f"user:{bob.id}")
        assert refused.value.response["reason"] == "unauthorized"

    async def test_with_since_gives_what_was_missed(self, app: App, connect: Connect) -> None:
        ada = await register(app)
        seq = (await (await connect(ada)).join(f"user:{ada.id}")).response["seq"]
        await accounts.update_account(app.db, ada.actor, accounts.UpdateAccount(status="idle"))
        again = await (await connect(ada)).join(f"user:{ada.id}", {"since": seq})
        assert [event["event"] for event in again.response["events"]] == ["profile_updated"]
        assert again.response["events"][0]["payload"]["status"] == "idle"


class TestNews:
    async def test_of_conversations_and_unread_messages_reach_every_device(
        self, app: App, connect: Connect
    ) -> None:
        ada, bob = await register(app), await register(app)
        phone = await (await connect(bob)).join(f"user:{bob.id}")
        laptop = await (await connect(bob)).join(f"user:{bob.id}")
        conversation = await converse(app, ada, bob)
        id = {"conversation_id": str(conversation)}
        for device in (phone, laptop):
            await device.assert_push("conversation_added", id)
        sent = await say(app, ada, conversation, "one")
        await say(app, ada, conversation, f"two @{bob.actor.username}")
        for device in (phone, laptop):
            await device.assert_push("unread", {**id, "unread": 2, "mentions": 1})
        await messaging.delete_message(app.db, ada.actor, conversation, sent.id)
        await phone.assert_push("unread", {**id, "unread": 1, "mentions": 1})
        await messaging.mark_read(app.db, bob.actor, conversation, messaging.ReadMarker())
        for device in (phone, laptop):
            await device.assert_push("read_marked", id)
            await device.assert_push("unread", {**id, "unread": 0, "mentions": 0})

    async def test_of_preferences_reach_every_device(self, app: App, connect: Connect) -> None:
        ada, bob = await register(app), await register(app)
        conversation = await converse(app, ada, bob)
        phone = await (await connect(bob)).join(f"user:{bob.id}")
        mute = notifications.PreferenceChange(muted=True)
        await messaging.change_notification_preference(app.db, bob.actor, conversation, mute)
        place = {"scope": "conversation", "scope_id": str(conversation)}
        await phone.assert_push("notification_preferences_updated", {**place, "muted": True})
        settings = {"conversation_id": str(conversation), "muted": True}
        await phone.assert_push("conversation_settings_updated", settings)
        hours = notifications.NewQuietHours("Asia/Tokyo", [])
        await notifications.set_quiet_hours(app.db, bob.actor, hours)
        await phone.assert_push("quiet_hours_updated", {"time_zone": "Asia/Tokyo"})

    async def test_of_notifications_reach_every_device(self, app: App, connect: Connect) -> None:
        ada, bob = await register(app), await register(app)
        conversation = await converse(app, ada, bob)
        phone = await (await connect(bob)).join(f"user:{bob.id}")
        laptop = await (await connect(bob)).join(f"user:{bob.id}")
        await say(app, ada, conversation, "one")
        worker = messaging.notify_participants
        await worker.handler(app, worker.args(conversation))
        for device in (phone, laptop):
            await device.assert_push("notification_created", {"unread": 1})
        await messaging.mark_read(app.db, bob.actor, conversation, messaging.ReadMarker())
        for device in (phone, laptop):
            await device.assert_push("notifications_read", {"unread": 0})

    async def test_of_blocks_stay_with_who_blocks(self, app: App, connect: Connect) -> None:
        ada, bob = await register(app), await register(app)
        hers = await (await connect(ada)).join(f"user:{ada.id}")
        his = await (await connect(bob)).join(f"user:{bob.id}")
        await accounts.block_user(app.db, ada.actor, bob.id)
        await hers.assert_push("user_blocked", {"id": str(bob.id)})
        await his.refute_push("user_blocked")


class TestSweep:
    async def test_closes_sockets_whose_session_ended_unheard(
        self, app: App, endpoint: Endpoint, connect: Connect
    ) -> None:
        ada, bob = await register(app), await register(app)
        hers, his = await connect(ada), await connect(bob)
        await app.db.value(
            "UPDATE sessions SET revoked_at = now() WHERE id = $1", ada.actor.session_id
        )
        await sweep(endpoint, app.db)
        assert await hers.wait_closed() == 4001
        await his.heartbeat()
        assert his.closed is None
