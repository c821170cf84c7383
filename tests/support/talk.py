"""People who talk: actors made through accounts, and conversations of them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec

from cgraph import accounts, messaging
from cgraph.accounts import Actor, ImportedUser
from cgraph.messaging import NewConversation, NewMessage, Sent
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.ids import new_id

Happened = Callable[[type[Any]], list[Any]]
Counter = Callable[[Any], AbstractContextManager[list[str]]]


def body(event: Any) -> dict[str, Any]:
    """The payload of a durable event, as clients get it."""
    decoded: dict[str, Any] = msgspec.json.decode(event.payload)
    return decoded


async def make_actor(db: Repo, name: str = "", *, at: datetime | None = None) -> Actor:
    """An account, signed in somewhere. Names are unique by themselves."""
    id = new_id()
    username = f"{name or 'p'}{uuid4().hex[:12]}"
    user = ImportedUser(id, username, None, None, None, active=True, inserted_at=at or clock.now())
    async with db.transaction() as tx:
        (made,) = await accounts.create_imported_users(tx, [user])
    person = (await accounts.get_people(db, [id]))[id]
    return Actor(id, uuid4(), made.username, person.display_name, person.avatar_url, person.user_id)


async def make_actors(db: Repo, count: int) -> list[Actor]:
    """Several."""
    return [await make_actor(db) for _ in range(count)]


async def open_between(db: Repo, actor: Actor, *others: Actor) -> UUID:
    """The conversation of these people: direct, a group, or alone."""
    new = NewConversation([other.id for other in others])
    return (await messaging.open_conversation(db, actor, new)).conversation.id


async def say(
    db: Repo,
    actor: Actor,
    conversation_id: UUID,
    content: str = "hello",
    *,
    reply_to: UUID | None = None,
    client_id: str | None = None,
) -> Sent:
    """Send a message."""
    return await messaging.send_message(
        db, actor, conversation_id, NewMessage(content, reply_to, client_id)
    )


async def block(db: Repo, actor: Actor, other: Actor) -> None:
    """The one does not want to hear from the other."""
    await accounts.block_user(db, actor, other.id)
