"""uvicorn with our HTTP protocol: ordinary requests pass, slow and endless ones do not."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from cgraph_kit.channels.http import HttpLimits
from support.websocket import Client, Mount, Running, serving, until, within

QUICK = HttpLimits(head=0.2, body=0.5, linger=0.2)
GET = b"GET / HTTP/1.1\r\nhost: h\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: %d\r\n\r\n%b"


class App:
    """Answers with the length of the body it was sent; "early" paths are answered before it has come."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.hold = asyncio.Event()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        size = 0
        if scope["path"] == "/late":
            await self.hold.wait()
        while scope["path"] != "/early":
            message = await receive()
            self.got.append(message)
            size += len(message.get("body", b""))
            if not message.get("more_body"):
                break
        body = b"x" * 30_000_000 if scope["path"] == "/large" else b"%d" % size
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def app() -> App:
    return App()


@pytest.fixture
async def running(app: App) -> AsyncIterator[Running]:
    async with serving(Mount(), app=app, http=QUICK) as running:
        yield running


async def answer(client: Client) -> bytes:
    """The body of the next response, which must be a 200."""
    head = await client.response()
    assert head.startswith("HTTP/1.1 200 ")
    size = int(head.partition("content-length: ")[2].partition("\r\n")[0])
    return await within(client.reader.readexactly(size))


async def rest(client: Client) -> bytes:
    """All there still is until the server hangs up, politely or not."""
    with contextlib.suppress(ConnectionError):
        return await within(client.reader.read())
    return b""


async def drip(client: Client, data: bytes, seconds: float) -> None:
    """Sends a byte at a time, spread over the time."""
    with contextlib.suppress(ConnectionError):
        for at in range(len(data)):
            await client.send(data[at : at + 1])
            await asyncio.sleep(seconds / len(data))


class TestRequests:
    async def test_pass_on_one_connection(self, running: Running) -> None:
        client = await running.dial()
        for size in (0, 10, 100_000):
            await client.send(POST % (size, b"*" * size))
            assert await answer(client) == b"%d" % size

    async def test_pass_pipelined(self, running: Running) -> None:
        client = await running.dial()
        await client.send(GET + POST % (5, b"hello") + GET)
        assert [await answer(client) for _ in range(3)] == [b"0", b"5", b"0"]

    async def test_may_rest_between(self, running: Running) -> None:
        client = await running.dial()
        for _ in range(2):
            await client.send(GET)
            assert await answer(client) == b"0"
            await asyncio.sleep(QUICK.head * 2)

    @pytest.mark.parametrize("extra", [b"", b"connection: upgrade\r\nupgrade: h2c\r\n"])
    async def test_may_be_answered_late(self, running: Running, app: App, extra: bytes) -> None:
        client = await running.dial()
        await client.send(GET.replace(b"/", b"/late", 1)[:-2] + extra + b"\r\n")
        await asyncio.sleep(QUICK.head * 2)
        app.hold.set()
        assert await answer(client) == b"0"

    async def test_other_upgrades_are_ordinary_requests(self, running: Running) -> None:
        client = await running.dial()
        await client.send(GET[:-2] + b"connection: upgrade\r\nupgrade: h2c\r\n\r\n")
        assert await answer(client) == b"0"

    async def test_rubbish_is_400(self, running: Running) -> None:
        assert (await running.request(b"\x16\x03\x01 hello\r\n\r\n")).startswith("HTTP/1.1 400 ")


class TestHead:
    async def test_that_never_comes_is_not_waited_for(self, running: Running) -> None:
        client = await running.dial()
        start = asyncio.get_running_loop().time()
        assert await rest(client) == b""
        assert asyncio.get_running_loop().time() - start >= QUICK.head

    @pytest.mark.parametrize("before", [b"", GET], ids=["first", "second"])
    async def test_that_drips_is_408(self, running: Running, before: bytes) -> None:
        client = await running.dial()
        if before:
            await client.send(before)
            await answer(client)
        dripping = asyncio.create_task(drip(client, GET + b" " * 50, QUICK.head * 5))
        await asyncio.sleep(0)
        assert (await rest(client)).startswith(b"HTTP/1.1 408 ")
        await dripping

    async def test_of_empty_lines_is_not_waited_for(self, running: Running) -> None:
        client = await running.dial()
        await client.send(GET)
        await answer(client)
        dripping = asyncio.create_task(drip(client, b"\r\n" * 30, QUICK.head * 5))
        assert await rest(client) == b""
        await dripping

    @pytest.mark.parametrize(
        "head",
        [b"GET /" + b"a" * 40_000, b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 7000],
        ids=["target", "headers"],
    )
    async def test_that_is_too_large_is_431(self, running: Running, head: bytes) -> None:
        client = await running.dial()
        await client.send(head)
        assert (await rest(client)).startswith(b"HTTP/1.1 431 ")

    async def test_that_is_endless_is_cut(self, running: Running) -> None:
        client = await running.dial()
        await client.send(b"GET / HTTP/1.1\r\n")
        with pytest.raises(ConnectionError):
            while True:
                await client.send(b"x: y\r\n" * 1000)

    async def test_longest_waiting_is_cut_when_there_are_too_many(self, app: App) -> None:
        async with serving(Mount(), app=app, http=HttpLimits(half_open=3)) as running:
            resting = await running.dial()
            await resting.send(GET)
            await answer(resting)
            clients = []
            for _ in range(4):
                clients.append(await running.dial())
                await clients[-1].send(GET[:8])
            assert await rest(clients[0]) == b""
            for client in (*clients[1:], resting):
                await client.send(GET[8:] if client is not resting else GET)
                assert await answer(client) == b"0"


class TestBody:
    async def test_that_stops_is_cut(self, running: Running, app: App) -> None:
        client = await running.dial()
        await client.send(POST % (1000, b"only this"))
        assert await rest(client) == b""
        await until(lambda: app.got and app.got[-1]["type"] == "http.disconnect")

    async def test_that_comes_slowly_but_steadily_is_waited_for(self, running: Running) -> None:
        client = await running.dial()
        await client.send(POST % (30, b""))
        await drip(client, b"*" * 30, QUICK.body * 2)
        assert await answer(client) == b"30"

    async def test_that_the_application_does_not_take_is_not_the_clients_fault(
        self, running: Running, app: App
    ) -> None:
        client = await running.dial()
        size = 1_000_000
        request = POST.replace(b"/", b"/late", 1) % (size, b"*" * size)
        sending = asyncio.create_task(client.send(request))
        await asyncio.sleep(QUICK.body * 2)
        app.hold.set()
        assert await answer(client) == b"%d" % size
        await sending

    async def test_that_goes_on_after_the_answer_ends_sometime(self, running: Running) -> None:
        client = await running.dial()
        await client.send(POST.replace(b"/", b"/early", 1) % (1000, b""))
        assert await answer(client) == b"0"
        dripping = asyncio.create_task(drip(client, b"*" * 100, QUICK.head * 10))
        assert await rest(client) == b""
        await dripping


class TestHangingUp:
    async def test_cuts_a_client_that_does_not_take_its_answer(self, app: App) -> None:
        async with serving(Mount(), app=app, http=QUICK, timeout_keep_alive=0) as running:
            client = await running.dial()
            client.writer.transport.pause_reading()
            await client.send(GET.replace(b"/", b"/large", 1))
            await until(lambda: not running.connections)


class TestForgets:
    @pytest.mark.parametrize("end", ["hang_up", "abort"])
    async def test_every_connection(self, running: Running, end: str) -> None:
        for sent in (b"", GET[:9], GET, POST % (9, b"half")):
            client = await running.dial()
            await client.send(sent)
            abort: Callable[[], None] = client.writer.transport.abort
            abort() if end == "abort" else await client.hang_up()
        await until(lambda: not running.connections)
        protocol = running.server.config.http_protocol_class
        assert not protocol.half_open  # type: ignore[attr-defined]
        await until(lambda: not protocol.deadlines._loop)  # type: ignore[attr-defined]
