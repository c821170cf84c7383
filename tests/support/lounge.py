"""A small application on the realtime engine, served on a real port for real clients."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Self

import msgspec

from cgraph_kit.channels import (
    OK,
    Channel,
    Endpoint,
    Handshake,
    Joined,
    JoinParams,
    Refused,
    Reply,
    Socket,
    on,
)
from cgraph_kit.channels.http import upgrade_required
from cgraph_kit.channels.longpoll import LongPoll
from cgraph_kit.errors import Forbidden
from cgraph_kit.presence import Presence
from cgraph_kit.pubsub import LocalBus, LocalPubSub
from cgraph_kit.validation import Input

from .websocket import MOUNT, Running, serving

LONGPOLL = "/socket/longpoll"


class NotForYou(Forbidden):
    code = "unauthorized"
    default = "this door is locked"


class Said(Input):
    content: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class Log:
    """What was said in the lounges, by topic: the entry at index n has seq n + 1."""

    def __init__(self) -> None:
        self._entries: dict[str, list[dict[str, Any]]] = {}
        self.expired: set[str] = set()
        """Topics of which nothing can be replayed any more."""

    def of(self, topic: str) -> list[dict[str, Any]]:
        return self._entries.setdefault(topic, [])

    async def read(self, topic: str, after: int, up_to: int) -> list[tuple[int, str, bytes]]:
        entries = self.of(topic)[after:up_to]
        return [(entry["seq"], "said", msgspec.json.encode(entry)) for entry in entries]


class Lounge(Channel):
    """`lounge:<id>`, open to all but for `lounge:locked`."""

    topic = "lounge:*"
    socket: "Guest"

    async def join(self, id: str, params: JoinParams) -> Joined:
        if id == "locked":
            raise NotForYou
        said = self.socket.log.of(self.topic_name)
        if params.since is None:
            return Joined({"seq": len(said)}, len(said))
        if self.topic_name in self.socket.log.expired:
            return Joined({"seq": len(said), "resumed": False, "reason": "expired"}, len(said))
        events = [{"event": "said", "payload": entry} for entry in said[params.since :]]
        return Joined({"seq": len(said), "resumed": True, "events": events}, len(said))

    async def joined(self) -> None:
        self.track(self.socket.name, {"online_at": 1_790_000_000})
        self.show_presence()

    @on("say")
    async def say(self, said: Said) -> dict[str, int]:
        log = self.socket.log.of(self.topic_name)
        log.append({"content": said.content, "by": self.socket.name, "seq": len(log) + 1})
        self.socket.endpoint.broadcast(self.topic_name, "said", log[-1], seq=len(log))
        return {"seq": len(log)}

    @on("typing")
    def typing(self) -> None:
        self.broadcast_from("user_typing", {"user_id": self.socket.name})

    @on("status")
    def status(self, status: str) -> Reply:
        self.track(self.socket.name, {"online_at": 1_790_000_000, "status": status})
        return OK

    @on("bytes")
    def bytes_(self, data: bytes) -> bytes:
        self.broadcast("bytes", data)
        return data

    @on("odd")
    def odd(self) -> Reply:
        return Reply("odd", {"so": "odd"})

    @on("crash")
    def crash(self) -> None:
        raise RuntimeError("this handler crashes")

    @on("stop")
    def stop(self) -> Reply:
        self.close("enough")
        return OK


class Guest(Socket):
    """Anybody who says a name, as a parameter or as the auth token."""

    channels = (Lounge,)
    name: str
    log: Log
    endpoint: Endpoint

    @classmethod
    async def connect(cls, handshake: Handshake, app: Any) -> Self | Refused:
        name = handshake.auth_token or handshake.params.get("name")
        if not name:
            return Refused()
        guest = cls()
        guest.name, guest.log, guest.endpoint = name, app.log, app.endpoint
        return guest

    def id(self) -> str:
        return f"guest:{self.name}"

    def keys(self) -> Iterable[str]:
        return ()


@dataclass
class Place:
    """The running application."""

    log: Log = field(default_factory=Log)
    endpoint: Endpoint = field(init=False)
    server: Running = field(init=False)
    url: str = ""
    """For `new Socket`."""
    loading: asyncio.Event = field(default_factory=asyncio.Event)
    """Until it is set, nobody who asks for a topic's state is answered."""
    loads: int = 0
    """How many have asked."""

    def state_of(self, topic: str) -> str:
        """Where the messages of a topic are to be had: `{"said": [content, …]}`."""
        return f"{self.url.replace('ws', 'http', 1).removesuffix('/socket')}/state/{topic}"

    async def hang_up(self, name: str) -> None:
        self.endpoint.disconnect(f"guest:{name}")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """What is not a WebSocket."""
        if scope["path"] == LONGPOLL:
            await self.polling(scope, receive, send)
        elif scope["path"].startswith("/state/"):
            await self._load(scope["path"].removeprefix("/state/"), send)
        else:
            await upgrade_required(scope, receive, send)

    @cached_property
    def polling(self) -> LongPoll:
        return LongPoll(self.endpoint)

    async def _load(self, topic: str, send: Any) -> None:
        self.loads += 1
        said = [entry["content"] for entry in self.log.of(topic)]
        await self.loading.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": msgspec.json.encode({"said": said})})


@asynccontextmanager
async def opened() -> AsyncIterator[Place]:
    """The lounges on a free port, with WebSocket and long polling."""
    place, bus = Place(), LocalBus()
    presence = Presence(LocalPubSub(bus))
    place.endpoint = Endpoint(
        Guest, LocalPubSub(bus), app=place, presence=presence, read_log=place.log.read
    )
    await presence.start()
    await place.endpoint.start()
    async with serving(place.endpoint.accept, app=place) as running:
        place.server = running
        place.url = f"ws://127.0.0.1:{running.port}{MOUNT.removesuffix('/websocket')}"
        try:
            yield place
        finally:
            await place.endpoint.close()
            await presence.stop()
