"""Every channel on one page, and who may connect."""

from typing import Self
from uuid import UUID

from cgraph.accounts import Actor, SessionEnded, list_live_ids
from cgraph.application import App
from cgraph_kit import clock
from cgraph_kit.channels import CloseCode, Handshake, Refused, Socket

from .channels.conversation import ConversationChannel
from .channels.user import UserChannel


class UserSocket(Socket):
    """A signed-in person's device.

    The access token comes as the `token` parameter, or better as phoenix.js's auth token, which no log shows.
    """

    channels = (ConversationChannel, UserChannel)

    def __init__(self, app: App, actor: Actor) -> None:
        self.app = app
        self.actor = actor
        self._checked = False

    @classmethod
    async def connect(cls, handshake: Handshake, app: App) -> Self | Refused:
        token = handshake.auth_token or handshake.params.get("token", "")
        return cls(app, await app.auth.authenticate(app.db, token))

    async def still_signed_in(self) -> None:
        """Close the socket if its session ended between connecting and being known by its keys. Asks once."""
        if self._checked:
            return
        live = await list_live_ids(self.app.db, [self.actor.session_id], clock.now())
        if not live:
            self.close(CloseCode.SESSION_REVOKED)
            raise SessionEnded
        self._checked = True

    def id(self) -> str:
        return user_key(self.actor.id)

    def keys(self) -> tuple[str, ...]:
        return (session_key(self.actor.session_id),)


def user_key(user_id: UUID) -> str:
    """Names all sockets of a person, as in the seed."""
    return f"user_socket:{user_id}"


def session_key(session_id: UUID) -> str:
    """Names all sockets of one sign-in."""
    return f"session_socket:{session_id}"
