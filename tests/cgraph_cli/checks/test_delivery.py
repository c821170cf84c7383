"""Mail and pushes, looked at without sending any."""

import socket
from pathlib import Path

from cgraph.settings import Settings
from cgraph_cli.checks import delivery
from cgraph_kit.push import VapidKeys
from support.smtp import Inbox, mail_server

PROD = {
    "env": "prod",
    "phx_host": "chat.example.org",
    "secret_key_base": "k" * 32,
    "jwt_secret": "j" * 32,
    "database_url": "postgresql://db.example.org/cgraph",
}


def settings(**given: object) -> Settings:
    return Settings(**given)  # type: ignore[arg-type]


class TestMail:
    async def test_files_are_well_while_developing_only(self) -> None:
        assert (await delivery.mail(settings())).level == "ok"
        assert (await delivery.mail(settings(**PROD))).level == "warn"

    async def test_a_server_that_lets_us_in(self) -> None:
        inbox = Inbox()
        with mail_server(inbox) as port:
            found = await delivery.mail(settings(smtp_url=f"smtp://127.0.0.1:{port}"))
        assert found.level == "ok", found.state
        assert inbox.sessions == 1
        assert inbox.envelopes == []

    async def test_one_that_is_away(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            url = f"smtp://ada:hush@127.0.0.1:{taken.getsockname()[1]}"
            found = await delivery.mail(settings(smtp_url=url))
        assert found.level == "fail"
        assert "hush" not in found.state


class TestPush:
    async def test_developers_need_no_key(self) -> None:
        assert (await delivery.push(settings())).level == "ok"

    async def test_production_does(self) -> None:
        found = await delivery.push(settings(**PROD))
        assert found.level == "warn"
        assert "cgraph keys vapid" in found.advice

    async def test_a_key_is_a_key(self) -> None:
        key = VapidKeys.make().private
        found = await delivery.push(settings(**PROD, vapid_private_key=key))
        assert (found.level, found.state) == ("ok", "webpush")

    async def test_what_is_none_fails(self, tmp_path: Path) -> None:
        for given in (
            {"vapid_private_key": "x"},
            {"fcm_service_account": tmp_path / "none.json"},
        ):
            assert (await delivery.push(settings(**given))).level == "fail"
