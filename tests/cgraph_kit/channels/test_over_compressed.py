"""The engine over connections that compress: who is told what in which bytes."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from support.lounge import Place, opened
from support.websocket import BINARY, MOUNT, TEXT, Client, frame, packed

OFFER = "permessage-deflate; client_max_window_bits"
LONG = "what was said before is said again; " * 100


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with opened() as place:
        yield place


async def joined(
    place: Place, name: str, *, ref: str = "1", vsn: str = "2.0.0", offer: str = OFFER
) -> Client:
    """In `lounge:a`, its own state heard."""
    url = f"{MOUNT}?vsn={vsn}&name={name}"
    client = await place.server.connect(url, sec_websocket_extensions=offer)
    if vsn == "2.0.0":
        join: Any = [ref, ref, "lounge:a", "phx_join", {}]
    else:
        join = {"topic": "lounge:a", "event": "phx_join", "payload": {}, "ref": ref}
    await client.send(frame(TEXT, json.dumps(join).encode()))
    await hear(client, "phx_reply")
    return client


async def hear(client: Client, event: str) -> Any:
    """The next message of that name, as [join_ref, ref, topic, event, payload]."""
    while True:
        opcode, data = await client.frame()
        assert opcode == TEXT
        message = json.loads(data)
        if isinstance(message, dict):
            message = [None, *(message[key] for key in ("ref", "topic", "event", "payload"))]
        if message[3] == event:
            return message


class TestBroadcast:
    async def test_is_the_same_to_clients_of_every_kind(self, place: Place) -> None:
        clients = [
            await joined(place, "ann"),
            await joined(place, "bob", offer=""),
            await joined(place, "cid", vsn="1.0.0"),
            await joined(place, "dan", offer="permessage-deflate; server_max_window_bits=13"),
            await joined(place, "eve", offer="permessage-deflate; server_max_window_bits=8"),
        ]
        place.endpoint.broadcast("lounge:a", "told", {"text": LONG})
        told = [await hear(client, "told") for client in clients]
        assert told == [[None, None, "lounge:a", "told", {"text": LONG}]] * 5
        assert [client.inflated for client in clients] == [1, 0, 1, 1, 0]

    async def test_comes_between_short_ones_in_order(self, place: Place) -> None:
        ann = await joined(place, "ann")
        for number in range(20):
            text = LONG if number % 3 else "short"
            place.endpoint.broadcast("lounge:a", "told", {"text": text, "number": number})
        heard = [(await hear(ann, "told"))[4]["number"] for _ in range(20)]
        assert heard == list(range(20))

    async def test_counts_as_it_leaves(self, place: Place) -> None:
        ann = await joined(place, "ann")
        await hear(ann, "presence_state")
        before = place.endpoint.stats.bytes_out
        place.endpoint.broadcast("lounge:a", "told", {"text": LONG})
        await hear(ann, "told")
        assert place.endpoint.stats.bytes_out - before < len(LONG) / 10


class TestPush:
    async def test_may_be_compressed(self, place: Place) -> None:
        ann = await joined(place, "ann")
        for number in range(3):
            push = ["1", "9", "lounge:a", "say", {"content": f"hello {number}"}]
            await ann.send(frame(TEXT, packed(json.dumps(push).encode()), rsv=4))
            assert (await hear(ann, "said"))[4]["content"] == f"hello {number}"

    async def test_of_bytes_is_answered_with_bytes(self, place: Place) -> None:
        ann = await joined(place, "ann")
        await hear(ann, "presence_state")
        head = bytes((0, 1, 1, 8, 5)) + b"12lounge:abytes"
        await ann.send(frame(BINARY, packed(head + bytes(10_000)), rsv=4))
        for _ in ("broadcast", "reply"):
            opcode, data = await ann.frame()
            assert opcode == BINARY
            assert data.endswith(bytes(10_000))
        assert ann.inflated == 2


class TestPresence:
    async def test_tells_a_crowd_each_with_the_ref_of_its_join(self, place: Place) -> None:
        """As many join refs as people, and one compression."""
        names = [f"somebody-{number}" for number in range(40)]
        clients = []
        for number, name in enumerate(names):
            vsn, offer = ("1.0.0" if number % 5 == 0 else "2.0.0"), ("" if number == 7 else OFFER)
            clients.append(await joined(place, name, ref=str(number), vsn=vsn, offer=offer))
        late = await joined(place, "late", ref="late")
        state = await hear(late, "presence_state")
        assert state[0] == "late"
        assert set(state[4]) == {*names, "late"}
        assert late.inflated == 1

        for client in clients:
            known: set[str] = set()
            while "late" not in known:
                event = (await _presence(client))[-1]
                known |= set(event.get("joins", event))
            assert known == {*names, "late"}


async def _presence(client: Client) -> Any:
    opcode, data = await client.frame()
    assert opcode == TEXT
    message = json.loads(data)
    if isinstance(message, dict):
        return message["topic"], message["event"], message["payload"]
    assert message[0] is None or message[3] == "presence_state"
    return message
