"""`conversation:<id>`: the people of one conversation, while they are online."""

from collections.abc import Iterator
from typing import get_args

from cgraph import messaging
from cgraph_kit.channels import Outgoing

from .keys import user_key
from .talk import TalkChannel, durable


class ConversationChannel(TalkChannel):
    """Messages and what becomes of them, typing, read marks and presence of one conversation.

    Every durable push carries `seq`; a join with `{"since": n}` gets what came after n.
    """

    PREFIX = "conversation:"
    topic = "conversation:*"
    gate = messaging.PARTICIPANTS
    refusals = (messaging.CannotSend,)


_durable = durable("conversation")
for _kind in get_args(messaging.DurableConversationEvent):
    ConversationChannel.push(_kind.type, when=_kind)(_durable)


@ConversationChannel.push("read_updated", when=messaging.ReadUpdated)
def _read_updated(happened: messaging.ReadUpdated) -> Iterator[Outgoing]:
    yield Outgoing(
        f"conversation:{happened.conversation_id}",
        "read_updated",
        {"user_id": happened.user_id, "read_seq": happened.read_seq},
        coalesce_key=f"read:{happened.user_id}",
        hidden_from=[user_key(id) for id in happened.hidden_from],
    )


@ConversationChannel.push("delivered_updated", when=messaging.DeliveredUpdated)
def _delivered_updated(happened: messaging.DeliveredUpdated) -> Iterator[Outgoing]:
    yield Outgoing(
        f"conversation:{happened.conversation_id}",
        "delivered_updated",
        {"user_id": happened.user_id, "delivered_seq": happened.delivered_seq},
        coalesce_key=f"delivered:{happened.user_id}",
    )
