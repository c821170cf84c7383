"""Addresses of pictures and pages that people give."""

from urllib.parse import urlsplit

LONGEST = 2048


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
