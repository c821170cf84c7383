"""Clients of the real endpoint on the real application, without a network."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from cgraph.application import App
from cgraph_kit.channels.endpoint import Endpoint
from cgraph_kit.channels.testing import ClientSocket
from cgraph_kit.channels.testing import connect as connect_to
from cgraph_web.realtime import realtime
from support.described import Witness
from support.people import Person

Connect = Callable[[Person], Awaitable[ClientSocket]]


@pytest.fixture
async def endpoint(app: App) -> AsyncIterator[Endpoint]:
    async with realtime(app) as endpoint:
        yield endpoint


@pytest.fixture
def connect(endpoint: Endpoint) -> Connect:
    """A device of a person; all that is said there must be described."""

    async def connect(person: Person) -> ClientSocket:
        socket = await connect_to(endpoint, {"token": person.token})
        socket.witness = Witness()
        return socket

    return connect
