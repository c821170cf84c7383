"""Every channel on one page, and who may connect."""

from typing import NamedTuple, Self

from cgraph.accounts import Actor, SessionEnded, TokenExpired, list_live_ids
from cgraph.application import App
from cgraph_kit import clock
from cgraph_kit.channels import CloseCode, Handshake, Refused, Socket
from cgraph_kit.errors import Unauthorized

from .channels.channel import ChannelChannel, ThreadChannel
from .channels.conversation import ConversationChannel
from .channels.forum import ForumChannel
from .channels.group import GroupChannel
from .channels.keys import session_key, user_key
from .channels.post import PostChannel
from .channels.user import UserChannel
from .crowds import Crowds
from .plugs.rate_limit import RateLimits
from .statuses import Statuses


class Reach(NamedTuple):
    """What sockets get of the node."""

    app: App
    statuses: Statuses
    crowds: Crowds
    limits: RateLimits


class UserSocket(Socket):
    """A signed-in person's device.

    The access token comes as the `token` parameter, or better as phoenix.js's auth token, which no log shows.
    """

    channels = (
        ConversationChannel,
        ChannelChannel,
        ThreadChannel,
        GroupChannel,
        ForumChannel,
        PostChannel,
        UserChannel,
    )

    def __init__(self, reach: Reach, actor: Actor) -> None:
        self.app, self.statuses, self.crowds, self.limits = reach
        self.actor = actor
        self.caller = f"user:{actor.id}"
        """Whom rate limits count what is said here for."""
        self._checked = False

    @classmethod
    async def connect(cls, handshake: Handshake, reach: Reach) -> Self | Refused:
        doors = reach.limits.doors
        address = doors.address_of(handshake.client, handshake.headers)
        await doors.look(address)
        token = handshake.auth_token or handshake.params.get("token", "")
        try:
            actor = await reach.app.auth.authenticate(reach.app.db, token)
        except TokenExpired:  # once one of ours
            raise
        except Unauthorized:
            await reach.limits.refused(address)
            raise
        socket = cls(reach, actor)
        if reach.limits.connects is not None:
            await reach.limits.connects.spend(socket.caller)
        return socket

    async def still_signed_in(self) -> None:
        """Close the socket if its session ended between connecting and being known by its keys. Asks once."""
        if self._checked:
            return
        live = await list_live_ids(self.app.db, [self.actor.session_id], clock.now())
        if not live:
            self.close(CloseCode.SESSION_REVOKED)
            raise SessionEnded
        self._checked = True

    def about(self) -> dict[str, str]:
        return {"user_id": str(self.actor.id), "session_id": str(self.actor.session_id)}

    def id(self) -> str:
        return user_key(self.actor.id)

    def keys(self) -> tuple[str, ...]:
        return (session_key(self.actor.session_id),)
