"""Firebase Cloud Messaging, HTTP v1: to Android, and to iOS apps that use Firebase."""

import logging
import ssl
from http import HTTPStatus
from typing import Any, ClassVar

import httpx2
import msgspec

from . import apple
from .device import Device, Platform, Unusable
from .exchange import NoAnswer, client, post
from .google import AccessTokens, Refused, ServiceAccount
from .outcome import Gone, Outcome, Rejected, Retry, Sent, retry_after
from .payload import Payload, content, fitted

log = logging.getLogger(__name__)

URL = "https://fcm.googleapis.com"
QUOTA_SECONDS = 60.0
"""What Google asks for at least, where a quota is used up and no time is named."""
BADGE = "badge"
"""The collapse key of pushes that carry nothing but a badge. FCM keeps four keys per device at most, so it is the only
one: everything else is kept until the device has it."""


class Fcm:
    """Sends with the operator's own service account. Android gets data messages, which the app shows itself: it can drop
    repeats and take back what it showed. iOS gets what `apns` would send it.
    """

    platform: ClassVar[Platform] = "fcm"

    def __init__(
        self, account: ServiceAccount, *, url: str = URL, tls: ssl.SSLContext | None = None
    ) -> None:
        self._url = f"{url}/v1/projects/{account.project_id}/messages:send"
        self._client = client(tls)
        self._tokens = AccessTokens(account, self._client)

    def check(self, device: Device) -> None:
        if not device.token.isascii() or not device.token.isprintable() or " " in device.token:
            raise Unusable("token", "is not one of FCM")

    async def send(self, device: Device, payload: Payload) -> Outcome:
        body = fitted(payload, _encoded)
        body = b'{"message":{"token":%b,%b}' % (msgspec.json.encode(device.token), body[1:])
        try:
            answer, token = await self._post(body)
            if _failure(answer).is_old_token(answer.status_code):
                self._tokens.forget(token)
                answer, _ = await self._post(body)
        except Refused as error:
            return Rejected(str(error))
        except NoAnswer as error:
            log.info("FCM cannot be used: %s", error)
            return Retry("FCM cannot be reached")
        return _outcome(answer)

    async def close(self) -> None:
        await self._client.aclose()

    async def _post(self, body: bytes) -> tuple[httpx2.Response, str]:
        """The answer, and the access token it was asked with."""
        token = await self._tokens.get()
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        return await post(self._client, self._url, body, headers), token


def _encoded(payload: Payload) -> bytes:
    """The message without its token: what FCM counts."""
    return msgspec.json.encode(
        {
            "data": {name: _text(value) for name, value in content(payload).items()},
            "android": _android(payload),
            "apns": {"headers": apple.headers(payload), "payload": {"aps": apple.aps(payload)}},
        }
    )


def _text(value: Any) -> str:
    """FCM's data is texts only; lists and objects are JSON within them."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _android(payload: Payload) -> dict[str, Any]:
    options: dict[str, Any] = {
        "priority": "HIGH" if payload.urgency == "high" else "NORMAL",
        "ttl": f"{payload.ttl}s",
    }
    if payload.silent and not payload.retract:
        options["collapse_key"] = BADGE
    return options


class _Violation(msgspec.Struct, frozen=True):
    field: str = ""


class _Detail(msgspec.Struct, frozen=True, rename="camel"):
    error_code: str = ""
    field_violations: list[_Violation] = []


class _Error(msgspec.Struct, frozen=True):
    message: str = ""
    status: str = ""
    details: list[_Detail] = []


class _Failure(msgspec.Struct, frozen=True):
    """https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode"""

    error: _Error = _Error()

    @property
    def code(self) -> str:
        """FCM's own word, or else Google's."""
        own = (detail.error_code for detail in self.error.details if detail.error_code)
        return next(own, self.error.status)

    @property
    def means_gone(self) -> bool:
        """Whether the device's token is no longer one, or never was; not when it is something else we say that is wrong."""
        if self.code != "INVALID_ARGUMENT":
            return self.code == "UNREGISTERED"
        fields = {one.field for detail in self.error.details for one in detail.field_violations}
        if fields:
            return fields == {"message.token"}
        return "registration token is not a valid" in self.error.message

    def is_old_token(self, status: int) -> bool:
        """Whether it is our access token that is refused, rather than Apple's credentials of the project."""
        return status == HTTPStatus.UNAUTHORIZED and self.code != "THIRD_PARTY_AUTH_ERROR"


class _Accepted(msgspec.Struct, frozen=True):
    name: str | None = None


def _failure(answer: httpx2.Response) -> _Failure:
    try:
        return msgspec.json.decode(answer.content, type=_Failure)
    except msgspec.MsgspecError:
        return _Failure()


def _outcome(answer: httpx2.Response) -> Outcome:
    status = answer.status_code
    if status == HTTPStatus.OK:
        return Sent(_name(answer))
    failure = _failure(answer)
    reason = f"FCM answered {status} {failure.code}".rstrip()
    if failure.means_gone:
        return Gone(reason)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Retry(reason, retry_after(answer.headers) or QUOTA_SECONDS)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Retry(reason, retry_after(answer.headers))
    return Rejected(reason)


def _name(answer: httpx2.Response) -> str | None:
    try:
        return msgspec.json.decode(answer.content, type=_Accepted).name
    except msgspec.MsgspecError:
        return None
