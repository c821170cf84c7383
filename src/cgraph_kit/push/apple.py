"""What Apple's devices are told, whoever carries it."""

import hashlib
from typing import Any

from cgraph_kit import clock

from .payload import Payload

COLLAPSE_MAX = 64
"""Bytes of an `apns-collapse-id`."""
AT_ONCE, WHEN_CONVENIENT = "10", "5"


def headers(payload: Payload) -> dict[str, str]:
    """How a push is to be handled: the `apns-` headers that follow from what it says."""
    now = int(clock.now().timestamp())
    found = {
        "apns-push-type": "background" if _background(payload) else "alert",
        "apns-priority": WHEN_CONVENIENT if _unhurried(payload) else AT_ONCE,
        # 0: now or never.
        "apns-expiration": str(now + payload.ttl if payload.ttl else 0),
    }
    if payload.collapse is not None and not payload.silent:
        found["apns-collapse-id"] = _collapse_id(payload.collapse)
    return found


def aps(payload: Payload) -> dict[str, Any]:
    """The system's part of a push. The app's own stands beside it."""
    found: dict[str, Any] = {}
    if payload.title or payload.body:
        texts = {"title": payload.title, "body": payload.body}
        found["alert"] = {name: text for name, text in texts.items() if text}
        found["sound"] = "default"
        # The app may look at it before it is shown, and drop what it has seen.
        found["mutable-content"] = 1
        if payload.collapse is not None:
            found["thread-id"] = payload.collapse
    else:
        found["content-available"] = 1
    if payload.badge is not None:
        found["badge"] = payload.badge
    return found


def _background(payload: Payload) -> bool:
    """A badge is something to be seen: Apple shows none that comes in the background."""
    return payload.silent and payload.badge is None


def _unhurried(payload: Payload) -> bool:
    return payload.silent or payload.urgency in {"low", "very-low"}


def _collapse_id(collapse: str) -> str:
    raw = collapse.encode()
    if len(raw) <= COLLAPSE_MAX and collapse.isascii() and collapse.isprintable():
        return collapse
    return hashlib.sha256(raw).hexdigest()
