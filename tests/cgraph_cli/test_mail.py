"""`cgraph mail`."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from cgraph_kit.mailer import Mailbox
from support.smtp import Inbox, mail_server

Run = Callable[..., Awaitable[Any]]


class TestTest:
    async def test_sends_one(self, cgraph: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        inbox = Inbox()
        with mail_server(inbox) as port:
            monkeypatch.setenv("CGRAPH_SMTP_URL", f"smtp://127.0.0.1:{port}")
            ran = await cgraph("mail", "test", "ann@example.org")
        assert (ran.code, ran.err) == (0, "")
        (mail,) = inbox.mails
        assert mail["Subject"] == "Mail works"
        assert mail["To"] == "ann@example.org"

    async def test_says_what_the_server_said(
        self, cgraph: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        inbox = Inbox()
        with mail_server(inbox) as port:
            monkeypatch.setenv("CGRAPH_SMTP_URL", f"smtp://127.0.0.1:{port}")
            for reply, code in (("550 5.1.1 no", "550 5.1.1"), ("450 4.2.0 later", "450 4.2.0")):
                inbox.refused["ann@example.org"] = reply
                ran = await cgraph("mail", "test", "ann@example.org")
                assert ran.code == 1
                assert code in ran.err

    async def test_without_a_server_it_is_a_file(self, cgraph: Run, tmp_path: Path) -> None:
        ran = await cgraph("mail", "test", "ann@example.org")
        assert ran.code == 0
        assert "CGRAPH_SMTP_URL is not set" in ran.out
        (mail,) = await Mailbox(tmp_path / "data" / "mail").newest(9)
        assert mail.to == "ann@example.org"

    async def test_needs_an_address(self, cgraph: Run) -> None:
        ran = await cgraph("mail", "test", "nobody")
        assert (ran.code, ran.err) == (1, "cgraph: nobody is no e-mail address\n")
