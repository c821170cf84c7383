from typing import Any
from uuid import UUID

import pytest

from cgraph import notifications
from cgraph.application import App
from cgraph.mail import GLOBAL, Unsubscription
from cgraph.notifications import Scope
from cgraph_kit.ids import new_id
from support.people import Person, converse, register

from .conftest import Submit, text_of

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
async def lounge(app: App, ann: Person) -> UUID:
    return await converse(app, ann, await register(app), await register(app))


def link(app: App, person: Person, kind: str, id: UUID) -> str:
    token = app.post.unsubscriptions.token(Unsubscription(person.id, kind, id))
    return f"/unsubscribe/{token}"


async def mail_of(app: App, person: Person, kind: Any, id: UUID) -> bool | None:
    return (await notifications.get_preference(app.db, person.id, Scope(kind, id))).email


class TestUnsubscribe:
    async def test_one_click_ends_mail_about_a_place(
        self, app: App, submit: Submit, ann: Person, lounge: UUID
    ) -> None:
        """RFC 8058 §3.2: what a mail program posts, and it needs no more than that."""
        done = await submit(link(app, ann, "conversation", lounge), ONE_CLICK)
        assert done.status == 200
        assert "no more mail about this conversation" in text_of(done)
        assert await mail_of(app, ann, "conversation", lounge) is False
        assert await mail_of(app, ann, "global", ann.id) is None

    async def test_or_all_of_it(self, app: App, submit: Submit, ann: Person) -> None:
        assert (await submit(link(app, ann, GLOBAL, ann.id), ONE_CLICK)).status == 200
        assert await mail_of(app, ann, "global", ann.id) is False

    async def test_by_any_body_and_none(
        self, app: App, browser: Any, ann: Person, lounge: UUID
    ) -> None:
        for kind, body in (
            ("multipart/form-data; boundary=x", b"--x\r\n\r\n--x--"),
            ("text/plain", b"?"),
        ):
            path = link(app, ann, "conversation", lounge)
            answer = await browser.send("POST", path, body=body, headers={"content-type": kind})
            assert answer.status == 200
        assert (await browser.send("POST", link(app, ann, GLOBAL, ann.id))).status == 200

    async def test_looking_ends_nothing(
        self, app: App, browser: Any, ann: Person, lounge: UUID
    ) -> None:
        path = link(app, ann, "conversation", lounge)
        for method in ("GET", "HEAD", "OPTIONS"):
            await browser.send(method, path)
        shown = await browser.get(path)
        assert shown.status == 200
        assert "mail about this conversation" in text_of(shown)
        assert b'<form method="post">' in shown.body
        assert await mail_of(app, ann, "conversation", lounge) is None

    async def test_again_changes_nothing(
        self, app: App, submit: Submit, ann: Person, lounge: UUID
    ) -> None:
        path = link(app, ann, "conversation", lounge)
        assert (await submit(path, ONE_CLICK)).status == 200
        assert (await submit(path, ONE_CLICK)).status == 200

    @pytest.mark.parametrize("token", ["x", "a.b.c", "%C3%A9", "A" * 3000])
    async def test_a_link_that_is_none_of_ours_ends_nothing(self, browser: Any, token: str) -> None:
        for method in ("GET", "POST"):
            answer = await browser.send(method, f"/unsubscribe/{token}")
            assert answer.status == 404
            assert "not valid" in text_of(answer)

    async def test_who_is_gone_is_answered_alike(self, app: App, browser: Any) -> None:
        gone = new_id()
        token = app.post.unsubscriptions.token(Unsubscription(gone, GLOBAL, gone))
        assert (await browser.send("POST", f"/unsubscribe/{token}")).status == 404
