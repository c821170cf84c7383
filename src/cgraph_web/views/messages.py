"""What has just been said, as its sender gets it: the very bytes that everybody gets."""

import msgspec

from cgraph.messaging import MessagePayload, Sent
from cgraph_web.plugs.idempotency import REPLAYED
from cgraph_web.response import Response


class SentMessage(MessagePayload, frozen=True, kw_only=True):
    """A message as it was sent, and its number."""

    seq: int


def sent(message: Sent) -> Response:
    """`{"data": …}` around the message; marked if it had been sent before."""
    headers = [REPLAYED] if message.replayed else []
    return Response(b'{"data":%b}' % message.payload, 201, headers=headers)


class Envelope(msgspec.Struct, frozen=True):
    """For the documentation: what `sent` answers."""

    data: SentMessage
