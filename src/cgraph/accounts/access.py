"""Access tokens: short-lived JWTs (RFC 7519, 9068) signed by HMAC, and the keys that sign."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, OctKey

from cgraph_kit.sealing import Sealer

from .errors import InvalidToken, TokenExpired

ALGORITHMS = ("HS256",)
TYPE = "at+jwt"
LONGEST = 2048
"""Characters; nothing longer is even parsed."""

TAG_BYTES = 16


class Keys:
    """The secrets: one signs, all of them are believed, so that the signing one can be replaced at leisure."""

    def __init__(self, current: str, secrets: Mapping[str, str]) -> None:
        self.current = current
        self._keys = {id: OctKey.import_key(secret) for id, secret in secrets.items()}
        self._tag_keys = {
            id: hmac.digest(secret.encode(), b"cgraph refresh token", "sha256")
            for id, secret in secrets.items()
        }
        self._sealers = {id: Sealer(secret, "accounts") for id, secret in secrets.items()}
        if current not in self._keys:
            raise ValueError("the current key id has no secret")

    def __repr__(self) -> str:
        return f"Keys({self.current!r}, …)"

    def signing(self) -> OctKey:
        return self._keys[self.current]

    def named(self, token: GuestProtocol) -> OctKey:
        """The key a token says it was signed with. Raises `InvalidToken` where it says none of ours."""
        headers = token.headers()
        key = self._keys.get(headers.get("kid", ""))
        if key is None or headers.get("typ") != TYPE:
            raise InvalidToken
        return key

    def seal(self, text: str) -> str:
        """The text, for nobody else to read."""
        return self._sealers[self.current].seal(text)

    def open(self, sealed: str) -> str | None:
        """What was sealed, by any key; None if it was by none."""
        opened = (sealer.open(sealed) for sealer in self._sealers.values())
        return next((text for text in opened if text is not None), None)

    def tag(self, data: bytes) -> bytes:
        """A short proof that this server made `data`."""
        return _tag(self._tag_keys[self.current], data)

    def tagged(self, data: bytes, tag: bytes) -> bool:
        """Whether the proof holds, by any key."""
        return any(hmac.compare_digest(_tag(key, data), tag) for key in self._tag_keys.values())


def _tag(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, hashlib.sha256)[:TAG_BYTES]


class Claims(msgspec.Struct, frozen=True):
    """What an access token says. Times in seconds since 1970."""

    iss: str
    sub: UUID
    """The user."""
    sid: UUID
    """The session."""
    pid: UUID
    """The pair: which refresh token came with it."""
    iat: int
    exp: int


class AccessTokens:
    """Makes access tokens and reads them; `issuer` keeps installations that share a secret apart."""

    def __init__(self, keys: Keys, *, issuer: str, seconds: int) -> None:
        self._keys = keys
        self._issuer = issuer
        self.seconds = seconds

    def issue(self, user_id: UUID, session_id: UUID, pair_id: UUID, now: datetime) -> str:
        issued = int(now.timestamp())
        claims = Claims(self._issuer, user_id, session_id, pair_id, issued, issued + self.seconds)
        header = {"alg": ALGORITHMS[0], "typ": TYPE, "kid": self._keys.current}
        return jws.serialize_compact(
            header, msgspec.json.encode(claims), self._keys.signing(), ALGORITHMS
        )

    def read(self, token: str, now: datetime) -> Claims:
        """What a token of ours says. Raises `InvalidToken`, or `TokenExpired` when its time is over."""
        if len(token) > LONGEST:
            raise InvalidToken
        try:
            payload = jws.deserialize_compact(token, self._keys.named, ALGORITHMS).payload
            claims = msgspec.json.decode(payload or b"", type=Claims)
        except (JoseError, ValueError, msgspec.MsgspecError):
            raise InvalidToken from None
        if claims.iss != self._issuer:
            raise InvalidToken
        if claims.exp <= now.timestamp():
            raise TokenExpired
        return claims
