import re
from typing import Any

from cgraph import accounts
from cgraph.accounts import Login, Origin
from cgraph.application import App
from support.people import name as new_name
from support.people import register

from .conftest import Mailed, Submit, text_of

NEW = "staple paper clip 7"
SOMEWHERE = {"client": ("198.51.100.7", 1)}


async def link_for(app: App, submit: Submit, mailed: Mailed) -> tuple[str, str]:
    """The name of somebody who forgot their password, and where the mail leads."""
    name = new_name()
    await register(app, name)
    address = f"{name}@example.com"
    asked = await submit("/reset", {"email": address}, client=(f"test {name}", 1))
    assert asked.status == 200
    (mail,) = await mailed(address)
    found = re.search(r"http://localhost:4000(/reset/\S+)", mail.text)
    assert found is not None
    return name, found[1]


class TestTheWholeWay:
    async def test_needs_nothing_but_a_browser(
        self, app: App, browser: Any, submit: Submit, mailed: Mailed
    ) -> None:
        name, link = await link_for(app, submit, mailed)
        shown = await browser.get(link)
        assert shown.status == 200
        assert f'value="{name}"' in shown.body.decode()
        done = await submit(link, {"password": NEW, "again": NEW})
        assert done.status == 200
        assert "The password is set" in text_of(done)
        assert await accounts.log_in(app.db, app.auth, Login(login=name, password=NEW), Origin())
        told = await mailed(f"{name}@example.com")
        assert told[0].subject == "Your password was changed"
        assert "http://localhost:4000/reset\n" in told[0].text

    async def test_a_link_works_once(
        self, app: App, browser: Any, submit: Submit, mailed: Mailed
    ) -> None:
        _, link = await link_for(app, submit, mailed)
        assert (await submit(link, {"password": NEW, "again": NEW})).status == 200
        for again in (await browser.get(link), await submit(link, {"password": NEW, "again": NEW})):
            assert again.status == 422
            assert "not valid any more" in text_of(again)

    async def test_looking_uses_nothing_up(
        self, app: App, browser: Any, submit: Submit, mailed: Mailed
    ) -> None:
        """Programs that look for viruses open every link."""
        _, link = await link_for(app, submit, mailed)
        for _ in range(3):
            assert (await browser.get(link)).status == 200
        assert (await browser.send("HEAD", link)).status == 200
        assert (await submit(link, {"password": NEW, "again": NEW})).status == 200


class TestSend:
    async def test_strangers_are_answered_alike(
        self, app: App, submit: Submit, mailed: Mailed
    ) -> None:
        person = new_name()
        await register(app, person)
        known = await submit("/reset", {"email": f"{person}@example.com"}, **SOMEWHERE)
        unknown = await submit("/reset", {"email": "no@example.com"}, **SOMEWHERE)
        assert (known.status, known.body) == (unknown.status, unknown.body)
        assert await mailed("no@example.com") == []

    async def test_says_what_is_no_address(self, submit: Submit) -> None:
        answer = await submit("/reset", {"email": '"><script>alert(1)</script>'})
        assert answer.status == 422
        assert "This is not an e-mail address." in text_of(answer)
        assert b"<script" not in answer.body

    async def test_not_too_often(self, submit: Submit) -> None:
        form = {"email": f"{new_name()}@example.com"}
        for _ in range(5):
            assert (await submit("/reset", form, client=("198.51.100.8", 1))).status == 200
        refused = await submit("/reset", form, client=("198.51.100.8", 1))
        assert refused.status == 429
        assert int(refused.headers["retry-after"]) > 0
        assert "Too many attempts. Try again in" in text_of(refused)

    async def test_takes_forms_only(self, browser: Any) -> None:
        answer = await browser.post("/reset", {"email": "ann@example.com"})
        assert (answer.status, answer.code) == (415, "unsupported_media_type")


class TestSave:
    async def test_says_what_is_wrong_and_keeps_the_link_good(
        self, app: App, submit: Submit, mailed: Mailed
    ) -> None:
        _, link = await link_for(app, submit, mailed)
        for password, again, said in (
            ("short", "short", "must have at least 8 characters"),
            ("password1", "password1", "is too common"),
            (NEW, NEW + "x", "is not the same password twice"),
            ("x\x00" * 10, "x\x00" * 10, "contains characters that are not allowed"),
        ):
            answer = await submit(link, {"password": password, "again": again})
            assert answer.status == 422
            if "\x00" not in password:
                assert f"This {said}." in text_of(answer)
                assert password.encode() not in answer.body
        assert (await submit(link, {"password": NEW, "again": NEW})).status == 200

    async def test_needs_a_token_of_ours(self, browser: Any, submit: Submit) -> None:
        for token in ("x", "A" * 43, "A" * 500, "%00", "é"):
            answer = await submit(f"/reset/{token}", {"password": NEW, "again": NEW})
            assert answer.status in {404, 422}
