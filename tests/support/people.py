"""People who have registered with the application under test."""

from collections.abc import Awaitable, Callable
from itertools import count
from uuid import UUID

import msgspec

from cgraph import accounts, messaging
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph_kit.ids import new_id

PASSWORD = "correct horse battery"
_numbers = count(1)


class Person(msgspec.Struct, frozen=True):
    """Somebody signed in."""

    actor: Actor
    token: str
    refresh_token: str

    @property
    def id(self) -> UUID:
        return self.actor.id


Meet = Callable[..., Awaitable[Person]]


def name() -> str:
    """A username nobody has, in this worker's database or another's."""
    return f"p{next(_numbers)}.{new_id().hex[-12:]}"


async def register(app: App, username: str | None = None) -> Person:
    """Somebody new."""
    username = username or name()
    new = accounts.NewUser(f"{username}@example.com", username, PASSWORD)
    signed_in = await accounts.register(app.db, app.auth, new, accounts.Origin())
    tokens = signed_in.tokens
    actor = await app.auth.authenticate(app.db, tokens.access_token)
    return Person(actor, tokens.access_token, tokens.refresh_token)


async def converse(app: App, *people: Person) -> UUID:
    """A conversation of these people, opened by the first."""
    ids = [person.id for person in people[1:]]
    opened = await messaging.open_conversation(
        app.db, people[0].actor, messaging.NewConversation(ids)
    )
    return opened.conversation.id


async def say(app: App, person: Person, conversation_id: UUID, content: str) -> messaging.Sent:
    """Said by the context, as REST does it."""
    new = messaging.NewMessage(content)
    return await messaging.send_message(app.db, person.actor, conversation_id, new)
