"""Addresses of pictures and pages that people give."""

from urllib.parse import unquote, urlsplit

import httpx2

LONGEST = 2048
PORTS = {"http": 80, "https": 443}
_ODD = frozenset("/?#@\\<> \t\r\n")


def is_https(url: str, *, longest: int = LONGEST) -> bool:
    """Whether it is an https address that says no more than where: without names, passwords and odd characters."""
    if len(url) > longest or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return (
            parts.scheme == "https"
            and bool(parts.hostname)
            and "@" not in parts.netloc
            and parts.port != 0
        )
    except ValueError:
        return False


def normal(url: str) -> str | None:
    """A page's address as it is asked for: host in lower case and ASCII (punycode), no fragment, no port that goes without saying.

    None for what is no address of the web, says a name or password, or is longer than 2,048 characters.
    """
    try:
        parts = urlsplit(url)
        host, port = unquote(parts.hostname or ""), parts.port
        if parts.scheme not in PORTS or "@" in parts.netloc or not host or _ODD & set(host):
            return None
        named = f"[{host}]" if ":" in host else host
        shown = "" if port in {None, PORTS[parts.scheme]} else f":{port}"
        asked = parts._replace(netloc=named + shown, fragment="").geturl()
        made = httpx2.URL(asked)
        whole = f"{parts.scheme}://{made.netloc.decode('ascii')}{made.raw_path.decode('ascii')}"
    except (ValueError, httpx2.InvalidURL):
        return None
    return whole if len(whole) <= LONGEST else None
