"""The Apple Push Notification service, for one app."""

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from cgraph_kit import clock

from .serving import Answered, Request, json_answer, serving

TOPIC = "org.example.chat"
KEY_ID = "ABC123DEFG"
TEAM_ID = "DEF123GHIJ"
LARGEST = 4096
OLDEST = 3600


def reason(status: int, said: str, **extra: Any) -> Answered:
    return json_answer(status, {"reason": said, **extra})


class AppleService:
    """Takes pushes for its devices until told to answer otherwise."""

    def __init__(self) -> None:
        self.url = ""
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.devices: dict[str, list[Any]] = {"a" * 64: []}
        """The pushes of each, by token."""
        self.unregistered: dict[str, int] = {}
        """Tokens that are no longer valid, and since when, in milliseconds."""
        self.requests: list[Request] = []
        self.answers: list[Answered] = []

    @property
    def pem(self) -> str:
        """As a `.p8` file."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    async def answer(self, request: Request) -> Answered:
        self.requests.append(request)
        if self.answers:
            return self.answers.pop(0)
        refused = self.refused_token(request) or self.refused_headers(request)
        if refused is not None:
            return refused
        token = request.path.removeprefix("/3/device/")
        if token in self.unregistered:
            return reason(410, "Unregistered", timestamp=self.unregistered[token])
        if token not in self.devices:
            return reason(400, "BadDeviceToken")
        if len(request.body) > LARGEST:
            return reason(413, "PayloadTooLarge")
        self.devices[token].append(request.json)
        return Answered(200, {"apns-id": f"apns-{len(self.requests)}"})

    def refused_token(self, request: Request) -> Answered | None:
        public = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        sent = request.headers.get("authorization", "")
        try:
            token = jwt.decode(sent.removeprefix("bearer "), ECKey.import_key(public), ["ES256"])
        except (JoseError, ValueError):
            return reason(403, "InvalidProviderToken")
        if (token.header.get("kid"), token.claims.get("iss")) != (KEY_ID, TEAM_ID):
            return reason(403, "InvalidProviderToken")
        if clock.now().timestamp() - token.claims["iat"] > OLDEST:
            return reason(403, "ExpiredProviderToken")
        return None

    def refused_headers(self, request: Request) -> Answered | None:
        sent = request.headers
        kind, aps = sent.get("apns-push-type"), request.json.get("aps", {})
        background = kind == "background"
        checks = {
            "MethodNotAllowed": request.method == "POST",
            "BadTopic": sent.get("apns-topic") == TOPIC,
            "InvalidPushType": kind in {"alert", "background"},
            "BadPriority": sent.get("apns-priority") in ({"5"} if background else {"5", "10"}),
            "BadExpirationDate": re.fullmatch(r"\d+", sent.get("apns-expiration", "")),
            "BadCollapseId": len(sent.get("apns-collapse-id", "").encode()) <= 64,
            "PayloadEmpty": bool(aps),
            "BadMessage": set(aps) == {"content-available"} if background else True,
            "HttpVersion": request.http_version == "2",
        }
        return next((reason(400, name) for name, good in checks.items() if not good), None)


@asynccontextmanager
async def apple_service() -> AsyncIterator[AppleService]:
    service = AppleService()
    async with serving(service.answer) as service.url:
        yield service


def in_milliseconds(seconds_ago: float) -> int:
    return int((time.time() - seconds_ago) * 1000)
