"""Done when: somebody away is mentioned, and hears of it in every way; or has read it, and hears nothing more."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from support.devices import subscription
from support.later import until
from support.providers.serving import ca_file
from support.providers.webpush import Browser, push_service
from support.served import Person, calling, serving

GRACE = 0.5


@dataclass
class Scene:
    """Ann and Bob, who is away but has a browser, in a group with Eve."""

    http: httpx.AsyncClient
    database: Any
    ann: Person
    bob: Person
    browser: Browser
    conversation_id: str

    async def mention(self) -> dict[str, Any]:
        said: dict[str, Any] = await self.ann.post(
            f"/conversations/{self.conversation_id}/messages",
            {"content": f"look at this, @{self.bob.username}"},
        )
        return said

    async def entry(self) -> dict[str, Any]:
        async def there() -> Any:
            return await self.bob.get("/me/notifications")

        (entry,) = await until(there)
        found: dict[str, Any] = entry
        return found

    async def decided(self, message_id: str) -> dict[str, Any]:
        """Why Bob was told, or was not; once it is decided."""

        async def there() -> Any:
            found = await self.bob.get(
                "/me/notification-outcomes", params={"message_id": message_id}
            )
            return [one for one in found if one["state"] != "pending"]

        (outcome,) = await until(there)
        found: dict[str, Any] = outcome
        return found

    async def bring_mail_forward(self) -> None:
        """What waits for its batch is due now."""
        await self.database.execute("UPDATE notification_held SET due_at = now()")
        await self.database.execute(
            "UPDATE jobs SET scheduled_at = now() WHERE state = 'scheduled'"
        )

    async def mails(self) -> str:
        """The development mailbox."""
        return (await self.http.get("/dev/mailbox")).text


@pytest.fixture
async def scene(workspace: Path, tmp_path: Path, clones: Any) -> AsyncIterator[Scene]:
    dsn = await clones.make()
    async with push_service() as service:
        env = {
            "DATABASE_URL": dsn,
            "CGRAPH_PUSH_DELAY_SECONDS": str(GRACE),
            "CGRAPH_PUSH_ALLOW_NETWORKS": '["127.0.0.0/8"]',
            "CGRAPH_PUSH_CA_FILE": str(ca_file(tmp_path)),
        }
        async with (
            serving(workspace / "notified", env=env) as served,
            calling(served.address) as http,
        ):
            ann, bob, eve = [await Person.register(http, name) for name in ("ann", "bob", "eve")]
            browser = service.subscribe()
            await bob.post("/me/devices", subscription(browser))
            await bob.call("PATCH", "/me/notification-preferences", json={"push_privacy": "full"})
            opened = await ann.post("/conversations", {"participant_ids": [bob.id, eve.id]})
            database = await asyncpg.connect(dsn)
            yield Scene(http, database, ann, bob, browser, opened["id"])
            await database.close()


class TestMention:
    async def test_of_somebody_away_reaches_them_in_every_way(self, scene: Scene) -> None:
        said = await scene.mention()
        entry = await scene.entry()
        assert (entry["kind"], entry["text"]) == ("mention", said["content"])
        assert [actor["username"] for actor in entry["actors"]] == [scene.ann.username]
        outcome = await scene.decided(said["id"])
        assert (outcome["state"], outcome["rule"]) == ("sent", "default")
        assert {way: one["action"] for way, one in outcome["ways"].items()} == {
            "in_app": "deliver",
            "push": "deliver",
            "email": "deliver",
        }
        await until(self.pushed(scene))
        (push,) = scene.browser.received
        assert (push["id"], push["title"], push["body"], push["badge"]) == (
            said["id"],
            scene.ann.username,
            said["content"],
            1,
        )
        await until(self.noted(scene, said["id"]))
        assert scene.bob.username not in await scene.mails()
        await scene.bring_mail_forward()

        async def mailed() -> bool:
            return f"{scene.ann.username} mentioned you" in await scene.mails()

        await until(mailed)

    async def test_that_was_read_meanwhile_reaches_nobody(self, scene: Scene) -> None:
        said = await scene.mention()
        await scene.entry()
        await scene.bob.post(f"/conversations/{scene.conversation_id}/read", {})
        assert (await scene.entry())["read_at"] is not None
        outcome = await scene.decided(said["id"])
        assert (outcome["state"], outcome["rule"]) == ("suppressed", "already_read")
        assert outcome["text"] == "You had read it already."
        assert outcome["deliveries"] == []
        await scene.bring_mail_forward()
        # What would be sent is sent before this: the queue is done in order.
        later = await scene.mention()
        await scene.decided(later["id"])
        await until(self.pushed(scene))
        assert [push["id"] for push in scene.browser.received] == [later["id"]]
        assert await scene.database.fetchval("SELECT count(*) FROM notification_held") == 1

    def pushed(self, scene: Scene) -> Callable[[], Awaitable[Any]]:
        async def met() -> Any:
            return scene.browser.received

        return met

    def noted(self, scene: Scene, message_id: str) -> Callable[[], Awaitable[Any]]:
        async def met() -> bool:
            (delivery,) = (await scene.decided(message_id))["deliveries"]
            return delivery["state"] == "sent" and delivery["provider_id"] is not None

        return met
