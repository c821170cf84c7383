"""An open connection over a real port: what the receiver is told, and when the line ends."""

import asyncio
import contextlib
import gc
import logging
import socket
from collections.abc import AsyncIterator

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Pong,
    Request,
    TextMessage,
)

from cgraph_kit.channels.transport import Transport, binary_frame, text_frame
from cgraph_kit.channels.websocket import WebSocket, WebSocketLimits
from support.websocket import (
    BINARY,
    CLOSE,
    MOUNT,
    PING,
    PONG,
    TEXT,
    Client,
    Echo,
    Mount,
    Running,
    closing,
    frame,
    serving,
    until,
    within,
)

QUICK = WebSocketLimits(idle=0.2, close=0.2, handshake=0.2)


@pytest.fixture(scope="module")
async def shared() -> AsyncIterator[tuple[Running, Mount]]:
    mount = Mount()
    async with serving(mount) as running:
        yield running, mount


@pytest.fixture
async def running(shared: tuple[Running, Mount]) -> AsyncIterator[Running]:
    """One server for all, without connections before and after."""
    running, mount = shared
    yield running
    await running.hang_up()
    mount.receivers.clear()


@pytest.fixture
def mount(shared: tuple[Running, Mount]) -> Mount:
    return shared[1]


class Oracle:
    """wsproto's state machine as the client: it objects to whatever RFC 6455 forbids a server."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._wire = WSConnection(ConnectionType.CLIENT)

    async def send(self, event: Event) -> None:
        await self._client.send(self._wire.send(event))

    async def next(self) -> Event:
        while True:
            for event in self._wire.events():
                return event
            self._wire.receive_data(await within(self._client.reader.read(65536)) or None)


class TestConversation:
    async def test_with_wsproto(self, running: Running) -> None:
        oracle = Oracle(await running.dial())
        await oracle.send(Request(host="chat.test", target=MOUNT))
        assert isinstance(await oracle.next(), AcceptConnection)

        await oracle.send(TextMessage("schön", message_finished=False))
        await oracle.send(Ping(b"there?"))
        assert await oracle.next() == Pong(b"there?")
        await oracle.send(TextMessage("er Tag"))
        assert await oracle.next() == TextMessage("schöner Tag")

        await oracle.send(BytesMessage(b"\x00\xff" * 50_000))
        got = b""
        while len(got) < 100_000:
            event = await oracle.next()
            assert isinstance(event, BytesMessage)
            got += event.data
        assert got == b"\x00\xff" * 50_000

        await oracle.send(CloseConnection(1001, "leaving"))
        assert await oracle.next() == CloseConnection(1001, "")

    async def test_many_messages_in_one_write_stay_in_order(
        self, running: Running, mount: Mount
    ) -> None:
        client = await running.connect()
        texts = [f"message {n}" for n in range(3000)]
        await client.send(b"".join(frame(TEXT, text.encode()) for text in texts))
        assert [(await client.frame())[1].decode() for _ in texts] == texts
        assert mount.receivers[0].heard == texts


class TestClosed:
    @pytest.mark.parametrize(
        ("sent", "code"),
        [(closing(1000), 1000), (closing(4321, b"mine"), 4321), (closing(), 1005)],
        ids=["1000", "4321", "none"],
    )
    async def test_by_the_peer_gives_its_code(
        self, running: Running, mount: Mount, sent: bytes, code: int
    ) -> None:
        client = await running.connect()
        await client.send(sent)
        await client.frames()
        assert mount.receivers[0].code == code

    async def test_by_a_fault_gives_ours(self, running: Running, mount: Mount) -> None:
        client = await running.connect()
        await client.send(frame(TEXT, b"\xff"))
        await client.frames()
        assert mount.receivers[0].code == 1007

    async def test_end_of_stream_is_1006(self, running: Running, mount: Mount) -> None:
        client = await running.connect()
        await client.hang_up()
        await until(lambda: mount.receivers[0].code == 1006)
        await until(lambda: not running.connections)

    async def test_reset_is_1006(self, running: Running, mount: Mount) -> None:
        client = await running.connect()
        client.writer.transport.abort()
        await until(lambda: mount.receivers[0].code == 1006)

    async def test_end_inside_a_frame_is_1006(self, running: Running, mount: Mount) -> None:
        client = await running.connect()
        await client.send(frame(TEXT, b"half of this")[:9])
        await client.hang_up()
        await until(lambda: mount.receivers[0].code == 1006)
        assert mount.receivers[0].heard == []

    async def test_leaves_nothing_to_the_garbage_collector(
        self, running: Running, mount: Mount
    ) -> None:
        gc.collect()
        gc.disable()
        try:
            for ending in (closing(1000), frame(TEXT, b"\xff"), b""):
                client = await running.connect()
                await client.send(FINE + ending)
                await client.hang_up()
            await until(lambda: not running.connections)
            mount.receivers.clear()
            await until(lambda: not _living(WebSocket))
        finally:
            gc.enable()


class TestClose:
    async def test_sends_code_and_reason_and_waits_for_the_answer(
        self, running: Running, mount: Mount
    ) -> None:
        client = await running.connect()
        receiver = mount.receivers[0]
        receiver.transport.close(4001, "session revoked")
        assert receiver.code == 4001
        assert await client.frame() == (CLOSE, b"\x0f\xa1session revoked")
        await client.send(closing(4001))
        assert await client.frames() == []

    async def test_messages_in_between_are_not_delivered(
        self, running: Running, mount: Mount
    ) -> None:
        client = await running.connect()
        mount.receivers[0].transport.close(1001)
        await client.send(FINE + frame(PING) + closing(1001))
        assert [opcode for opcode, _ in await client.frames()] == [CLOSE]
        assert mount.receivers[0].heard == []

    async def test_nothing_is_written_afterwards(self, running: Running, mount: Mount) -> None:
        client = await running.connect()
        transport = mount.receivers[0].transport
        transport.write(text_frame(b"last"))
        transport.close(1000)
        transport.write(text_frame(b"too late"))
        transport.close(1001)
        await client.send(closing(1000))
        assert await client.frames() == [(TEXT, b"last"), (CLOSE, b"\x03\xe8")]

    async def test_inside_a_message_drops_the_rest_of_the_read(self) -> None:
        class Leaver(Echo):
            def receive_text(self, data: bytes) -> None:
                super().receive_text(data)
                self.transport.close(1000)

        mount = Mount(Leaver)
        async with serving(mount) as running:
            client = await running.connect()
            await client.send(FINE * 3 + closing(1000))
            assert await client.frames() == [(TEXT, b"fine"), (CLOSE, b"\x03\xe8")]
            assert mount.receivers[0].heard == ["fine"]

    async def test_cuts_a_peer_that_does_not_answer(self) -> None:
        mount = Mount()
        async with serving(mount, limits=QUICK) as running:
            client = await running.connect()
            mount.receivers[0].transport.close(1001)
            assert await client.frame() == (CLOSE, b"\x03\xe9")
            with contextlib.suppress(ConnectionResetError):
                assert await within(client.reader.read()) == b""
            await until(lambda: not running.connections)

    async def test_cuts_a_peer_that_failed_and_sends_on(self) -> None:
        mount = Mount()
        async with serving(mount, limits=QUICK) as running:
            client = await running.connect()
            with pytest.raises(ConnectionError):
                while True:
                    await client.send(b"\xff" * 4096)
                    await asyncio.sleep(0)
            assert mount.receivers[0].code == 1002
            await until(lambda: not running.connections)

    async def test_shutdown_of_the_server_is_1012(self) -> None:
        mount = Mount()
        async with serving(mount) as running:
            client = await running.connect()
            running.server.should_exit = True
            assert await client.frame() == (CLOSE, b"\x03\xf4")
            await client.send(closing(1012))
            assert await client.frames() == []
            assert mount.receivers[0].code == 1012


class TestIdle:
    async def test_silence_is_closed_with_1002(self) -> None:
        mount = Mount()
        async with serving(mount, limits=QUICK) as running:
            start = asyncio.get_running_loop().time()
            client = await running.connect()
            assert await client.frame() == (CLOSE, b"\x03\xea")
            assert asyncio.get_running_loop().time() - start >= QUICK.idle
            assert mount.receivers[0].code == 1002

    @pytest.mark.parametrize("sign", [PING, PONG, TEXT], ids=["ping", "pong", "text"])
    async def test_any_frame_is_a_sign_of_life(self, sign: int) -> None:
        mount = Mount()
        async with serving(mount, limits=WebSocketLimits(idle=0.6)) as running:
            client = await running.connect()
            for _ in range(4):
                await asyncio.sleep(0.2)
                await client.send(frame(sign))
            assert mount.receivers[0].code is None

    async def test_part_of_a_frame_is_none(self) -> None:
        mount = Mount()
        async with serving(mount, limits=QUICK) as running:
            client = await running.connect()
            drip = asyncio.create_task(_drip(client, frame(TEXT, b"*" * 1000)))
            assert await client.frame() == (CLOSE, b"\x03\xea")
            drip.cancel()
            assert mount.receivers[0].heard == []


class TestBackPressure:
    async def test_pauses_and_resumes_and_loses_nothing(
        self, running: Running, mount: Mount
    ) -> None:
        client = await running.connect()
        receiver = mount.receivers[0]
        sent = 0
        while not receiver.transport.paused:
            receiver.transport.write(binary_frame(sent.to_bytes(4, "big") * 4096))
            sent += 1
            assert sent < 10_000
        assert receiver.told == ["pause"]
        for n in range(sent):
            assert await client.frame() == (BINARY, n.to_bytes(4, "big") * 4096)
        await until(lambda: receiver.told == ["pause", "resume"])
        assert not receiver.transport.paused

    async def test_a_paused_peer_is_owed_its_last_pong_only(
        self, running: Running, mount: Mount
    ) -> None:
        client = await running.connect()
        receiver = mount.receivers[0]
        while not receiver.transport.paused:
            receiver.transport.write(binary_frame(bytes(16384)))
        for n in range(100):
            await client.send(frame(PING, b"%d" % n))
        await client.send(FINE)
        await until(lambda: receiver.heard)
        frames = []
        while not frames or frames[-1][0] != PONG:
            frames.append(await client.frame())
        assert [payload for opcode, payload in frames if opcode == PONG] == [b"99"]

    async def test_a_peer_that_never_reads_is_cut_after_a_close(self) -> None:
        mount = Mount()
        async with serving(mount, limits=QUICK) as running:
            await running.connect()
            receiver = mount.receivers[0]
            while not receiver.transport.paused:
                receiver.transport.write(binary_frame(bytes(16384)))
            receiver.transport.close(4009)
            await until(lambda: not running.connections)
            assert receiver.code == 4009

    async def test_writes_while_it_is_built_can_pause(self) -> None:
        class Flooder(Echo):
            def __init__(self, transport: Transport) -> None:
                super().__init__(transport)
                while not transport.paused:
                    transport.write(binary_frame(bytes(16384)))

        mount = Mount(Flooder)
        async with serving(mount) as running:
            client = await running.connect()
            assert mount.receivers[0].told == ["pause"]
            while mount.receivers[0].told != ["pause", "resume"]:
                await client.frame()


class TestFailure:
    @pytest.mark.parametrize("method", ["receive_text", "receive_binary", "pause"])
    async def test_of_the_receiver_is_1011_and_logged(
        self, method: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        mount = Mount(type("Broken", (Echo,), {method: _fail}))
        async with serving(mount) as running:
            client = await running.connect()
            transport = mount.receivers[0].transport
            if method == "pause":
                while not transport.paused:
                    transport.write(binary_frame(bytes(16384)))
            else:
                opcode = TEXT if method == "receive_text" else BINARY
                await client.send(frame(opcode, b"1") + frame(opcode, b"2"))
            assert await client.close_code() == (1011, "")
            assert mount.receivers[0].code == 1011
        assert "broken on purpose" in caplog.text
        assert [record.levelno for record in caplog.records] == [logging.ERROR]

    async def test_while_it_is_built(self, caplog: pytest.LogCaptureFixture) -> None:
        mount = Mount(_fail)
        async with serving(mount) as running:
            client = await running.connect()
            assert await client.close_code() == (1011, "")
        assert "broken on purpose" in caplog.text

    async def test_of_the_peer_is_not_logged(
        self, running: Running, caplog: pytest.LogCaptureFixture
    ) -> None:
        for fault in (b"\xff\xff", frame(TEXT, b"\xff"), closing(1)):
            client = await running.connect()
            await client.send(fault)
            await client.frames()
        assert caplog.records == []


class TestBuffer:
    async def test_is_given_back_after_a_large_message(
        self, running: Running, mount: Mount
    ) -> None:
        client = await running.connect()
        for size in (200_000, 5, 262_144, 7):
            await client.send(frame(BINARY, b"*" * size))
            assert await client.frame() == (BINARY, b"*" * size)
        assert _read_buffer(running) < 4096

    async def test_is_given_back_after_a_burst_of_small_ones(self, running: Running) -> None:
        client = await running.connect()
        await client.send(FINE * 20_000)
        await within(client.reader.readexactly(20_000 * len(text_frame(b"fine"))))
        await client.send(FINE)
        await client.frame()
        assert _read_buffer(running) < 8192

    async def test_is_bounded_whatever_comes_at_once(self, running: Running) -> None:
        client = await running.connect()
        sending = asyncio.create_task(client.send(frame(TEXT, b"*" * 100) * 40_000))
        largest = 0
        for _ in range(400):
            await within(client.reader.readexactly(100 * len(text_frame(b"*" * 100))))
            largest = max(largest, _read_buffer(running))
        await sending
        assert largest < 600_000


class TestLine:
    async def test_sends_without_delay(self, running: Running) -> None:
        await running.connect()
        (connection,) = running.connections
        line = connection._transport.get_extra_info("socket")
        assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


FINE = frame(TEXT, b"fine")


def _fail(*_args: object) -> None:
    message = "broken on purpose"
    raise RuntimeError(message)


def _living(kind: type) -> list[object]:
    return [thing for thing in gc.get_objects() if type(thing) is kind]


def _read_buffer(running: Running) -> int:
    (connection,) = running.connections
    return len(connection._parser.get_buffer(-1))


async def _drip(client: Client, data: bytes) -> None:
    for at in range(len(data)):
        await client.send(data[at : at + 1])
        await asyncio.sleep(0.01)
