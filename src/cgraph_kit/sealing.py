"""Short texts that leave our hands and come back: nobody else can read them, change them or make them."""

import hmac

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

LONGEST = 2048
"""Characters; nothing longer is even looked at."""

_HEADER = {"alg": "dir", "enc": "A256GCM"}
_ALGORITHMS = ["dir", "A256GCM"]


class Sealer:
    """Seals with a key made of a secret and of what it is for: what one purpose has sealed another cannot open.

    A sealed text is a compact JWE (RFC 7516; AES-256-GCM) without its header, which is always the same.
    """

    def __init__(self, secret: str, purpose: str) -> None:
        key = hmac.digest(secret.encode(), f"seal: {purpose}".encode(), "sha256")
        self._key = OctKey.import_key(key)
        self._prefix = jwe.encrypt_compact(_HEADER, b"", self._key).partition("..")[0] + ".."

    def seal(self, text: str) -> str:
        """Letters, digits, `-`, `_` and two dots; never the same twice."""
        sealed = jwe.encrypt_compact(_HEADER, text.encode(), self._key)
        return sealed.removeprefix(self._prefix)

    def open(self, sealed: str) -> str | None:
        """The text; None for what was not sealed with this secret, for this purpose."""
        if len(sealed) > LONGEST:
            return None
        try:
            opened = jwe.decrypt_compact(self._prefix + sealed, self._key, algorithms=_ALGORITHMS)
            return (opened.plaintext or b"").decode()
        except (JoseError, ValueError):
            return None
