"""What nodes tell each other about presence: MessagePack arrays, named by one letter."""

import msgspec

from .entry import Entry


class Heartbeat(msgspec.Struct, frozen=True, array_like=True, tag="h"):
    """A sign of life. Who has not applied `node`'s deltas up to `clock` has missed some; `ask` wants one back."""

    node: str
    clock: int
    ask: bool


class Delta(msgspec.Struct, frozen=True, array_like=True, tag="d"):
    """What changed on `node` in one tick; `clock` counts its deltas from 1 without holes."""

    node: str
    clock: int
    joins: list[Entry]
    leaves: list[str]


class Request(msgspec.Struct, frozen=True, array_like=True, tag="r"):
    """`node` asks the receiver for its whole state."""

    node: str


class State(msgspec.Struct, frozen=True, array_like=True, tag="s"):
    """All entries of `node` as of `clock`, in parts 0 … `parts` - 1."""

    node: str
    clock: int
    part: int
    parts: int
    entries: list[Entry]


class Bye(msgspec.Struct, frozen=True, array_like=True, tag="b"):
    """`node` stops; nothing of it is to be believed any more."""

    node: str


Message = Heartbeat | Delta | Request | State | Bye

encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Message).decode
