"""Feeds as XML: RSS 2.0 and Atom (RFC 4287)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from cgraph.forums import Feed, FeedEntry

Format = Literal["atom", "rss"]

ATOM = "http://www.w3.org/2005/Atom"
TYPES: dict[Format, bytes] = {
    "atom": b"application/atom+xml; charset=utf-8",
    "rss": b"application/rss+xml; charset=utf-8",
}
_UNSPEAKABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot say, escaped or not."""


def xml(feed: Feed, format: Format, base: str, address: str) -> bytes:
    """A feed; `base` is where the API is, `address` where this feed is."""
    make: Callable[[Feed, str, str], Element] = _atom if format == "atom" else _rss
    register_namespace("atom", ATOM)
    body: bytes = tostring(make(feed, base, address), encoding="utf-8", xml_declaration=True)
    return body


def _atom(feed: Feed, base: str, address: str) -> Element:
    root = Element("feed", {"xmlns": ATOM})
    _say(root, "id", base + feed.path)
    _say(root, "title", feed.title)
    _say(root, "subtitle", feed.description)
    _say(root, "updated", _rfc3339(feed.updated_at))
    SubElement(root, "link", {"rel": "self", "href": address})
    SubElement(root, "link", {"rel": "alternate", "href": base + feed.path})
    for entry in feed.entries:
        _atom_entry(SubElement(root, "entry"), entry, base)
    return root


def _atom_entry(element: Element, entry: FeedEntry, base: str) -> None:
    _say(element, "id", base + entry.path)
    _say(element, "title", entry.title)
    _say(element, "published", _rfc3339(entry.published_at))
    _say(element, "updated", _rfc3339(entry.updated_at))
    _say(SubElement(element, "author"), "name", entry.author or "somebody")
    SubElement(element, "link", {"rel": "alternate", "href": base + entry.path})
    if entry.url:
        SubElement(element, "link", {"rel": "related", "href": entry.url})
    _say(element, "content", entry.html).set("type", "html")


def _rss(feed: Feed, base: str, address: str) -> Element:
    root = Element("rss", {"version": "2.0"})
    channel = SubElement(root, "channel")
    _say(channel, "title", feed.title)
    _say(channel, "link", base + feed.path)
    _say(channel, "description", feed.description)
    _say(channel, "lastBuildDate", _rfc822(feed.updated_at))
    SubElement(
        channel,
        f"{{{ATOM}}}link",
        {"rel": "self", "type": "application/rss+xml", "href": address},
    )
    for entry in feed.entries:
        item = SubElement(channel, "item")
        _say(item, "title", entry.title)
        _say(item, "link", entry.url or base + entry.path)
        _say(item, "guid", base + entry.path).set("isPermaLink", "true")
        _say(item, "pubDate", _rfc822(entry.published_at))
        _say(item, "description", entry.html)
    return root


def _say(parent: Element, name: str, text: str) -> Element:
    element = SubElement(parent, name)
    element.text = _UNSPEAKABLE.sub("\ufffd", text)
    return element


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _rfc822(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)
