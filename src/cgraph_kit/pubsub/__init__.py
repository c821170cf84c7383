"""Messages between nodes: one interface, an in-process adapter and a Valkey adapter.

The latter, `cgraph_kit.pubsub.valkey`, is imported where there is a Valkey: it brings redis-py with it.
"""

from .base import PubSub, new_node_name
from .lanes import split
from .local import LocalBus, LocalPubSub

__all__ = ["LocalBus", "LocalPubSub", "PubSub", "new_node_name", "split"]
