"""Every code a connection is closed with, and what it asks of the client: the one table.

Up to 1015 they are RFC 6455's (§7.4.1) and IANA's. 4000-4007 are final: this session will not work again.
4008-4099 ask to come back and resume.
"""

from enum import Enum, IntEnum
from typing import Self


class Advice(Enum):
    """What a client should do after the close. phoenix.js knows one rule only: reconnect on anything but 1000."""

    STAY = "stay away until the user asks again"
    RECONNECT = "reconnect with jitter and resume"
    LATER = "reconnect and resume after a longer wait"
    LOGIN = "log in again; the session is over"
    REPAIR = "a bug in the client: do not repeat what was sent"


class CloseCode(IntEnum):
    advice: Advice
    meaning: str

    def __new__(cls, code: int, advice: Advice, meaning: str) -> Self:
        self = int.__new__(cls, code)
        self._value_ = code
        self.advice, self.meaning = advice, meaning
        return self

    NORMAL = 1000, Advice.STAY, "done; the answer to a client that closes"
    GOING_AWAY = 1001, Advice.RECONNECT, "the server disconnects this socket"
    PROTOCOL_ERROR = 1002, Advice.REPAIR, "broken framing, or nothing was heard for the idle time"
    UNSUPPORTED = 1003, Advice.REPAIR, "a kind of message the server does not take"
    NO_CODE = 1005, Advice.RECONNECT, "never on the wire: the peer's close frame had no code"
    ABNORMAL = 1006, Advice.RECONNECT, "never on the wire: the line dropped without a close frame"
    INVALID_TEXT = (
        1007,
        Advice.REPAIR,
        "a text message or close reason that is not UTF-8, or what does not inflate",
    )
    POLICY = 1008, Advice.REPAIR, "against a rule that has no code of its own"
    TOO_BIG = 1009, Advice.REPAIR, "a message larger than the limit"
    INTERNAL = (
        1011,
        Advice.RECONNECT,
        "an undecodable frame, as in Phoenix, or a failure of the server's own",
    )
    RESTART = 1012, Advice.RECONNECT, "the server restarts"
    TRY_LATER = 1013, Advice.LATER, "the server is overloaded"
    SESSION_REVOKED = 4001, Advice.LOGIN, "the session was revoked"
    TOO_MANY_MESSAGES = 4008, Advice.LATER, "more messages per second than allowed"
    SLOW_CONSUMER = 4009, Advice.RECONNECT, "the client did not read what it was sent"


_SENDABLE = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})
_APPLICATION = range(3000, 5000)


class Violation(Exception):
    """The peer broke a rule; the connection fails with this code."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(code.meaning)
        self.code = code


def allowed_on_wire(code: int) -> bool:
    """Whether a peer may put this code into a close frame (RFC 6455 §7.4; 1012-1014 by IANA's registry)."""
    return code in _SENDABLE or code in _APPLICATION
