"""The realtime engine: Phoenix channels over WebSocket and long polling.

`Channel` is one topic, `Socket` one client, `Endpoint` what serves them; `testing` connects without a network.
"""

from .channel import OK, Channel, Joined, JoinParams, Outgoing, Reply, on
from .closecodes import CloseCode
from .endpoint import Endpoint
from .limits import Limits, Stats
from .socket import Socket
from .transport import Handshake, Refused

__all__ = [
    "OK",
    "Channel",
    "CloseCode",
    "Endpoint",
    "Handshake",
    "JoinParams",
    "Joined",
    "Limits",
    "Outgoing",
    "Refused",
    "Reply",
    "Socket",
    "Stats",
    "on",
]
