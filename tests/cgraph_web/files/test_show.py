"""Files as they are handed out."""

from datetime import timedelta
from typing import Any

import pytest

from cgraph import accounts
from cgraph.application import App
from support.people import PASSWORD, Person, register
from support.pictures import png

from ..conftest import caller_of  # noqa: TID252 (test directories are no packages)

CONTENT = b"0123456789"


@pytest.fixture(scope="module")
async def owner(app: App) -> Person:
    return await register(app)


@pytest.fixture
def ann(owner: Person) -> Person:
    return owner


@pytest.fixture(scope="module")
async def address(app: App, owner: Person) -> str:
    """Of digits."""
    caller = caller_of(app, owner)
    headers = {"content-type": "a/b", "x-file-name": "digits.txt"}
    answer = await caller.send("POST", "/api/v1/files", body=CONTENT, headers=headers)
    return f"/api/v1/files/{answer.json['data']['id']}"


class TestShow:
    async def test_says_what_browsers_may_do_with_it(self, ada: Any, address: str) -> None:
        got = await ada.get(address)
        shown = {
            "content-type": "text/plain; charset=utf-8",
            "content-length": "10",
            "content-disposition": 'inline; filename="digits.txt"',
            "x-content-type-options": "nosniff",
            "cross-origin-resource-policy": "same-site",
            "cache-control": "private, no-cache",
            "accept-ranges": "bytes",
        }
        assert {name: got.headers[name] for name in shown} == shown
        assert "sandbox" in got.headers["content-security-policy"]
        assert got.body == CONTENT

    async def test_head_is_the_same_without_the_bytes(self, ada: Any, address: str) -> None:
        got, head = await ada.get(address), await ada.send("HEAD", address)
        assert (head.status, head.body) == (200, b"")
        for name in ("content-length", "etag", "content-type", "content-disposition"):
            assert head.headers[name] == got.headers[name]

    @pytest.mark.parametrize(
        ("asked", "status", "body", "told"),
        [
            ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
            ("bytes=7-", 206, b"789", "bytes 7-9/10"),
            ("bytes=-3", 206, b"789", "bytes 7-9/10"),
            ("bytes=-99", 206, CONTENT, "bytes 0-9/10"),
            ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
            ("Bytes=0-0", 206, b"0", "bytes 0-0/10"),
            ("bytes=4-2", 200, CONTENT, None),
            ("bytes=1-2,4-5", 200, CONTENT, None),
            ("bytes=-", 200, CONTENT, None),
            ("lines=1-2", 200, CONTENT, None),
            ("bytes=" + "9" * 30 + "-", 200, CONTENT, None),
        ],
    )
    async def test_a_range(
        self, ada: Any, address: str, asked: str, status: int, body: bytes, told: str | None
    ) -> None:
        got = await ada.get(address, headers={"range": asked})
        assert (got.status, got.body, got.headers.get("content-range")) == (status, body, told)

    @pytest.mark.parametrize("asked", ["bytes=10-", "bytes=99-100", "bytes=-0"])
    async def test_a_range_after_the_end(self, ada: Any, address: str, asked: str) -> None:
        got = await ada.get(address, headers={"range": asked})
        assert (got.status, got.code) == (416, "range_not_satisfiable")
        assert got.headers["content-range"] == "bytes */10"

    async def test_a_range_only_if_it_is_the_same(self, ada: Any, address: str) -> None:
        tag = (await ada.get(address)).headers["etag"]
        for named, status in ((tag, 206), ('"other"', 200), (f"W/{tag}", 200)):
            got = await ada.get(address, headers={"range": "bytes=0-1", "if-range": named})
            assert got.status == status

    async def test_who_has_it_is_told_so_while_they_may_read_it(
        self, ada: Any, address: str, nobody: Any, bob: Person
    ) -> None:
        tag = (await ada.get(address)).headers["etag"]
        got = await ada.get(address, headers={"if-none-match": f'"x", W/{tag}'})
        assert (got.status, got.body, got.headers["etag"]) == (304, b"", tag)
        named = {"if-none-match": tag}
        assert (await nobody.as_(bob.token).get(address, headers=named)).status == 404

    async def test_a_download_where_it_is_asked_for(self, ada: Any, address: str) -> None:
        got = await ada.get(f"{address}/any-name?download=true")
        assert got.headers["content-disposition"].startswith("attachment")

    @pytest.mark.parametrize(
        ("name", "kept"),
        [
            ("../../etc/passwd", "passwd"),
            ("..\\..\\boot.ini", "boot.ini"),
            ("a%00b.txt", "ab.txt"),
            ("evil%E2%80%AEgpj.exe", "evilgpj.exe"),
            ("CON", "_CON"),
            ("aux.txt", "_aux.txt"),
            ("...hidden", "hidden"),
            (".", "file"),
            ("a%0D%0ASet-Cookie: x=y", "aSet-Cookie_ x=y"),
            ('a"; filename="b.exe', "a_; filename=_b.exe"),
            ("%20 a %09 b .txt. ", "a b .txt"),
            ("%C3%84pfel%F0%9F%8D%8E.txt", "Äpfel🍎.txt"),
            ("x" * 10_000 + ".jpeg", "x" * 250 + ".jpeg"),
            ("%F0%9F%8D%8E" * 500, "🍎" * 63),
            ("a%20b%25c.txt", "a b%c.txt"),
        ],
    )
    async def test_names_are_harmless(self, ada: Any, upload: Any, name: str, kept: str) -> None:
        file = (await upload(b"text", name)).json["data"]
        assert file["name"] == kept
        got = await ada.get(f"/api/v1/files/{file['id']}")
        told = got.headers["content-disposition"]
        assert told.startswith('inline; filename="')
        assert told.isascii()
        assert "\n" not in told
        assert told.count('"') == 2

    async def test_a_name_that_is_no_text(self, ada: Any) -> None:
        headers = {"content-type": "a/b", "x-file-name": "%ff"}
        answer = await ada.send("POST", "/api/v1/files", body=b"x", headers=headers)
        assert answer.status == 422


class TestThumbnail:
    async def test_only_those_there_are(self, ada: Any, upload: Any) -> None:
        file = (await upload(png(400, 100), "wide.png")).json["data"]
        address = f"/api/v1/files/{file['id']}/thumbnails"
        got = await ada.get(f"{address}/320")
        assert (got.status, got.headers["content-type"]) == (200, "image/webp")
        assert len(got.body) == file["thumbnails"][0]["size"]
        for name in ("1280", "x", "..%2f1"):
            assert (await ada.get(f"{address}/{name}")).code == "file_not_found"


class TestTicket:
    async def test_stands_for_its_person(self, ada: Any, address: str, nobody: Any) -> None:
        ticket = (await ada.post("/api/v1/files/ticket")).json["data"]["ticket"]
        assert (await nobody.get(address)).status == 404
        assert (await nobody.get(f"{address}?ticket={ticket}")).body == CONTENT

    async def test_opens_nothing_its_person_may_not_read(
        self, address: str, nobody: Any, bob: Person
    ) -> None:
        ticket = (await nobody.as_(bob.token).post("/api/v1/files/ticket")).json["data"]["ticket"]
        assert (await nobody.get(f"{address}?ticket={ticket}")).status == 404

    async def test_one_that_is_none(self, app: App, ann: Person, address: str, nobody: Any) -> None:
        other = accounts.issue_ticket(app.auth, ann.actor, "cake", life=timedelta(hours=1))
        late = accounts.issue_ticket(app.auth, ann.actor, "files", life=timedelta(seconds=-2))
        for ticket, code in (
            ("", "invalid_token"),
            ("x", "invalid_token"),
            (app.auth.keys.seal("someone@example.org"), "invalid_token"),
            (other.ticket, "invalid_token"),
            (late.ticket, "token_expired"),
        ):
            got = await nobody.get(f"{address}?ticket={ticket}")
            assert (got.status, got.code) == (401, code)

    async def test_ends_with_the_session(self, ann: Person, address: str, nobody: Any) -> None:
        entry = {"login": ann.actor.username, "password": PASSWORD}
        signed_in = await nobody.post("/api/v1/auth/login", entry)
        again = nobody.as_(signed_in.json["data"]["access_token"])
        ticket = (await again.post("/api/v1/files/ticket")).json["data"]["ticket"]
        assert (await nobody.get(f"{address}?ticket={ticket}")).status == 200
        await again.post("/api/v1/auth/logout")
        got = await nobody.get(f"{address}?ticket={ticket}")
        assert (got.status, got.code) == (401, "session_revoked")
