"""What all pages have in common."""

import base64
import hashlib
import re
from typing import Any

import pytest

from cgraph_kit.errors import Unavailable
from cgraph_web.pages.page import refusal

PAGES = ("/reset", "/reset/x", "/unsubscribe/x", "/dev/mailbox")


class TestPage:
    @pytest.mark.parametrize("path", PAGES)
    async def test_may_do_next_to_nothing(self, browser: Any, path: str) -> None:
        page = await browser.get(path, client=("127.0.0.1", 1))
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"

    @pytest.mark.parametrize("path", PAGES)
    async def test_its_style_is_the_one_allowed(self, browser: Any, path: str) -> None:
        page = await browser.get(path, client=("127.0.0.1", 1))
        (style,) = re.findall(r"<style>(.*?)</style>", page.body.decode(), re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"style-src 'sha256-{digest}'" in page.headers["content-security-policy"]

    @pytest.mark.parametrize("path", PAGES)
    async def test_has_nothing_that_runs_or_comes_from_elsewhere(
        self, browser: Any, path: str
    ) -> None:
        body = (await browser.get(path, client=("127.0.0.1", 1))).body.decode()
        assert "<script" not in body
        assert not re.search(r'(src|href|action)="\w+://', body)
        assert not re.search(r"<[^>]* on\w+=", body)


class TestRefusal:
    def test_says_when_again(self) -> None:
        answer = refusal("reset_ask", Unavailable(retry_after=2.5), email="")
        assert answer.status == 503
        assert (b"retry-after", b"3") in answer.headers
