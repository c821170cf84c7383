"""The realtime engine alone on one port: a channel that broadcasts what it is told. For fan-out, pairs and idle sockets."""

import asyncio
import contextlib
import gc
import sys
import time
import uuid
from typing import Any

import uvloop
from uvicorn import Config, Server

from cgraph_kit.channels import OK, Channel, JoinParams, Reply, Socket, on
from cgraph_kit.channels.endpoint import Endpoint
from cgraph_kit.channels.http import guarded_http, upgrade_required
from cgraph_kit.channels.limits import Limits
from cgraph_kit.channels.upgrade import websocket_protocol
from cgraph_kit.presence import Presence
from cgraph_kit.pubsub.local import LocalBus, LocalPubSub
from cgraph_kit.validation import Input


class Said(Input):
    content: str


class Room(Channel):
    """Everyone hears everything: decoded, validated, broadcast, answered."""

    topic = "bench:*"

    async def join(self, id: str, params: JoinParams) -> None:
        return None

    @on("new_message")
    def new_message(self, said: Said) -> Reply:
        self.broadcast("new_message", {"content": said.content})
        return OK


class Crowd(Channel):
    """Everyone sees who is there: people with ids as random as real ones are, which does not compress."""

    topic = "crowd:*"

    async def join(self, id: str, params: JoinParams) -> None:
        self.key = str(uuid.uuid4())

    async def joined(self) -> None:
        self.track(self.key, {"online_at": int(time.time()), "status": "online"})
        self.show_presence()


class Client(Socket):
    channels = (Room, Crowd)


async def main(port: int) -> None:
    """Serve until told to stop."""
    bus = LocalBus()
    presence = Presence(LocalPubSub(bus))
    limits = Limits(messages_per_second=1e6, message_burst=1_000_000, max_sockets=100_000)
    endpoint = Endpoint(Client, LocalPubSub(bus), presence=presence, limits=limits)
    await presence.start()
    await endpoint.start()
    protocol: Any = websocket_protocol({"/socket/websocket": endpoint.accept})
    config = Config(
        upgrade_required,
        host="127.0.0.1",
        port=port,
        ws=protocol,
        http=guarded_http(),
        lifespan="off",
        log_config=None,
        access_log=False,
        backlog=4096,
    )
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        await Server(config).serve()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
