"""Who is asking: the bearer token of a request."""

from collections.abc import Mapping

from cgraph_kit.errors import Unauthorized


def bearer_token(headers: Mapping[bytes, bytes]) -> str:
    """The token of `Authorization: Bearer …` (RFC 6750 §2.1). Raises `Unauthorized`.

    Never from the query string: addresses end up in logs and histories.
    """
    scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
    token = token.strip()
    if scheme.lower() != b"bearer" or not token or not token.isascii():
        raise Unauthorized
    return token.decode("ascii")
