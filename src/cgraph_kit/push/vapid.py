"""VAPID (RFC 8292): the key pair a server is known by to push services, and how it signs."""

import base64
import binascii
from typing import Self

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey

from cgraph_kit import clock

from .jwt import signed

LIFE = 12 * 3600
"""Seconds a signature is good for; more than a day is refused."""
REUSED = 11 * 3600
"""Seconds for which it is used again, so that signing costs nothing."""
ORIGINS = 1000
"""Signatures kept. Endpoints are what people say they are, so there is an end."""
PRIVATE_BYTES = 32
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the curve P-256: private keys lie below."""


def encode64(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode64(text: str) -> bytes:
    """Base64url, padded or not, as browsers write keys. Raises `ValueError`."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


class VapidKeys:
    """A P-256 key pair, written as most Web Push software does: base64url of the raw numbers."""

    def __init__(self, private: str) -> None:
        """Raises `ValueError` for what is no private key."""
        raw = decode64(private.strip())
        number = int.from_bytes(raw)
        if len(raw) != PRIVATE_BYTES or not 0 < number < ORDER:
            raise ValueError("must be a P-256 private key: 32 bytes in base64url")
        key = ec.derive_private_key(number, ec.SECP256R1())
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.private = encode64(raw)
        self.public = encode64(point)
        """What browsers are given as `applicationServerKey`."""
        self.signing = ECKey.import_key(
            {
                "kty": "EC",
                "crv": "P-256",
                "x": encode64(point[1:33]),
                "y": encode64(point[33:]),
                "d": self.private,
            }
        )

    @classmethod
    def make(cls) -> Self:
        """A new pair."""
        number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
        return cls(encode64(number.to_bytes(PRIVATE_BYTES)))

    def __repr__(self) -> str:
        return f"VapidKeys({self.public!r}, …)"


class Vapid:
    """Signs for push services; `subject` is how they reach the operator: a `mailto:` or `https:` address."""

    def __init__(self, keys: VapidKeys, subject: str) -> None:
        self.keys = keys
        self.subject = subject
        self._kept: dict[str, tuple[str, float]] = {}

    def authorization(self, origin: str) -> str:
        """The Authorization header for a push service; `origin` is `https://host[:port]`."""
        now = clock.now().timestamp()
        header, until = self._kept.pop(origin, ("", 0.0))
        if until <= now:
            claims = {"aud": origin, "exp": int(now) + LIFE, "sub": self.subject}
            token = signed(claims, self.keys.signing)
            header, until = f"vapid t={token},k={self.keys.public}", now + REUSED
        self._kept[origin] = header, until
        if len(self._kept) > ORIGINS:
            del self._kept[next(iter(self._kept))]
        return header
