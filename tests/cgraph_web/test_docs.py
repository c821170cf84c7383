"""The reference page, also in a real browser where there is one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from cgraph_web.router import ROUTES
from support.browser import listening, needs_browser, visit


@pytest.fixture
def caller(web: Callable[..., Any]) -> Any:
    return web(*ROUTES).as_(None)


class TestRoot:
    async def test_leads_to_the_page(self, caller: Any) -> None:
        answer = await caller.get("/")
        assert (answer.status, answer.headers["location"]) == (302, "/api/docs")


class TestPage:
    async def test_allows_scripts_from_here_only(self, caller: Any) -> None:
        page = await caller.get("/api/docs")
        assert page.status == 200
        assert page.headers["content-type"].startswith("text/html")
        policy = page.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy

    async def test_names_no_address_but_ours(self, caller: Any) -> None:
        for path in ("/api/docs", "/api/docs/channels", "/api/docs/start.js"):
            assert b"://" not in (await caller.get(path)).body


class TestScalar:
    async def test_travels_compressed(self, caller: Any) -> None:
        packed = await caller.get("/api/docs/scalar.js", headers={"accept-encoding": "gzip, br"})
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.body[:2] == b"\x1f\x8b"

    async def test_is_unpacked_for_who_cannot_unpack_it(self, caller: Any) -> None:
        plain = await caller.get("/api/docs/scalar.js")
        assert "content-encoding" not in plain.headers
        assert b"createApiReference" in plain.body


@needs_browser
class TestInABrowser:
    @pytest.mark.parametrize(
        ("path", "shown"),
        [("/api/docs", "Whether this process runs"), ("/api/docs/channels", "conversation:*")],
    )
    async def test_renders_without_error_or_foreign_request(
        self, caller: Any, tmp_path: Path, path: str, shown: str
    ) -> None:
        async with listening(caller.asgi) as address:
            seen = await visit(f"{address}{path}", tmp_path)
        assert shown in seen.page, "the operations are on the page"
        # The renderer tells its own name.
        assert [line for line in seen.complaints if '"@scalar/api-reference@' not in line] == []
        # What the browser asks on its own account has another initiator.
        asked = {
            urlsplit(one["url"]).netloc for one in seen.requests if one.get("initiator") == address
        }
        assert asked == {urlsplit(address).netloc}
