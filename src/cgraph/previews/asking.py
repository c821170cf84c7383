"""Asking pages what they show, through the guard.

Whoever posts a link learns nothing of the network by it: of a page that was refused, is away or is no page, there is nothing.
"""

import asyncio
import logging
import time
from urllib.parse import urlsplit

import msgspec

from cgraph_kit import telemetry
from cgraph_kit.guard import Answer, Blocked, Fetcher, FetchError, Headers, Unwanted

from .limits import IMAGE_MOST
from .page import BEGINNING, TITLE, Page, plain, read_page
from .preview import Shown

log = logging.getLogger(__name__)

_ASKED = telemetry.counter(
    "link_previews_total",
    "Pages and pictures that were asked for previews, by what came of it.",
    ("outcome",),
)
_SECONDS = telemetry.histogram(
    "link_preview_seconds", "Time pages and pictures took to answer, by outcome.", ("outcome",)
)
PAGES = frozenset({"text/html", "application/xhtml+xml"})
OK = 200


class Found(msgspec.Struct, frozen=True):
    """What is to be shown of an address."""

    kind: Shown
    page: Page
    image: bytes | None = None
    """As it was sent: whatever it is."""


async def ask(fetcher: Fetcher, url: str, agent: str) -> Found | None:
    """What a page shows of itself; None: nothing, for whatever reason."""
    answer = await _get(fetcher, url, agent, "text/html,application/xhtml+xml,image/*;q=0.8")
    if answer is None:
        return None
    if _type(answer.headers) not in PAGES:
        name = urlsplit(url).path.rpartition("/")[2]
        return Found("image", Page(title=plain(name, TITLE)), answer.body)
    content_type = answer.headers.get("content-type", "")
    page = await asyncio.to_thread(read_page, answer.body, content_type, answer.url)
    image = None
    if page.image_url:
        image = await _get(fetcher, page.image_url, agent, "image/*")
    if not (page.title or page.description or image):
        return None
    return Found("page", page, image.body if image else None)


async def _get(fetcher: Fetcher, url: str, agent: str, accept: str) -> Answer | None:
    began, outcome = time.monotonic(), "answered"
    pages = accept.startswith("text/")

    def wanted(status: int, headers: Headers) -> int | None:
        return _wanted(status, headers, pages=pages)

    try:
        answer = await fetcher.send(
            "GET", url, headers={"user-agent": agent, "accept": accept}, wanted=wanted
        )
    except Blocked as error:
        outcome, answer = "refused", None
        log.info("a link was not asked: %s", error)
    except Unwanted:
        outcome, answer = "unwanted", None
    except FetchError:
        outcome, answer = "failed", None
    if answer is not None and len(answer.body) > IMAGE_MOST:
        outcome, answer = "unwanted", None
    _ASKED.labels(outcome).inc()
    _SECONDS.labels(outcome).observe(time.monotonic() - began)
    return answer


def _wanted(status: int, headers: Headers, *, pages: bool) -> int | None:
    """Of a page its beginning, of a picture all of it; of what is compressed, though that was not asked for, nothing."""
    if status != OK or headers.get("content-encoding", "identity").strip().lower() != "identity":
        return None
    kind = _type(headers)
    if kind in PAGES and pages:
        return BEGINNING
    if not kind.startswith("image/"):
        return None
    declared = headers.get("content-length", "0")
    if declared.isdigit() and int(declared[:20]) > IMAGE_MOST:
        return None
    return IMAGE_MOST + 1


def _type(headers: Headers) -> str:
    said: str = headers.get("content-type", "")
    return said.partition(";")[0].strip().lower()
