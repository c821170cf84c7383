"""A test-only WebSocket that sends back what it gets, on the very stack the channels use: for conformance suites."""

from functools import partial

from cgraph_kit.channels.transport import Accepted, Handshake, Refused, Transport
from cgraph_kit.channels.wire import COMPRESSED, WEBSOCKET, Packing


class Echo:
    """A receiver that returns every message as it came."""

    def __init__(self, packing: Packing, transport: Transport) -> None:
        self._packing = packing
        self._transport = transport

    def receive_text(self, data: bytes) -> None:
        self._transport.write(self._packing.text(data))

    def receive_binary(self, data: bytes) -> None:
        self._transport.write(self._packing.binary(data))

    def pause(self) -> None:
        """Nothing to hold back: an echo is as fast as its peer."""

    def resume(self) -> None:
        """See `pause`."""

    def closed(self, code: int) -> None:
        """Nothing to let go of."""


async def accept_echo(handshake: Handshake) -> Refused | Accepted:
    """Everyone may connect: the endpoint exists only where its setting is on."""
    return Accepted(partial(Echo, COMPRESSED if handshake.inflates else WEBSOCKET))
