"""The Apple Push Notification service: HTTP/2, and a token signed by the operator's key instead of certificates."""

import logging
import re
import ssl
from datetime import UTC, datetime
from http import HTTPStatus
from typing import ClassVar, Self

import httpx2
import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from cgraph_kit import clock

from . import apple
from .device import Device, Platform, Unusable
from .exchange import NoAnswer, client, post
from .jwt import signed
from .outcome import Gone, Outcome, Rejected, Retry, Sent, retry_after
from .payload import Payload, content, fitted

log = logging.getLogger(__name__)

URL = "https://api.push.apple.com"
SANDBOX_URL = "https://api.sandbox.push.apple.com"
REUSED = 50 * 60
"""Seconds a provider token is used: Apple refuses those older than an hour …"""
SOONEST = 20 * 60
"""… and those who change theirs more often than this."""

_TOKEN = re.compile(r"[0-9a-fA-F]{16,200}")
_OURS = frozenset({"id", "kind", "url", "collapse", "data", "retract"})
"""What of a push the app reads; the rest is the system's, under `aps`."""


class ApnsKey(msgspec.Struct, frozen=True):
    """A key of the operator's developer account, as its `.p8` file holds it, and whose it is."""

    pem: str
    key_id: str
    team_id: str

    @classmethod
    def read(cls, pem: str, key_id: str, team_id: str) -> Self:
        """Raises `ValueError` for a file that holds no such key."""
        key = cls(pem, key_id, team_id)
        key.signing()
        return key

    def signing(self) -> ECKey:
        try:
            return ECKey.import_key(self.pem)
        except (JoseError, ValueError) as error:
            raise ValueError(f"must be an EC key in PEM: {error}") from None

    def __repr__(self) -> str:
        return f"ApnsKey({self.key_id!r}, …)"


class ProviderToken:
    """The token every push carries, signed seldom enough."""

    def __init__(self, key: ApnsKey) -> None:
        self._key = key
        self._signing = key.signing()
        self._token = ""
        self._since = 0.0

    def get(self) -> str:
        if self._age() >= REUSED:
            self._renew()
        return self._token

    def expired(self, token: str) -> bool:
        """Apple finds this token too old: whether there is a newer one now."""
        if token == self._token and self._age() >= SOONEST:
            self._renew()
        return token != self._token

    def _age(self) -> float:
        return clock.now().timestamp() - self._since

    def _renew(self) -> None:
        self._since = clock.now().timestamp()
        claims = {"iss": self._key.team_id, "iat": int(self._since)}
        self._token = signed(claims, self._signing, kid=self._key.key_id)


class Apns:
    """Sends to one app (`topic` is its bundle id), all pushes over a connection or two.

    `sandbox` is for apps under development; `url` is where else APNs is.
    """

    platform: ClassVar[Platform] = "apns"

    def __init__(
        self,
        key: ApnsKey,
        topic: str,
        *,
        sandbox: bool = False,
        url: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._url = url or (SANDBOX_URL if sandbox else URL)
        self._topic = topic
        self._token = ProviderToken(key)
        self._client = client(tls, http1=False)

    def check(self, device: Device) -> None:
        # It becomes part of an address: nothing but digits must get there.
        if not _TOKEN.fullmatch(device.token):
            raise Unusable("token", "is not one of APNs, in hexadecimal")

    async def send(self, device: Device, payload: Payload) -> Outcome:
        body = fitted(payload, _encoded)
        token = self._token.get()
        try:
            answer = await self._post(device, payload, body, token)
            if _failure(answer).reason == "ExpiredProviderToken" and self._token.expired(token):
                answer = await self._post(device, payload, body, self._token.get())
        except NoAnswer as error:
            log.info("APNs cannot be used: %s", error)
            return Retry("APNs cannot be reached")
        return _outcome(answer, device)

    async def close(self) -> None:
        await self._client.aclose()

    async def _post(
        self, device: Device, payload: Payload, body: bytes, token: str
    ) -> httpx2.Response:
        headers = {
            **apple.headers(payload),
            "apns-topic": self._topic,
            "authorization": f"bearer {token}",
            "content-type": "application/json",
        }
        return await post(self._client, f"{self._url}/3/device/{device.token}", body, headers)


def _encoded(payload: Payload) -> bytes:
    own = {name: value for name, value in content(payload).items() if name in _OURS}
    return msgspec.json.encode({"aps": apple.aps(payload), **own})


class _Failure(msgspec.Struct, frozen=True):
    reason: str = ""
    timestamp: int | None = None
    """Milliseconds since 1970: when Apple noticed that a token was no longer valid."""

    def before(self, device: Device) -> bool:
        """Whether that was before the app brought the token (again)."""
        if self.timestamp is None:
            return False
        return datetime.fromtimestamp(self.timestamp / 1000, UTC) < device.registered_at


def _failure(answer: httpx2.Response) -> _Failure:
    try:
        return msgspec.json.decode(answer.content, type=_Failure)
    except msgspec.MsgspecError:
        return _Failure()


def _outcome(answer: httpx2.Response, device: Device) -> Outcome:
    """Apple, "Handling notification responses from APNs"."""
    status = answer.status_code
    if status == HTTPStatus.OK:
        return Sent(answer.headers.get("apns-id"))
    failure = _failure(answer)
    reason = f"APNs answered {status} {failure.reason}".rstrip()
    if status == HTTPStatus.GONE:
        return Retry(reason) if failure.before(device) else Gone(reason)
    if failure.reason == "TooManyProviderTokenUpdates":
        return Retry(reason, SOONEST)
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Retry(reason, retry_after(answer.headers))
    return Rejected(reason)
