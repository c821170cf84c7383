"""The engine over a real port: what only real buffers and real connections can show."""

import asyncio
import json
from typing import Any

from cgraph_kit.channels import Endpoint, Limits
from cgraph_kit.channels.websocket import WebSocketLimits
from support.rooms import running
from support.websocket import CLOSE, MOUNT, TEXT, Client, Running, frame, serving, until

URL = f"{MOUNT}?vsn=2.0.0"
QUICK = WebSocketLimits(close=1)
JOIN = b'["1","1","room:a","phx_join",{"as_of":0}]'


async def joined(server: Running) -> Client:
    client = await server.connect(URL)
    await client.send(frame(TEXT, JOIN))
    assert (await hear(client))[3] == "phx_reply"
    return client


async def hear(client: Client) -> Any:
    opcode, payload = await client.frame()
    assert opcode == TEXT, (opcode, payload)
    return json.loads(payload)


async def say(endpoint: Endpoint, seq: int, size: int) -> None:
    endpoint.broadcast("room:a", "said", {"seq": seq, "text": "x" * size}, seq=seq)
    await asyncio.sleep(0)


class TestWebSocket:
    async def test_joins_talks_and_is_told_why_it_ends(self) -> None:
        async with running() as endpoint, serving(endpoint.accept, limits=QUICK) as server:
            client = await joined(server)
            await client.send(frame(TEXT, b'["1","2","room:a","shout",{"a":1}]'))
            assert await hear(client) == [None, None, "room:a", "shouted", {"a": 1}]
            assert (await hear(client))[1] == "2"

            await client.send(frame(TEXT, b"nonsense"))
            assert await client.close_code() == (1011, "")
            await until(lambda: endpoint.stats.sockets == 0)

    async def test_a_refused_connect_is_403(self) -> None:
        async with running() as endpoint, serving(endpoint.accept, limits=QUICK) as server:
            for query in ("vsn=2.0.0&as=nobody", "vsn=3.0.0"):
                client = await server.dial()
                request = (
                    f"GET {MOUNT}?{query} HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\n"
                    "upgrade: websocket\r\nsec-websocket-version: 13\r\n"
                    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
                )
                await client.send(request.encode())
                assert (await client.response()).startswith("HTTP/1.1 403 ")

    async def test_a_server_that_drains_says_1012(self) -> None:
        async with running() as endpoint, serving(endpoint.accept, limits=QUICK) as server:
            client = await joined(server)
            await endpoint.drain(1)

            assert (await client.close_code())[0] == 1012


class TestSlowClient:
    async def test_misses_nothing_and_holds_up_nobody(self) -> None:
        limits = Limits(outbox_bytes=64 * 1024 * 1024)
        async with (
            running(limits=limits) as endpoint,
            serving(endpoint.accept, limits=QUICK) as server,
        ):
            slow, quick = await joined(server), await joined(server)
            topic = endpoint.hub.topics["room:a"]
            said = more = 0
            while more < 20:  # the kernel takes some megabytes before it says stop
                said += 1
                more += bool(topic.slow)
                await say(endpoint, said, 64 * 1024)
                assert (await hear(quick))[4]["seq"] == said

            heard = [(await hear(slow))[4]["seq"] for _ in range(said)]
            assert heard == list(range(1, said + 1))
            assert topic.slow == {}
            await say(endpoint, said + 1, 10)
            for client in (slow, quick):
                assert (await hear(client))[4]["seq"] == said + 1

    async def test_that_reads_nothing_is_closed_with_4009(self) -> None:
        limits = Limits(outbox_bytes=256 * 1024)
        async with (
            running(limits=limits) as endpoint,
            serving(endpoint.accept, limits=QUICK) as server,
        ):
            slow, quick = await joined(server), await joined(server)
            seq = 0
            while not endpoint.stats.slow_closed:
                seq += 1
                await say(endpoint, seq, 64 * 1024)
                assert (await hear(quick))[4]["seq"] == seq
            await until(lambda: endpoint.stats.sockets == 1)

            frames = await slow.frames()
            assert frames[-1] == (CLOSE, (4009).to_bytes(2, "big") + b"too slow")
            heard = [json.loads(payload)[4]["seq"] for _, payload in frames[:-1]]
            assert heard == list(range(1, len(heard) + 1))
