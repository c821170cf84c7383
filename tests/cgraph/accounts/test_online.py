"""The record of who is connected."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from cgraph import accounts
from cgraph.application import App
from cgraph_kit import clock
from cgraph_kit.ids import new_id
from support.people import register

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def node() -> str:
    return f"node-{new_id()}"


async def last_seen(app: App, id: UUID) -> Any:
    return await app.db.value("SELECT last_seen_at FROM users WHERE id = $1", id)


class TestComeOnline:
    async def test_lasts_until_every_node_has_let_go(self, app: App, node: str) -> None:
        ann, bob = (await register(app)).id, (await register(app)).id
        await accounts.come_online(app.db, node, [ann])
        await accounts.come_online(app.db, node + "2", [ann, bob])
        assert await accounts.list_online_ids(app.db, [ann, bob]) == {ann, bob}
        await accounts.go_offline(app.db, node + "2", [ann, bob])
        assert await accounts.list_online_ids(app.db, [ann, bob]) == {ann}
        assert await last_seen(app, bob) is not None
        await accounts.go_offline(app.db, node, [ann])


class TestGoOffline:
    async def test_keeps_nothing_of_the_invisible(self, app: App, node: str) -> None:
        person = await register(app)
        await app.db.value("UPDATE users SET status = 'invisible' WHERE id = $1", person.id)
        await accounts.come_online(app.db, node, [person.id])
        await accounts.go_offline(app.db, node, [person.id])
        assert await last_seen(app, person.id) is None


class TestForgetStale:
    async def test_takes_back_what_a_dead_node_said(
        self, app: App, node: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ann, bob = (await register(app)).id, (await register(app)).id
        monkeypatch.setattr(clock, "now", lambda: NOW)
        await accounts.come_online(app.db, node, [ann, bob])
        monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(minutes=2))
        await accounts.come_online(app.db, node, [bob])  # still there
        monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(minutes=4))
        assert await accounts.list_online_ids(app.db, [ann, bob]) == {bob}
        await accounts.forget_stale(app.db)
        assert await last_seen(app, ann) == NOW
        assert await last_seen(app, bob) is None
        await accounts.go_offline(app.db, node, [bob])
