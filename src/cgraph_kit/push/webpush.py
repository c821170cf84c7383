"""Web Push (RFC 8030): to browsers and whatever else subscribes, encrypted for them alone (RFC 8291)."""

import hashlib
import logging
from http import HTTPStatus
from typing import ClassVar

import http_ece  # type: ignore[import-untyped]
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from cgraph_kit.guard import Answer, Blocked, Fetcher, FetchError

from .device import Device, Platform, Unusable
from .outcome import Gone, Outcome, Rejected, Retry, Sent, retry_after
from .payload import LIMIT, Payload, content, fitted
from .vapid import Vapid, decode64, encode64

log = logging.getLogger(__name__)

OVERHEAD = 103
"""Bytes encryption adds: salt 16, record size 4, key 1 + 65, delimiter 1, tag 16."""
SMALLER = LIMIT // 4
"""What is tried where a push service finds a push too large: it need not take more than 4,096 bytes, and may take less."""
LONGEST_NAME = 500
"""Characters kept of what a push service calls a message: whoever answers there writes what they like."""
POINT_BYTES = 65
AUTH_BYTES = 16
TOPIC_BYTES = 24
"""32 characters in base64url: the longest topic there is (RFC 8030 §5.4)."""

_TAKEN = frozenset({200, 201, 202, 204})
_GONE = frozenset({404, 410})


def check_keys(p256dh: str, auth: str) -> None:
    """Raises `ValueError` for what no subscription's keys can be: a point of P-256 and 16 bytes, both base64url."""
    _point(p256dh)
    if len(decode64(auth)) != AUTH_BYTES:
        raise ValueError(f"auth must be {AUTH_BYTES} bytes in base64url")


def _point(p256dh: str) -> ec.EllipticCurvePublicKey:
    raw = decode64(p256dh)
    if len(raw) != POINT_BYTES:
        raise ValueError("p256dh must be an uncompressed point of P-256 in base64url")
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)


def encrypted(plain: bytes, p256dh: str, auth: str) -> bytes:
    """For the holder of a subscription, as `aes128gcm` in one record, with a key pair of its own. 0.2 ms."""
    message: bytes = http_ece.encrypt(
        plain,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=_point(p256dh),
        auth_secret=decode64(auth),
        version="aes128gcm",
    )
    return message


def topic(collapse: str) -> str:
    """A name of the shape push services demand, which tells them nothing."""
    return encode64(hashlib.sha256(collapse.encode()).digest()[:TOPIC_BYTES])


class WebPush:
    """Sends to endpoints that people name, so by a `Fetcher`, which this closes. Redirects are refused."""

    platform: ClassVar[Platform] = "webpush"

    def __init__(self, vapid: Vapid, fetcher: Fetcher) -> None:
        self.vapid = vapid
        self._fetcher = fetcher

    def check(self, device: Device) -> None:
        try:
            self._fetcher.check(device.token)
        except Blocked as error:
            raise Unusable("endpoint", f"cannot be used: {error}") from None
        try:
            check_keys(device.p256dh, device.auth)
        except ValueError as error:
            raise Unusable("keys", f"cannot be used: {error}") from None

    async def send(self, device: Device, payload: Payload) -> Outcome:
        try:
            answer = await self._post(device, payload, LIMIT)
            if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                answer = await self._post(device, payload, SMALLER)
        except Blocked as error:
            # The person is not told: what a name means inside our network is none of their business.
            log.warning("a push endpoint was refused: %s", error)
            return Rejected("the endpoint is not an address pushes are sent to")
        except FetchError as error:
            log.info("a push service cannot be used: %s", error)
            return Retry("the push service cannot be reached")
        return _outcome(answer)

    async def close(self) -> None:
        await self._fetcher.close()

    async def _post(self, device: Device, payload: Payload, limit: int) -> Answer:
        plain = fitted(payload, _encoded, limit - OVERHEAD)
        url = self._fetcher.check(device.token)
        headers = {
            "authorization": self.vapid.authorization(f"https://{url.netloc.decode('ascii')}"),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(payload.ttl),
            "urgency": payload.urgency,
        }
        if payload.collapse is not None:
            headers["topic"] = topic(payload.collapse)
        body = encrypted(plain, device.p256dh, device.auth)
        return await self._fetcher.send("POST", device.token, headers=headers, body=body)


def _encoded(payload: Payload) -> bytes:
    return msgspec.json.encode(content(payload))


def _outcome(answer: Answer) -> Outcome:
    """RFC 8030 §5, §7.3, §8.4."""
    status = answer.status
    reason = f"the push service answered {status}"
    if status in _TAKEN:
        name = answer.headers.get("location")
        return Sent(name and name[:LONGEST_NAME])
    if status in _GONE:
        return Gone(reason)
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Retry(reason, retry_after(answer.headers))
    return Rejected(reason)
