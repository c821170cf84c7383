"""How a frame is best taken apart: msgspec with a raw payload, msgspec in one go, or json and checks by hand."""

import json
import timeit
from statistics import median
from typing import Any

import msgspec

from cgraph.messaging import NewMessage
from cgraph_kit.channels.protocol import decode_v2

FRAME = (
    b'["3","17","conversation:0193f5e6-c0a7-7c3f-9b1a-000000000001","new_message",'
    b'{"content":"Would somebody have a look at this, please?","client_id":"c-17"}]'
)
ROUNDS = 20_000


class _Whole(msgspec.Struct, array_like=True):
    join_ref: Any
    ref: Any
    topic: str
    event: str
    payload: NewMessage


_payload = msgspec.json.Decoder(NewMessage).decode
_whole = msgspec.json.Decoder(_Whole).decode


def _raw() -> None:
    _payload(decode_v2(FRAME).payload)


def _one_go() -> None:
    _whole(FRAME)


def _by_hand() -> None:
    _, _, topic, event, payload = json.loads(FRAME)
    if not (isinstance(topic, str) and isinstance(event, str) and isinstance(payload, dict)):
        raise TypeError
    if not isinstance(payload.get("content"), str) or payload.keys() - {"content", "client_id"}:
        raise TypeError


def run(runs: int, quick: bool) -> dict[str, Any]:
    """Nanoseconds per frame, decoded and validated."""
    variants = {"raw_payload_ns": _raw, "one_go_ns": _one_go, "json_by_hand_ns": _by_hand}
    return {
        name: round(median(timeit.repeat(variant, number=ROUNDS, repeat=runs)) / ROUNDS * 1e9)
        for name, variant in variants.items()
    }
