"""What one client may take, and how much the engine keeps for one that does not read."""

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """Every bound of the engine above the connection. Times in seconds, sizes in bytes."""

    max_channels: int = 100
    """Joined topics per connection, as Phoenix counts them."""
    max_sockets: int = 100
    """Connections per socket id; one more is refused with 429."""
    messages_per_second: float = 50.0
    """Per connection, on average; more closes it with 4008."""
    message_burst: int = 250
    """Messages per connection that may come at once: a client that rejoins all its topics."""
    queued_messages: int = 64
    """Messages to one topic that wait while an earlier one is handled; more closes with 4008."""
    outbox_bytes: int = 512 * 1024
    """Kept for a client that does not read; ephemeral messages go first, then it is closed with 4009."""
    outbox_frames: int = 4096
    join_timeout: float = 15.0
    """A join that takes longer is refused."""
    shutdown_timeout: float = 5.0
    """How long a rejoin waits for the old channel's running handler before it is cancelled."""
    slow_seconds: float = 1.0
    """From which a handler is told about in the log."""
    hole_wait: float = 0.02
    """How long a durable message waits for an earlier one still on its way before the log is read."""
    repair_attempts: int = 6
    """Readings of the log, with doubling pauses, before a topic's clients are told to rejoin."""
    verify_every: float = 3.0
    """How often each topic's position is compared with the log, when the endpoint can."""
    early_messages: int = 1024
    """Durable messages per topic kept while an earlier one is missing; the log has the others."""


class Stats(msgspec.Struct):
    """Counters since the start, and gauges of now. Plain numbers for whoever exports them."""

    sockets: int = 0
    """Connections standing now."""
    channels: int = 0
    """Channels joined now."""
    topics: int = 0
    """Topics with a subscriber now."""
    sockets_opened: int = 0
    refused: int = 0
    """Handshakes refused."""
    joins: int = 0
    frames_in: int = 0
    frames_out: int = 0
    """Messages to clients, each counted once per client."""
    bytes_out: int = 0
    published: int = 0
    """Messages to topics, each counted once however many subscribe."""
    slow_closed: int = 0
    dropped_ephemeral: int = 0
    """Ephemeral or outdated messages not sent to a client that does not read."""
    duplicates: int = 0
    """Durable messages that came again."""
    holes_seen: int = 0
    holes_repaired: int = 0
    """Durable messages that were read from the log because they did not come otherwise."""
    resyncs: int = 0
    """Topics whose clients had to rejoin because the log could not fill a hole."""
    crashes: int = 0
    """Channels ended by an exception."""
