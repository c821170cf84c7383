"""What becomes of mutes that were set when they were a column of participants."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from cgraph import migrations
from cgraph_kit import migrate

BEFORE = 5
"""The migrations before notifications."""
UNTIL = datetime(2099, 1, 1, tzinfo=UTC)
MUTES = [
    ("infinity", None, (True, None)),
    ("2099-01-01Z", None, (True, UNTIL)),
    ("2020-01-01Z", None, None),
    (None, None, None),
    ("infinity", 1, None),  # has left
]


@pytest.fixture
async def old(server_dsn: str) -> AsyncIterator[str]:
    """The address of a database as it was."""
    admin = await asyncpg.connect(server_dsn.format(database="postgres"))
    await admin.execute("CREATE DATABASE before_notifications")
    dsn = server_dsn.format(database="before_notifications")
    await migrate.migrate(dsn, migrations.load()[:BEFORE])
    yield dsn
    await admin.execute("DROP DATABASE before_notifications WITH (FORCE)")
    await admin.close()


async def fill(connection: Any) -> None:
    """A group of as many people as there are cases."""
    await connection.execute(
        """
        INSERT INTO streams (id) SELECT gen_random_uuid() FROM generate_series(0, 5);
        INSERT INTO users (id, username)
            SELECT id, 'p' || row_number() OVER (ORDER BY id) FROM streams ORDER BY id LIMIT 5;
        INSERT INTO conversations (id, kind) SELECT id, 'group' FROM streams s
            WHERE NOT EXISTS (SELECT FROM users u WHERE u.id = s.id)
        """
    )
    for number, (muted_until, left_seq, _) in enumerate(MUTES, 1):
        await connection.execute(
            "INSERT INTO participants (conversation_id, user_id, muted_until, left_seq) "
            "SELECT c.id, u.id, $2::text::timestamptz, $3 FROM conversations c, users u WHERE u.username = $1",
            f"p{number}",
            muted_until,
            left_seq,
        )


class TestMigration:
    async def test_keeps_mutes_in_force(self, old: str) -> None:
        connection = await asyncpg.connect(old)
        try:
            await fill(connection)
            await migrate.migrate(old, migrations.load())
            for number, (_, _, expected) in enumerate(MUTES, 1):
                row = await connection.fetchrow(
                    "SELECT n.muted, n.muted_until FROM notification_preferences n "
                    "JOIN users u ON u.id = n.user_id JOIN conversations c ON c.id = n.scope_id "
                    "WHERE u.username = $1 AND n.scope = 'conversation'",
                    f"p{number}",
                )
                assert (tuple(row) if row else None) == expected
        finally:
            await connection.close()
