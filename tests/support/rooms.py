"""A small application on the realtime engine, for its tests."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any, Self

import msgspec

from cgraph_kit import errors
from cgraph_kit.channels import (
    OK,
    Channel,
    Endpoint,
    Handshake,
    Joined,
    JoinParams,
    Outgoing,
    Refused,
    Reply,
    Socket,
    on,
)
from cgraph_kit.channels.testing import ClientSocket, connect
from cgraph_kit.pubsub import LocalPubSub


class Locked(errors.Forbidden):
    code = "unauthorized"


class NewMessage(msgspec.Struct, forbid_unknown_fields=True):
    content: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class Said(msgspec.Struct):
    """Something happened that rooms are told."""

    room: str
    content: str
    seq: int | None = None


class RoomParams(JoinParams):
    as_of: int | None = None
    """Pretend to have read the log up to here."""


class Room(Channel):
    """`room:<id>`; the ids `locked`, `broken` and `slow` behave so."""

    topic = "room:*"
    socket: "Guest"

    async def join(self, id: str, params: RoomParams) -> Joined | dict[str, Any] | None:
        app = self.socket.app
        if id == "locked":
            raise Locked("not for you")
        if id == "broken":
            raise RuntimeError("this join crashes")
        if gate := app.gates.get(f"join {id}"):
            await gate.wait()
        if params.as_of is not None:
            return Joined({"seq": params.as_of}, seq=params.as_of)
        if id in app.logs:
            return await self._resume(app.logs[id], params.since)
        return {"hello": id} if id == "polite" else None

    async def _resume(self, log: list[dict[str, Any]], since: int | None) -> Joined:
        await asyncio.sleep(0)
        missed = log[since:] if since is not None else []
        seq = len(log)
        await asyncio.sleep(0)  # what is said from here on is not in the answer
        return Joined({"seq": seq, "events": missed}, seq=seq)

    async def joined(self) -> None:
        self.socket.app.notes.append(("joined", self.topic_name))

    async def left(self, reason: str) -> None:
        if gate := self.socket.app.gates.get("left"):
            await gate.wait()
        self.socket.app.notes.append(("left", self.topic_name, reason))

    @on("shout")
    async def shout(self, payload: Any) -> dict[str, Any]:
        self.broadcast("shouted", payload)
        return {"shouted": True}

    @on("shout_from")
    async def shout_from(self, payload: Any) -> None:
        self.broadcast_from("shouted", payload)

    @on("new_message")
    async def new_message(self, new: NewMessage) -> dict[str, Any]:
        return {"content": new.content}

    @on("echo")
    def echo(self, payload: Any) -> dict[str, Any]:
        return {"echo": payload}

    @on("quiet")
    def quiet(self) -> None:
        """Says nothing."""

    @on("fine")
    def fine(self) -> Reply:
        return OK

    @on("odd")
    def odd(self) -> Reply:
        return Reply("odd", {"so": "odd"})

    @on("pushed")
    def pushed(self, payload: Any) -> None:
        self.push("pushed", payload)

    @on("refuse")
    async def refuse(self) -> None:
        raise errors.RateLimited("slow down", retry_after=2.5)

    @on("crash")
    async def crash(self) -> None:
        raise RuntimeError("this handler crashes")

    @on("crash_now")
    def crash_now(self) -> None:
        raise RuntimeError("this handler crashes")

    @on("unsayable")
    def unsayable(self) -> object:
        return {"it": object()}

    @on("stop")
    async def stop(self) -> Reply:
        self.close()
        return OK

    @on("stop_now")
    def stop_now(self) -> Reply:
        self.close("enough")
        return OK

    @on("wait")
    async def wait(self, gate: str) -> dict[str, Any]:
        await self.socket.app.gates[gate].wait()
        self.socket.app.notes.append(("waited", gate))
        return {"waited": gate}

    @on("bytes")
    def bytes_(self, data: bytes) -> bytes:
        self.broadcast("bin_event", data)
        return data

    @on("push_bytes")
    def push_bytes(self, data: bytes) -> None:
        self.push("bin_event", data)


class Lobby(Channel):
    """One topic that says nothing when it ends."""

    topic = "lobby"

    @on("echo")
    def echo(self, payload: Any) -> Any:
        return payload


@Room.push("said", when=Said)
def said(said: Said) -> Iterator[Outgoing]:
    if said.content == "crash":
        raise RuntimeError("this push crashes")
    if said.content == "explicit":
        yield Outgoing(f"room:{said.room}", "explicit", {"seq": 99})
    else:
        payload = {"content": said.content, **({} if said.seq is None else {"seq": said.seq})}
        yield Outgoing(f"room:{said.room}", "said", payload, said.seq)


class App:
    """What the handlers of one test share."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, ...]] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.logs: dict[str, list[dict[str, Any]]] = {}
        """What each room with a log has said: the entry at index n has seq n + 1."""

    def gate(self, name: str) -> asyncio.Event:
        self.gates[name] = asyncio.Event()
        return self.gates[name]

    def append(self, room: str) -> Said:
        """Commit the next event of a room's log; telling the room is another matter."""
        log = self.logs.setdefault(room, [])
        seq = len(log) + 1
        log.append({"content": str(seq), "seq": seq})
        return Said(room, str(seq), seq)

    async def read_log(self, topic: str, after: int, up_to: int) -> list[tuple[int, str, bytes]]:
        await asyncio.sleep(0)
        entries = self.logs.get(topic.removeprefix("room:"), [])[after:up_to]
        return [(entry["seq"], "said", json.dumps(entry).encode()) for entry in entries]

    async def last_seqs(self, topics: list[str]) -> dict[str, int]:
        logs = {f"room:{room}": len(log) for room, log in self.logs.items()}
        return {topic: logs[topic] for topic in topics if topic in logs}


class Guest(Socket):
    channels = (Room, Lobby)

    app: App
    name: str | None
    session: str | None

    @classmethod
    async def connect(cls, handshake: Handshake, app: Any) -> Self | Refused:
        match handshake.params.get("as"):
            case "nobody":
                return Refused()
            case "hasty":
                raise errors.RateLimited(retry_after=1)
            case "early":
                raise errors.Unavailable
            case "stranger":
                raise errors.Unauthorized
            case "bug":
                raise RuntimeError("this connect crashes")
        socket = cls()
        socket.app = app
        socket.name = handshake.params.get("as")
        socket.session = handshake.params.get("session")
        return socket

    def id(self) -> str | None:
        return f"guest:{self.name}" if self.name else None

    def keys(self) -> Iterable[str]:
        return [f"session:{self.session}"] if self.session else []


@asynccontextmanager
async def running(app: App | None = None, **options: Any) -> AsyncIterator[Endpoint]:
    """An endpoint with rooms; `bus` gives it a bus it shares with other nodes."""
    pubsub = LocalPubSub(options.pop("bus", None))
    endpoint = Endpoint(Guest, pubsub, app=app or App(), **options)
    await endpoint.start()
    try:
        yield endpoint
    finally:
        await endpoint.close(0.05)


class Wire:
    """A client of raw frames: what it sends and what it gets is compared as JSON, frame by frame."""

    def __init__(self, socket: ClientSocket) -> None:
        self.socket = socket

    @classmethod
    async def open(
        cls, endpoint: Endpoint, vsn: str = "2.0.0", params: Mapping[str, str] | None = None
    ) -> Self:
        return cls(await connect(endpoint, params, vsn=vsn))

    def send(self, *frames: str | bytes) -> None:
        for frame in frames:
            if isinstance(frame, bytes):
                self.socket.transport.receiver.receive_binary(frame)
            else:
                self.socket.transport.receiver.receive_text(frame.encode())

    async def heard(self) -> list[Any]:
        """What has come once everything that runs has finished: binary frames as bytes."""
        await quiet(self.socket.endpoint)
        texts = self.socket.transport.texts()
        return [json.loads(text) if isinstance(text, str) else text for text in texts]

    async def ask(self, *frames: str | bytes) -> list[Any]:
        self.send(*frames)
        return await self.heard()


async def quiet(*endpoints: Endpoint) -> None:
    """No handler runs any more, and what was said has been written."""
    async with asyncio.timeout(5):
        while tasks := [task for endpoint in endpoints for task in endpoint.tasks]:
            await asyncio.wait(tasks)
    for _ in range(6):
        await asyncio.sleep(0)
