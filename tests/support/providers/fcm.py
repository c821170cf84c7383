"""Firebase Cloud Messaging and Google's token endpoint, for one project."""

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any
from urllib.parse import parse_qs

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from joserfc import jwt
from joserfc.jwk import RSAKey

from .serving import Answered, Request, json_answer, serving

EMAIL = "pusher@chat.iam.gserviceaccount.com"
PROJECT = "chat"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
LARGEST = 4096


def failure(status: int, code: str, message: str = "", *details: Any, **headers: str) -> Answered:
    """An error as FCM writes it; `code` as its own detail."""
    google = {400: "INVALID_ARGUMENT", 404: "NOT_FOUND", 401: "UNAUTHENTICATED"}
    error = {
        "code": status,
        "message": message or code,
        "status": google.get(status, code),
        "details": [{"@type": FCM_ERROR, "errorCode": code}, *details],
    }
    return json_answer(status, {"error": error}, **headers)


@cache
def account_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


class FirebaseService:
    """Takes messages for its devices until told to answer otherwise."""

    def __init__(self) -> None:
        self.url = ""
        self.key = account_key()
        self.devices: dict[str, list[Any]] = {"token:a": []}
        """The messages of each, by registration token."""
        self.requests: list[Request] = []
        self.answers: list[Answered] = []
        """Of `messages:send`, given first, one each."""
        self.token_answers: list[Answered] = []
        self.tokens: list[str] = []
        """Access tokens issued, the last one valid."""

    @property
    def account(self) -> bytes:
        """The service account's file, as the console hands it out."""
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return msgspec.json.encode(
            {
                "type": "service_account",
                "project_id": PROJECT,
                "private_key_id": "key-1",
                "private_key": pem.decode(),
                "client_email": EMAIL,
                "client_id": "1",
                "token_uri": self.url + "/token",
            }
        )

    @property
    def sent(self) -> list[Request]:
        return [asked for asked in self.requests if asked.path != "/token"]

    async def answer(self, request: Request) -> Answered:
        self.requests.append(request)
        if request.path == "/token":
            return self.token_answers.pop(0) if self.token_answers else self.issue(request)
        if request.path != f"/v1/projects/{PROJECT}/messages:send" or request.method != "POST":
            return Answered(404)
        if request.headers.get("authorization") != f"Bearer {self.tokens[-1]}":
            return failure(401, "UNAUTHENTICATED")
        return self.answers.pop(0) if self.answers else self.take(request.json["message"])

    def issue(self, request: Request) -> Answered:
        """RFC 7523 §2.1, as Google wants it."""
        form = parse_qs(request.body.decode())
        public = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        token = jwt.decode(form["assertion"][0], RSAKey.import_key(public), ["RS256"])
        claims = token.claims
        good = (
            form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
            and token.header["kid"] == "key-1"
            and (claims["iss"], claims["aud"]) == (EMAIL, self.url + "/token")
            and claims["scope"] == SCOPE
            and claims["iat"] - 60 < time.time() < claims["exp"] <= claims["iat"] + 3600
        )
        if not good:
            return json_answer(400, {"error": "invalid_grant"})
        self.tokens.append(f"ya29.{len(self.tokens)}")
        body = {"access_token": self.tokens[-1], "expires_in": 3599, "token_type": "Bearer"}
        return json_answer(200, body)

    def take(self, message: Any) -> Answered:
        """A message, checked as far as the reference describes it."""
        inbox = self.devices.get(message.pop("token"))
        if inbox is None:
            return failure(404, "UNREGISTERED", "Requested entity was not found.")
        strings = all(isinstance(value, str) for value in message["data"].values())
        ttl = message["android"]["ttl"]
        if not strings or not re.fullmatch(r"\d+s", ttl):
            return failure(400, "INVALID_ARGUMENT")
        if len(msgspec.json.encode(message)) > LARGEST:
            return failure(400, "INVALID_ARGUMENT", "Message is too big")
        inbox.append(message)
        return json_answer(200, {"name": f"projects/{PROJECT}/messages/0:{len(inbox)}"})


@asynccontextmanager
async def firebase() -> AsyncIterator[FirebaseService]:
    service = FirebaseService()
    async with serving(service.answer) as service.url:
        yield service
