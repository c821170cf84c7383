"""A push service and the browsers subscribed to it: reads what it is sent as strictly as they would."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import http_ece
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02
from py_vapid.utils import b64urldecode, b64urlencode

from cgraph_kit.ids import new_id

from .serving import Answered, Request, serving

DAY = 86_400
LARGEST = 4096


@dataclass
class Browser:
    """One subscription, and what reached it."""

    endpoint: str
    secret: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    auth: bytes = b"sixteen bytes ok"
    received: list[Any] = field(default_factory=list)

    @property
    def keys(self) -> dict[str, str]:
        """As `PushSubscription.toJSON()` has them."""
        point = self.secret.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"p256dh": b64urlencode(point), "auth": b64urlencode(self.auth)}

    def decrypt(self, body: bytes) -> Any:
        """What a push says; fails where it was made for somebody else."""
        plain = http_ece.decrypt(
            body, private_key=self.secret, auth_secret=self.auth, version="aes128gcm"
        )
        return msgspec.json.decode(plain)


class PushService:
    """Takes pushes for its subscriptions until told to answer otherwise."""

    def __init__(self) -> None:
        self.url = ""
        self.key = ""
        """The only VAPID key it takes, as base64url; empty: any."""
        self.browsers: dict[str, Browser] = {}
        self.requests: list[Request] = []
        self.answers: list[Answered] = []
        """Given first, one each, whatever is asked."""
        self.largest = LARGEST

    def subscribe(self) -> Browser:
        path = f"/push/{new_id()}"
        self.browsers[path] = Browser(self.url + path)
        return self.browsers[path]

    async def answer(self, request: Request) -> Answered:
        self.requests.append(request)
        if self.answers:
            return self.answers.pop(0)
        browser = self.browsers.get(request.path)
        if browser is None:
            return Answered(410)
        if problem := self.problem(request):
            return Answered(400, body=problem.encode())
        if not self.authorized(request):
            return Answered(403)
        if len(request.body) > self.largest:
            return Answered(413)
        browser.received.append(browser.decrypt(request.body))
        return Answered(201, {"location": f"{self.url}/message/{len(self.requests)}"})

    def problem(self, request: Request) -> str | None:
        """RFC 8030 §5 and RFC 8291 §4: what a push must look like."""
        sent = request.headers
        if request.method != "POST" or not sent.get("ttl", "").isdigit():
            return "no TTL"
        if sent.get("content-encoding") != "aes128gcm":
            return "no aes128gcm"
        if sent.get("urgency", "normal") not in {"very-low", "low", "normal", "high"}:
            return "no such urgency"
        topic = sent.get("topic", "")
        if len(topic) > 32 or not topic.replace("-", "").replace("_", "").isalnum() * bool(topic):
            return "no such topic" if topic else None
        return None

    def authorized(self, request: Request) -> bool:
        """RFC 8292: signed by the key it names, for this very origin, for no longer than a day."""
        header = request.headers.get("authorization", "")
        if not header.startswith("vapid ") or not Vapid02.verify(header):
            return False
        parts = dict(part.split("=", 1) for part in header.removeprefix("vapid ").split(","))
        claims = msgspec.json.decode(b64urldecode(parts["t"].split(".")[1].encode()))
        host = urlsplit(f"https://{request.headers['host']}")
        return (
            claims["aud"] == f"https://{host.netloc}"
            and 0 < claims["exp"] - time.time() <= DAY
            and claims["sub"].startswith(("mailto:", "https:"))
            and self.key in {"", parts["k"]}
        )


@asynccontextmanager
async def push_service() -> AsyncIterator[PushService]:
    service = PushService()
    async with serving(service.answer) as service.url:
        yield service
