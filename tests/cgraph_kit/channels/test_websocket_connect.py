"""Connecting over a real port: who gets in, what the others are answered, and what is not waited for."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from cgraph_kit.channels.transport import Accepted, Handshake, Refused, Transport
from cgraph_kit.channels.websocket import WebSocketLimits
from support.websocket import (
    MOUNT,
    TEXT,
    Echo,
    Mount,
    Running,
    closing,
    frame,
    serving,
    until,
    upgrade_request,
    within,
)

AUTH = "phoenix, base64url.bearer.phx.c2VjcmV0"


class Door:
    """An acceptor that answers what the test puts into `answer`, when it does."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[Refused | Accepted] = asyncio.Future()
        self.knocked: list[Handshake] = []
        self.receivers: list[Echo] = []
        self.cancelled = False

    async def __call__(self, handshake: Handshake) -> Refused | Accepted:
        self.knocked.append(handshake)
        try:
            return await asyncio.shield(self.answer)
        except asyncio.CancelledError:
            self.cancelled = True
            raise

    def open(self) -> None:
        self.answer.set_result(Accepted(self._echo))

    def _echo(self, transport: Transport) -> Echo:
        self.receivers.append(Echo(transport))
        return self.receivers[-1]


@pytest.fixture
async def door() -> Door:
    return Door()


@pytest.fixture
async def running(door: Door) -> AsyncIterator[Running]:
    async with serving({MOUNT: door, "/open": Mount()}) as running:
        yield running


class TestAccepted:
    async def test_is_a_101_without_extra_headers(self, running: Running) -> None:
        client = await running.dial()
        await client.send(upgrade_request("/open", {"sec-websocket-extensions": "x-other"}))
        lines = (await client.response()).split("\r\n")
        assert lines[0] == "HTTP/1.1 101 Switching Protocols"
        assert sorted(line.split(":")[0] for line in lines[1:-2]) == [
            "connection",
            "sec-websocket-accept",
            "upgrade",
        ]

    async def test_tells_the_acceptor_who_asks(self, running: Running, door: Door) -> None:
        client = await running.dial()
        await client.send(upgrade_request(f"{MOUNT}?vsn=2.0.0", {"origin": "https://a.com"}))
        await until(lambda: door.knocked)
        (got,) = door.knocked
        assert (got.path, got.params) == (MOUNT, {"vsn": "2.0.0"})
        assert (got.client, got.scheme, got.host) == ("127.0.0.1", "http", "chat.test:4000")
        assert got.headers["origin"] == "https://a.com"

    async def test_believes_a_trusted_proxy(self, running: Running, door: Door) -> None:
        client = await running.dial()
        forwarded = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https"}
        await client.send(upgrade_request(headers=forwarded))
        await until(lambda: door.knocked)
        assert (door.knocked[0].client, door.knocked[0].scheme) == ("203.0.113.9", "https")

    async def test_believes_nobody_else(self, door: Door) -> None:
        async with serving(door, forwarded_allow_ips="203.0.113.1") as running:
            client = await running.dial()
            await client.send(upgrade_request(headers={"x-forwarded-for": "203.0.113.9"}))
            await until(lambda: door.knocked)
            assert door.knocked[0].client == "127.0.0.1"

    @pytest.mark.parametrize(
        ("offered", "chosen", "answered"),
        [
            ("chat, phoenix", None, None),
            ("chat, phoenix", "chat", "chat"),
            ("phoenix", "chat", None),
            (AUTH, None, "phoenix"),
            (AUTH.removeprefix("phoenix, "), None, None),
        ],
        ids=["unknown", "chosen", "not offered", "auth token", "auth token alone"],
    )
    async def test_answers_a_subprotocol(
        self, offered: str, chosen: str | None, answered: str | None
    ) -> None:
        async with serving(Mount(subprotocol=chosen)) as running:
            client = await running.dial()
            await client.send(upgrade_request(headers={"sec-websocket-protocol": offered}))
            response = await client.response()
            assert response.startswith("HTTP/1.1 101")
            assert ("sec-websocket-protocol" in response) is (answered is not None)
            assert f"sec-websocket-protocol: {answered}" in response or answered is None

    async def test_accepts_what_browsers_send(self, running: Running) -> None:
        await running.connect("/open", connection="keep-alive, Upgrade", upgrade="WebSocket")

    async def test_keeps_what_comes_before_the_answer(self, running: Running, door: Door) -> None:
        client = await running.dial()
        hasty = [b"with the handshake", b"behind it", b"x" * 100_000]
        await client.send(upgrade_request() + frame(TEXT, hasty[0]))
        await until(lambda: door.knocked)
        for text in hasty[1:]:
            await client.send(frame(TEXT, text))
        door.open()
        await client.response()
        assert [await client.frame() for _ in hasty] == [(TEXT, text) for text in hasty]

    @pytest.mark.parametrize("cut", [1, 5, 40, 3000, 20_000])
    async def test_keeps_part_of_a_frame_that_came_with_the_handshake(
        self, running: Running, cut: int
    ) -> None:
        client = await running.dial()
        sent = frame(TEXT, b"first") + frame(TEXT, b"y" * 10_000) + frame(TEXT, b"z" * 10_000)
        await client.send(upgrade_request("/open") + sent[:cut])
        await client.response()
        await client.send(sent[cut:])
        assert [len((await client.frame())[1]) for _ in range(3)] == [5, 10_000, 10_000]


class TestRefused:
    async def test_is_403_and_empty(self, running: Running, door: Door) -> None:
        door.answer.set_result(Refused())
        response = await running.request(upgrade_request())
        head, _, body = response.partition("\r\n\r\n")
        assert head.startswith("HTTP/1.1 403 Forbidden\r\n")
        assert "content-length: 0" in head
        assert body == ""

    async def test_has_the_status_of_the_acceptor(self, running: Running, door: Door) -> None:
        door.answer.set_result(Refused(429, b"later"))
        response = await running.request(upgrade_request())
        assert response.startswith("HTTP/1.1 429 ")
        assert response.endswith("\r\n\r\nlater")

    async def test_other_paths_are_404(self, running: Running) -> None:
        for path in ("/socket", f"{MOUNT}/", "/"):
            response = await running.request(upgrade_request(path))
            assert response.startswith("HTTP/1.1 404 ")

    async def test_unreadable_query_is_400(self, running: Running, door: Door) -> None:
        response = await running.request(upgrade_request(f"{MOUNT}?token=%ff"))
        assert response.startswith("HTTP/1.1 400 ")
        assert door.knocked == []

    @pytest.mark.parametrize(
        ("method", "changed", "text"),
        [
            (
                "GET",
                {"sec-websocket-version": "8"},
                "'sec-websocket-version' header must equal '13', got [\"8\"]",
            ),
            ("GET", {"upgrade": ""}, "'upgrade' header must contain 'websocket', got []"),
            ("GET", {"connection": ""}, "'connection' header must contain 'upgrade', got []"),
            ("POST", {}, ""),
            ("POST", {"connection": "", "upgrade": ""}, ""),
        ],
    )
    async def test_bad_handshakes_are_400(
        self, running: Running, method: str, changed: dict[str, str], text: str
    ) -> None:
        client = await running.dial()
        await client.send(upgrade_request(MOUNT, changed, method))
        head = await client.response()
        assert head.startswith("HTTP/1.1 400 ")
        assert f"content-length: {len(text)}\r\n" in head
        assert await client.reader.readexactly(len(text)) == text.encode()

    async def test_a_failing_acceptor_is_500(
        self, running: Running, door: Door, caplog: pytest.LogCaptureFixture
    ) -> None:
        door.answer.set_exception(RuntimeError("broken on purpose"))
        response = await running.request(upgrade_request())
        assert response.startswith("HTTP/1.1 500 ")
        assert response.endswith("\r\n\r\n")
        assert "broken on purpose" in caplog.text


class TestWaiting:
    async def test_for_the_acceptor_ends_with_503(self, door: Door) -> None:
        async with serving(door, limits=WebSocketLimits(handshake=0.05)) as running:
            assert (await running.request(upgrade_request())).startswith("HTTP/1.1 503 ")

    async def test_is_for_so_many_only(self, door: Door) -> None:
        async with serving(door, limits=WebSocketLimits(handshakes=2)) as running:
            clients = [await running.dial() for _ in range(2)]
            for client in clients:
                await client.send(upgrade_request())
            await until(lambda: len(door.knocked) == 2)
            assert (await running.request(upgrade_request())).startswith("HTTP/1.1 503 ")
            door.open()
            for client in clients:
                assert (await client.response()).startswith("HTTP/1.1 101 ")
            await running.connect()

    async def test_ends_when_the_server_stops(self, door: Door) -> None:
        async with serving(door) as running:
            client = await running.dial()
            await client.send(upgrade_request())
            await until(lambda: door.knocked)
            running.server.should_exit = True
            assert (await client.response()).startswith("HTTP/1.1 503 ")
            assert await within(client.reader.read()) == b""

    async def test_a_client_that_left_is_forgotten(self, running: Running, door: Door) -> None:
        client = await running.dial()
        await client.send(upgrade_request())
        await until(lambda: door.knocked)
        await client.hang_up()
        await until(lambda: not running.connections)
        await until(lambda: door.cancelled)
        door.open()
        assert door.receivers == []

    async def test_too_much_that_came_early_waits_in_the_kernel(
        self, running: Running, door: Door
    ) -> None:
        client = await running.dial()
        await client.send(upgrade_request())
        await until(lambda: door.knocked)
        sending = asyncio.create_task(client.send(frame(TEXT, b"*" * 100_000) * 100))
        await until(lambda: client.writer.transport.get_write_buffer_size() > 100_000)
        assert not sending.done()
        door.open()
        await client.response()
        for _ in range(100):
            assert len((await client.frame())[1]) == 100_000
        await sending


class TestConnections:
    async def test_are_counted_once_and_let_go(self, running: Running) -> None:
        assert len(running.connections) == 0
        first, second = await running.connect("/open"), await running.connect("/open")
        assert len(running.connections) == 2
        await first.send(closing(1000))
        await first.frames()
        await until(lambda: len(running.connections) == 1)
        await second.hang_up()
        await until(lambda: len(running.connections) == 0)
