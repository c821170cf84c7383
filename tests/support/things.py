"""Things: a resource that exists for the tests of the web layer only. A thing is a row of `streams`, so that its writes are
real ones."""

from typing import Annotated
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import streams
from cgraph_kit.db import Database, Repo
from cgraph_kit.errors import Conflict, Invalid
from cgraph_kit.paging import Limit, Page
from cgraph_kit.validation import Input, Text
from cgraph_web.action import Body, Query, action, delete, get, post, put
from cgraph_web.response import Reply
from cgraph_web.views.base import Data, Many, many


class ThingBroken(Conflict):
    """Told when a thing cannot be made."""

    code = "test_thing_broken"


class NewThing(Input):
    """What makes a thing."""

    id: UUID
    name: Annotated[Text, msgspec.Meta(min_length=1, max_length=20)] = "thing"
    """What people call it."""
    fail: bool = False


class Which(Input):
    """Which things to list."""

    limit: Limit = 50
    """How many at most."""
    after: Text | None = None
    name: list[Text] = []
    """Only those called so; may be given several times."""


class Thing(msgspec.Struct, frozen=True):
    """A thing as everybody sees it."""

    id: UUID
    name: str
    """What people call it."""
    owner_id: UUID


@action(errors=(ThingBroken,))
async def show(actor: Actor, thing_id: UUID) -> Data[Thing]:
    """One thing.

    More about it.
    """
    return Data(Thing(thing_id, "thing", actor.id))


@action()
async def index(actor: Actor, query: Query[Which]) -> Many[Thing]:
    """Many things."""
    names = query.name or [query.after or "thing"]
    things = [Thing(UUID(int=query.limit), name, actor.id) for name in names]
    return many(Page(things, before=None, after="next"))


@action(status=201, errors=(ThingBroken,))
async def create(db: Repo, actor: Actor, new: Body[NewThing]) -> Data[Thing]:
    """Make a thing."""
    async with db.transaction() as tx:
        await streams.create(tx, new.id)
        if new.fail:
            raise ThingBroken
    return Data(Thing(new.id, new.name, actor.id))


@action(status=201, idempotency="own")
async def create_own(db: Repo, actor: Actor, idempotency_key: str | None) -> Data[str | None]:
    """Make a thing whose write is named by itself."""
    assert isinstance(db, Database)
    return Data(idempotency_key)


@action(status=201, also=(200,))
async def replace(actor: Actor, thing_id: UUID, new: Body[NewThing]) -> Reply[Data[Thing]]:
    """Put a thing where none or another was."""
    thing = Thing(thing_id, new.name, actor.id)
    return Reply(Data(thing), status=200, headers={"Location": f"/things/{thing_id}"})


@action(status=204)
async def remove(thing_id: UUID) -> None:
    """Take a thing away."""


@action(public=True)
async def greet(name: str) -> Data[str]:
    """Anybody may be greeted."""
    return Data(f"hello {name}")


@action(public=True)
async def crash() -> Data[str]:
    """A bug."""
    raise ZeroDivisionError("a secret of the implementation")


@action(public=True)
async def refuse() -> Data[str]:
    """A failure that carries more than a code."""
    raise Invalid("no", fields={"name": ["is no name"]}, hint="another")


THINGS = (
    get("/things", index),
    post("/things", create),
    post("/things/own", create_own),
    get("/things/{thing_id}", show),
    put("/things/{thing_id}", replace),
    delete("/things/{thing_id}", remove),
    get("/greetings/{name}", greet),
    get("/crash", crash),
    get("/refuse", refuse),
)
