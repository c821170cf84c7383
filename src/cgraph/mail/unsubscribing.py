"""What a link at the end of a mail stands for, without a login and for as long as the mail is kept."""

from uuid import UUID

import msgspec

from cgraph_kit.sealing import Sealer

GLOBAL = "global"
"""The scope that is everything; its id is the person's own."""


class Unsubscription(msgspec.Struct, frozen=True):
    """Whose mail is to end, and of which place."""

    user_id: UUID
    kind: str
    """Of the scope: `conversation`, or `global`."""
    scope_id: UUID


class Unsubscriptions:
    """Makes and reads the tokens in those links. They do not expire; they end with the secret they are sealed with."""

    def __init__(self, secret: str) -> None:
        self._sealer = Sealer(secret, "unsubscribe")

    def token(self, unsubscription: Unsubscription) -> str:
        """What the link carries."""
        one = unsubscription
        return self._sealer.seal(f"{one.user_id.hex} {one.kind} {one.scope_id.hex}")

    def read(self, token: str) -> Unsubscription | None:
        """What a token stands for; None if it is none of ours."""
        opened = self._sealer.open(token)
        if opened is None:
            return None
        user_id, kind, scope_id = opened.split(" ")
        return Unsubscription(UUID(user_id), kind, UUID(scope_id))
