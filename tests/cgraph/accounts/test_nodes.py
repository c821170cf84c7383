import asyncio
from collections.abc import Callable

import pytest

from cgraph import accounts
from cgraph.accounts import Auth, SessionEnded, SignedIn, UpdateAccount, follow, listener
from cgraph.accounts.nodes import TOPIC
from cgraph_kit.db import Transaction
from cgraph_kit.pubsub import LocalBus, LocalPubSub

from .conftest import actor_of


@pytest.fixture
async def nodes(make_auth: Callable[..., Auth]) -> list[tuple[Auth, LocalPubSub]]:
    """Two of them, on one bus."""
    bus = LocalBus()
    nodes = [(make_auth(), LocalPubSub(bus)) for _ in range(2)]
    for auth, lane in nodes:
        await follow(lane, auth)
    return nodes


@pytest.fixture
async def ann(db: Transaction, register) -> SignedIn:
    signed_in: SignedIn = await register(db, "ann")
    db.events.clear()
    return signed_in


async def settle(auth: Auth) -> None:
    """Until a node has forgotten what it was told to."""
    for _ in range(1000):
        if not len(auth.verified):
            return
        await asyncio.sleep(0)
    raise AssertionError("still believed")


class TestListener:
    async def test_a_revoked_session_is_over_on_every_node_at_once(
        self, db: Transaction, nodes, ann
    ) -> None:
        (here, lane), (there, _) = nodes
        for auth in (here, there):
            await auth.authenticate(db, ann.tokens.access_token)
        await accounts.log_out(db, actor_of(ann))
        listener(lane, here)(db.events)
        await settle(there)
        for auth in (here, there):
            with pytest.raises(SessionEnded):
                await auth.authenticate(db, ann.tokens.access_token)

    async def test_a_new_name_is_known_on_every_node(self, db: Transaction, nodes, ann) -> None:
        (here, lane), (there, _) = nodes
        for auth in (here, there):
            await auth.authenticate(db, ann.tokens.access_token)
        await accounts.update_account(db, actor_of(ann), UpdateAccount(display_name="Ann"))
        listener(lane, here)([*db.events, "something else"])
        await settle(there)
        for auth in (here, there):
            actor = await auth.authenticate(db, ann.tokens.access_token)
            assert actor.display_name == "Ann"


class TestFollow:
    async def test_after_an_outage_nothing_is_believed(self, db: Transaction, nodes, ann) -> None:
        auth, lane = nodes[0]
        await auth.authenticate(db, ann.tokens.access_token)
        lane.on_reconnect()
        assert len(auth.verified) == 0

    async def test_nor_after_a_message_nobody_can_read(self, db: Transaction, nodes, ann) -> None:
        (here, _), (_, other_lane) = nodes
        await here.authenticate(db, ann.tokens.access_token)
        await other_lane.publish(TOPIC, b"\xc1")
        await settle(here)
