"""What we take for granted about the insides of picows and uvicorn. A failure here names what a new release changed."""

import asyncio
import inspect
from typing import Any

import pytest
from picows import WSFrame, WSListener, WSMsgType, WSTransport
from picows.picows import WSProtocol
from uvicorn.config import Config
from uvicorn.protocols.http import httptools_impl
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.server import ServerState

from cgraph_kit.channels import frames
from cgraph_kit.channels.deadlines import Deadlines
from cgraph_kit.channels.frames import Frames, Parser
from cgraph_kit.channels.upgrade import websocket_protocol
from support.websocket import BINARY, CLOSE, PING, TEXT, closing, frame


class Calls:
    """Writes down every call, whatever its name: the connection, the port, the receiver."""

    def __init__(self) -> None:
        self.made: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *args: self.made.append((name, *args))


def reading(limit: int = 1000, early: int = 0) -> tuple[Parser, Calls]:
    calls: Any = Calls()
    heard = Frames(calls, limit, Deadlines())
    heard.deliver_to(calls)
    return Parser(calls, heard, limit, early), calls


def feed(parser: Parser, data: bytes) -> None:
    """As an event loop does."""
    while data:
        room = parser.get_buffer(-1)
        size = min(len(room), len(data))
        room[:size] = data[:size]
        parser.buffer_updated(size)
        data = data[size:]


class TestPicows:
    async def test_negotiates_by_itself_and_then_reads_frames(self) -> None:
        parser, calls = reading()
        feed(parser, frame(TEXT, b"one") + frame(BINARY, b"two") + frame(PING, b"three"))
        assert calls.made == [
            ("receive_text", b"one"),
            ("receive_binary", b"two"),
            ("ping", b"three"),
        ]

    async def test_writes_to_the_port_only(self, monkeypatch: pytest.MonkeyPatch) -> None:
        written: list[bytes] = []
        monkeypatch.setattr(frames._Port, "write", lambda _port, data: written.append(bytes(data)))
        parser, _ = reading()
        assert [data.split(b"\r\n")[0] for data in written] == [
            b"HTTP/1.1 101 Switching Protocols"
        ], "picows no longer answers the handshake in one write"
        feed(parser, frame(TEXT, b"one") + closing(1000))
        assert len(written) == 1, "picows answers pings or closes by itself"

    @pytest.mark.parametrize(
        ("broken", "code"),
        [(frame(3), 1002), (frame(TEXT, mask=None), 1002), (frame(TEXT, length=1001)[:4], 1009)],
        ids=["opcode", "unmasked", "too large"],
    )
    async def test_reports_a_broken_frame_by_a_close_frame_before_the_last_good_one(
        self, broken: bytes, code: int
    ) -> None:
        parser, calls = reading()
        feed(parser, frame(TEXT, b"good") + broken)
        assert calls.made == [("parser_failed", code), ("receive_text", b"good")]

    async def test_delivers_nothing_after_a_broken_frame(self) -> None:
        parser, calls = reading()
        feed(parser, frame(3) + frame(TEXT, b"late"))
        assert ("receive_text", b"late") not in calls.made

    async def test_is_read_into_without_python(self) -> None:
        assert Parser.get_buffer is WSProtocol.get_buffer
        assert Parser.buffer_updated is WSProtocol.buffer_updated
        assert issubclass(Parser, asyncio.BufferedProtocol)
        assert not issubclass(Parser, asyncio.Protocol), "uvloop would take it for unbuffered"

    async def test_keeps_a_small_buffer_that_grows(self) -> None:
        parser, _ = reading(limit=100_000)
        assert len(parser.get_buffer(-1)) == 2048 - 256
        feed(parser, frame(TEXT, b"*" * 50_000))
        assert len(parser.get_buffer(-1)) > 50_000, "picows shrinks its buffer: `renew` can go"

    async def test_takes_all_that_came_early_in_one_piece(self) -> None:
        data = frame(TEXT, b"*" * 900) * 50
        parser, calls = reading(early=len(data))
        parser.feed(data)
        assert [name for name, *_ in calls.made].count("receive_text") == 50

    async def test_says_how_much_is_behind_a_frame(self) -> None:
        tails = []

        class Listener(WSListener):
            def on_ws_frame(self, _transport: WSTransport, frame: WSFrame) -> None:
                tails.append((frame.payload_size, frame.tail_size))

        parser = _plain(Listener())
        feed(parser, frame(TEXT, b"12345") + frame(TEXT, b"123") + b"\x81")
        assert tails == [(5, 6 + 3 + 1), (3, 1)]

    async def test_kinds_of_frames_are_single_objects(self) -> None:
        kinds = []

        class Listener(WSListener):
            def on_ws_frame(self, _transport: WSTransport, frame: WSFrame) -> None:
                kinds.append(frame.msg_type)

        feed(_plain(Listener()), frame(TEXT) + frame(BINARY) + frame(PING))
        for kind, member in zip(kinds, ("TEXT", "BINARY", "PING"), strict=True):
            assert kind is WSMsgType[member], "`is` no longer tells kinds of frames apart"

    async def test_leaves_the_reserved_bits_to_the_listener(self) -> None:
        """Compression is its business; picows knows of none."""
        seen = []

        class Listener(WSListener):
            def on_ws_frame(self, _transport: WSTransport, frame: WSFrame) -> None:
                seen.append((bool(frame.rsv1), bool(frame.rsv2), bool(frame.rsv3)))

        feed(_plain(Listener()), b"".join(frame(TEXT, rsv=rsv) for rsv in (4, 2, 1)))
        assert seen == [(True, False, False), (False, True, False), (False, False, True)]

    async def test_logs_and_fails_a_listener_that_raises(self) -> None:
        class Listener(WSListener):
            def on_ws_frame(self, _transport: WSTransport, _frame: WSFrame) -> None:
                message = "broken on purpose"
                raise RuntimeError(message)

        calls: Any = Calls()
        feed(_plain(Listener(), calls), frame(TEXT))
        assert calls.made == [("parser_failed", 1011)]

    async def test_checks_some_of_a_close_frame_and_we_the_rest(self) -> None:
        for sent, made in (
            (frame(CLOSE, b"\x03"), ("fail", 1002)),
            (closing(0), ("fail", 1002)),
            (closing(1000), ("peer_closed", 1000)),
        ):
            parser, calls = reading()
            feed(parser, sent)
            assert [
                (name.replace("parser_failed", "fail"), *args) for name, *args in calls.made
            ] == [made]


class TestUvicorn:
    def test_makes_and_feeds_the_upgrade_protocol(self) -> None:
        source = inspect.getsource(httptools_impl.HttpToolsProtocol.handle_websocket_upgrade)
        steps = ("ws_protocol_class(", "connection_made(", "data_received(", "set_protocol(")
        places = [source.find(step) for step in steps]
        assert -1 not in places, "uvicorn hands an upgrade over in another way"
        assert places == sorted(places), "uvicorn hands an upgrade over in another order"
        taken = inspect.signature(websocket_protocol({}).__init__).parameters
        for argument in ("config", "server_state", "app_state"):
            assert f"{argument}=" in source
            assert argument in taken

    def test_has_what_the_http_protocol_builds_on(self) -> None:
        made = httptools_impl.HttpToolsProtocol(
            Config(_app, log_config=None), ServerState(), {}, _loop=asyncio.new_event_loop()
        )
        made.loop.close()
        for name in ("timeout_keep_alive_task", "parser", "cycle", "flow", "server_state"):
            assert hasattr(made, name), name
        for name in (
            "_should_upgrade",
            "_unset_keepalive_if_required",
            "send_400_response",
        ):
            assert callable(getattr(made, name)), name
        cycle = inspect.getsource(httptools_impl.RequestResponseCycle.__init__)
        for name in ("scope", "more_body", "response_complete"):
            assert f"self.{name}" in cycle, name
        assert "read_paused" in inspect.getsource(FlowControl.__init__)

    def test_keeps_the_sets_that_shutdown_waits_for(self) -> None:
        state = ServerState()
        assert state.connections == set()
        assert state.tasks == set()
        assert state.default_headers == []


async def _app(_scope: Any, _receive: Any, _send: Any) -> None: ...


def _plain(listener: WSListener, calls: Any = None) -> Parser:
    """A parser that gives its frames to `listener` and not to ours."""
    any_listener: Any = listener
    return Parser(calls or Calls(), any_listener, 1000)
