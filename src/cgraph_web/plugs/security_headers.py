"""Headers that tell browsers what not to do with our answers."""

from cgraph_web.response import Header

YEAR = 31_536_000

API_POLICY = b"default-src 'none'; frame-ancestors 'none'"


def security_headers(*, https: bool, embedded: bytes = b"same-origin") -> list[Header]:
    """What every answer carries. An answer that is a page brings a content-security-policy of its own instead.

    `https`: the public address is HTTPS, so browsers may be told to insist on it (RFC 6797). `embedded`: whose pages may show
    it (Cross-Origin-Resource-Policy).
    """
    headers = [
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-resource-policy", embedded),
    ]
    if https:
        headers.append((b"strict-transport-security", b"max-age=%d; includeSubDomains" % YEAR))
    return headers
