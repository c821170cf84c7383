"""Signed tokens (RFC 7515, 7519) by which a sender shows a provider who it is."""

from collections.abc import Mapping
from typing import Any

import msgspec
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey


def signed(claims: Mapping[str, Any], key: ECKey | RSAKey, **header: str) -> str:
    """Claims under a signature: ES256 with an EC key, RS256 with an RSA key."""
    algorithm = "ES256" if isinstance(key, ECKey) else "RS256"
    payload = msgspec.json.encode(claims)
    return jws.serialize_compact(
        {"typ": "JWT", "alg": algorithm, **header}, payload, key, [algorithm]
    )
