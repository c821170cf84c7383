"""What was sent without a mail server, also in a real browser where there is one."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from cgraph.application import App
from cgraph.settings import Settings
from cgraph_kit.ids import new_id
from cgraph_kit.mailer import Filed, FileMailer, Mail, Mailbox
from cgraph_web.router import ROUTES
from support.browser import listening, needs_browser, visit
from support.hostile import HOSTILE

from .conftest import text_of

EVIL = (
    '<script>document.title = "owned"</script><img src="http://evil.example/pixel.png">'
    '<link rel="stylesheet" href="http://evil.example/x.css"><p style="color:#c00">red</p>'
)


async def sent(directory: Path, mail: Mail) -> Filed:
    await FileMailer(directory, sender="Chat <no-reply@example.org>").send(mail)
    (newest,) = await Mailbox(directory).newest(1)
    return newest


HERE = ("127.0.0.1", 50000)
"""A browser on the same machine."""


@pytest.fixture
def mailbox(app: App) -> Path:
    return app.settings.mail_dir


class TestIndex:
    async def test_lists_the_newest_first(self, browser: Any, mailbox: Path) -> None:
        await sent(mailbox, Mail("ann@example.org", "Older <b>", "t"))
        newest = await sent(mailbox, Mail("bob@example.org", "Newer", "t"))
        page = await browser.get("/dev/mailbox", client=HERE)
        text = text_of(page)
        assert text.index("Newer bob@example.org") < text.index("Older <b> ann@example.org")
        assert f'href="/dev/mailbox/{newest.id}"' in page.body.decode()
        assert b"<b>" not in page.body


class TestFromWhere:
    @pytest.mark.parametrize(
        ("address", "status"),
        [
            ("127.0.0.1", 200),
            ("127.8.8.8", 200),
            ("::1", 200),
            ("::ffff:127.0.0.1", 200),
            ("", 200),
            ("192.168.1.7", 404),
            ("203.0.113.1", 404),
            ("fe80::1%eth0", 404),
            ("nonsense", 404),
        ],
    )
    async def test_is_who_sits_here(self, browser: Any, address: str, status: int) -> None:
        assert (await browser.get("/dev/mailbox", client=(address, 1))).status == status
        mail = f"/dev/mailbox/{new_id()}"
        assert (await browser.get(mail, client=(address, 1))).status == 404

    async def test_is_everybody_where_the_operator_says_so(self, web: Any) -> None:
        caller = web(*ROUTES, env="dev", mailbox="open").as_(None)
        assert (await caller.get("/dev/mailbox", client=("192.168.1.7", 1))).status == 200


class TestShow:
    async def test_shows_text_headers_and_a_frame_that_may_do_nothing(
        self, browser: Any, mailbox: Path
    ) -> None:
        mail = await sent(mailbox, Mail("ann@example.org", "Hello", "the text", html=EVIL))
        page = await browser.get(f"/dev/mailbox/{mail.id}", client=HERE)
        assert "the text" in text_of(page)
        assert "Auto-Submitted auto-generated" in text_of(page)
        body = page.body.decode()
        assert f'src="/dev/mailbox/{mail.id}/html"' in body
        assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in body
        assert "evil" not in body

    @pytest.mark.parametrize("words", [words for words in HOSTILE if words.isprintable()])
    async def test_hostile_mail_stays_text(self, browser: Any, mailbox: Path, words: str) -> None:
        mail = await sent(mailbox, Mail("ann@example.org", words[:200], words))
        body = (await browser.get(f"/dev/mailbox/{mail.id}", client=HERE)).body.decode()
        for element in ("<script", "<img", "<iframe", '<a href="https'):
            assert element not in body

    async def test_the_frame_is_sandboxed_by_itself_too(self, browser: Any, mailbox: Path) -> None:
        mail = await sent(mailbox, Mail("ann@example.org", "Hello", "t", html=EVIL))
        frame = await browser.get(f"/dev/mailbox/{mail.id}/html", client=HERE)
        assert EVIL.encode() in frame.body
        policy = frame.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "sandbox allow-popups" in policy
        assert "allow-scripts" not in policy
        assert "allow-same-origin" not in policy
        assert "frame-ancestors 'self'" in policy

    @pytest.mark.parametrize("path", ["", "/html"])
    async def test_what_is_not_there(self, browser: Any, path: str) -> None:
        assert (await browser.get(f"/dev/mailbox/{new_id()}{path}", client=HERE)).status == 404
        assert (await browser.get(f"/dev/mailbox/..%2fsecrets{path}", client=HERE)).status == 404


class TestWho:
    @pytest.mark.parametrize(
        "settings",
        [
            {"smtp_url": "smtp://localhost"},
            {
                "env": "prod",
                "database_url": "postgresql://x",
                "secret_key_base": "x" * 32,
                "jwt_secret": "x" * 32,
                "phx_host": "localhost",
            },
        ],
    )
    async def test_only_in_development_without_a_mail_server(
        self, web: Callable[..., Any], settings: dict[str, str], tmp_path: Path
    ) -> None:
        chosen = {"data_dir": tmp_path} | settings
        mail = await sent(tmp_path / "mail", Mail("ann@example.org", "s", "t"))
        caller = web(*ROUTES).as_(None)
        caller.app.settings = Settings(**{"env": "test"} | chosen)
        for path in ("", f"/{mail.id}", f"/{mail.id}/html"):
            answer = await caller.get(f"/dev/mailbox{path}", client=HERE)
            assert (answer.status, answer.code) == (404, "no_route")

    @pytest.mark.parametrize(
        ("host", "status"),
        [
            ("localhost:4000", 200),
            ("127.0.0.1:4000", 200),
            ("[::1]:4000", 200),
            ("evil.example:4000", 404),
            ("localhost.evil.example", 404),
            ("", 404),
        ],
    )
    async def test_not_under_a_name_somebody_else_chose(
        self, browser: Any, host: str, status: int
    ) -> None:
        answer = await browser.get("/dev/mailbox", client=HERE, headers={"host": host})
        assert answer.status == status


@pytest.fixture
async def address(browser: Any) -> AsyncIterator[str]:
    """A real server with the page."""
    async with listening(browser.asgi) as address:
        yield address


@needs_browser
class TestInABrowser:
    async def test_shows_the_mail_in_its_frame(
        self, address: str, mailbox: Path, tmp_path: Path
    ) -> None:
        html = '<p style="color:#c00">red</p>'
        mail = await sent(mailbox, Mail("ann@example.org", "Hello", "t", html=html))
        seen = await visit(f"{address}/dev/mailbox/{mail.id}", tmp_path)
        assert "Hello" in seen.page
        assert seen.complaints == []
        assert f"/dev/mailbox/{mail.id}/html" in seen.paths(address)

    async def test_nothing_of_a_mail_runs_or_is_fetched(
        self, address: str, mailbox: Path, tmp_path: Path
    ) -> None:
        mail = await sent(mailbox, Mail("ann@example.org", "Hello", "t", html=EVIL))
        seen = await visit(f"{address}/dev/mailbox/{mail.id}/html", tmp_path)
        assert "owned" not in seen.page.replace(EVIL[:40], "")
        assert "red" in seen.page
        assert "evil.example" not in seen.hosts
        assert len(seen.complaints) >= 3, "the browser says what it has refused"
