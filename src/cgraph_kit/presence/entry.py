"""One presence: somebody, in one topic, by one device."""

import base64
import itertools
import secrets
from collections.abc import Mapping
from typing import Any

import msgspec

NODE_BITS, COUNT_BITS = 18, 30


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Never changes: an update is a new entry with a new `ref`. `meta` is the JSON that clients get."""

    topic: str
    key: str
    ref: str
    meta: bytes


class Refs:
    """Makes `phx_ref`s: 8 characters of URL-safe base64, where Phoenix has 16 (docs/decisions/0003).

    18 random bits name the node, 30 count from a random start. Clients compare refs of one key only, so a clash
    needs two nodes alike, the same person on both, and the same count.
    """

    def __init__(self) -> None:
        self._node = secrets.randbits(NODE_BITS) << COUNT_BITS
        self._counter = itertools.count(secrets.randbits(COUNT_BITS))

    def next(self) -> str:
        number = self._node | next(self._counter) & ((1 << COUNT_BITS) - 1)
        return base64.urlsafe_b64encode(number.to_bytes((NODE_BITS + COUNT_BITS) // 8)).decode()


def encode_meta(meta: Mapping[str, Any], ref: str, previous: str | None) -> bytes:
    """`phx_ref` and `phx_ref_prev` are ours; a caller's fields of these names are overwritten."""
    fields = {**meta, "phx_ref": ref}
    if previous is not None:
        fields["phx_ref_prev"] = previous
    return msgspec.json.encode(fields)
