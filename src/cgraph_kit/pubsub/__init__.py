"""Messages between nodes: one interface, an in-process adapter and a Valkey adapter."""

from .base import PubSub, new_node_name
from .lanes import split
from .local import LocalBus, LocalPubSub
from .valkey import ValkeyPubSub

__all__ = ["LocalBus", "LocalPubSub", "PubSub", "ValkeyPubSub", "new_node_name", "split"]
