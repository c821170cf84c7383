"""What is forgotten by the clock."""

from datetime import timedelta
from uuid import uuid4

import pytest

from cgraph import application, upkeep
from cgraph.application import App
from cgraph_kit import clock, idempotency
from cgraph_kit.jobs.testing import drain


class TestCleanupExpired:
    async def test_forgets_what_has_expired(self, app: App) -> None:
        user_id = uuid4()
        async with app.db.transaction() as tx:
            for key in ("old", "new"):
                await idempotency.claim(tx, user_id, key, b"hash")
        await app.db.value(
            "UPDATE idempotency_keys SET inserted_at = $2 WHERE user_id = $1 AND key = 'old'",
            user_id,
            clock.now() - timedelta(hours=app.settings.idempotency_hours + 1),
        )
        await upkeep.cleanup_expired.enqueue(app.db)
        ended = await drain(app.db, app, application.WORKERS, queue="maintenance")
        assert ended["completed"] >= 1
        assert await idempotency.find(app.db, user_id, "old", b"hash") is None
        assert await idempotency.find(app.db, user_id, "new", b"hash") is not None

    async def test_forgets_any_number(self, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(idempotency, "AT_ONCE", 2)
        user_id = uuid4()
        async with app.db.transaction() as tx:
            for key in "abcde":
                await idempotency.claim(tx, user_id, key, b"hash")
        await app.db.value(
            "UPDATE idempotency_keys SET inserted_at = now() - interval '9 days' WHERE user_id = $1",
            user_id,
        )
        await upkeep.tidy(app.db, app.settings)
        assert await idempotency.find(app.db, user_id, "e", b"hash") is None
        assert await idempotency.find(app.db, user_id, "a", b"hash") is None

    def test_comes_every_hour(self) -> None:
        (entry,) = [
            entry for entry in application.CRONTAB if entry.worker is upkeep.cleanup_expired
        ]
        now = clock.now()
        assert entry.after(entry.after(now)) - entry.after(now) == timedelta(hours=1)


class TestBegin:
    async def test_keeps_no_node_from_starting(self, app: App) -> None:
        settings = app.settings.model_copy(update={"statement_timeout": 0.2})
        async with app.db.transaction() as tx:
            # As if there were too much of it.
            await tx.value("LOCK TABLE password_resets IN SHARE MODE")
            async with application.start(settings) as another:
                assert await another.db.value("SELECT 1") == 1


class TestWorkers:
    def test_have_a_queue_that_is_served_by_default(self, app: App) -> None:
        served = type(app.settings).model_fields["queues"].default
        assert {worker.queue for worker in application.WORKERS} <= set(served)

    def test_say_why_twice_is_harmless(self) -> None:
        assert all(worker.__doc__ for worker in application.WORKERS)
