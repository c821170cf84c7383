"""A push from a server to a browser that decrypts it, by way of a push service of the operator's own."""

from pathlib import Path
from typing import Any

from support.devices import subscription
from support.later import until
from support.providers.serving import ca_file
from support.providers.webpush import push_service
from support.served import Person, calling, serving


class TestPush:
    async def test_reaches_a_browser_from_a_job(
        self, tmp_path: Path, empty_dir: Path, clones: Any
    ) -> None:
        env = {
            "DATABASE_URL": await clones.make(),
            "CGRAPH_PUSH_ALLOW_NETWORKS": '["127.0.0.0/8"]',
            "CGRAPH_PUSH_CA_FILE": str(ca_file(tmp_path)),
        }
        async with (
            push_service() as service,
            serving(empty_dir, env=env) as served,
            calling(served.address) as http,
        ):
            ann = await Person.register(http, "ann")
            key = await ann.get("/push/vapid-key")
            service.key = key["public_key"]
            browser = service.subscribe()
            registered = await ann.call("POST", "/me/devices", json=subscription(browser))
            device = registered["id"]
            await ann.call("POST", f"/me/devices/{device}/test")

            async def received() -> Any:
                return browser.received

            (push,) = await until(received)
            assert push["kind"] == "test"
            assert (await ann.get("/me/devices"))[0]["last_error"] is None
